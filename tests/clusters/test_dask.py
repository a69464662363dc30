"""`Clients` in the workers of a local Dask cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

import byoclient
from byoclient.emulator import Emulator
from tests.clusters.asking import ask_as_this_process, error_of

pytestmark = [pytest.mark.clusters, pytest.mark.filterwarnings("default")]
distributed: Any = pytest.importorskip("distributed")


@pytest.fixture
def dask(clients: byoclient.Clients) -> Iterator[Any]:
    """Two worker processes of one thread each; they have the environment of this moment."""
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "host": "127.0.0.1"}
    with distributed.LocalCluster(**options, dashboard_address=None) as cluster, distributed.Client(cluster) as client:
        yield client


def test_dasks_workers_ask_with_clients_of_their_own(dask: Any, clients: byoclient.Clients, emulator: Emulator) -> None:
    """Twelve tasks, two workers, two clients, two tokens; no answer is another's."""
    tasks = [dask.submit(ask_as_this_process, clients, key=f"ask-{index}") for index in range(12)]
    done = dask.gather(tasks)
    assert all(f"process-{worker}-" in answer for worker, _, answer in done)
    assert os.getpid() not in {worker for worker, _, _ in done}
    workers = {worker for worker, _, _ in done}
    assert len(workers) == 2
    assert len({(worker, client) for worker, client, _ in done}) == 2
    assert emulator.token_requests == 2


def test_clients_can_be_scattered(dask: Any, clients: byoclient.Clients) -> None:
    """They go to all workers once, and the tasks name them."""
    everywhere = dask.scatter(clients, broadcast=True)
    worker, _, answer = dask.submit(ask_as_this_process, everywhere).result()
    assert f"process-{worker}-" in answer


def test_a_worker_of_dask_says_what_it_lacks(dask: Any, lacking: byoclient.Clients) -> None:
    """Its task gets our error, and so does who asked for it."""
    error = dask.submit(error_of, lacking).result()
    assert "options.api_key: the variable AZURE_LATE is not set." in error
    assert "These Clients were unpickled in process " in error
    with pytest.raises(byoclient.ConfigError, match="the variable AZURE_LATE is not set"):
        dask.submit(ask_as_this_process, lacking).result()
