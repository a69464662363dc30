"""`Clients` in the workers of a local Ray cluster."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import byoclient
from byoclient.emulator import Emulator
from tests.clusters.asking import ask_as_this_process, error_of

pytestmark = [pytest.mark.clusters, pytest.mark.filterwarnings("default")]
ray: Any = pytest.importorskip("ray")


@pytest.fixture
def cluster(clients: byoclient.Clients, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One worker process; it has the environment of this moment."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    ray.init(num_cpus=1, include_dashboard=False, _node_ip_address="127.0.0.1", log_to_driver=False)
    yield
    ray.shutdown()


def test_rays_workers_ask_with_clients_of_their_own(
    cluster: None, clients: byoclient.Clients, emulator: Emulator
) -> None:
    """Six tasks of one worker share one client and one token; an object of the store serves them all."""
    ask = ray.remote(ask_as_this_process)
    stored = ray.put(clients)
    done = ray.get([ask.remote(clients) for _ in range(3)] + [ask.remote(stored) for _ in range(3)])
    assert all(f"process-{worker}-" in answer for worker, _, answer in done)
    assert os.getpid() not in {worker for worker, _, _ in done}
    assert len({worker for worker, _, _ in done}) == len({(worker, client) for worker, client, _ in done}) == 1
    assert emulator.token_requests == 1


def test_an_actor_of_ray_keeps_clients(cluster: None, clients: byoclient.Clients) -> None:
    """As a field, among others."""

    class Asker:
        def __init__(self, config: dict[str, Any]) -> None:
            self.config = config

        def ask(self) -> str:
            return ask_as_this_process(self.config["clients"])[2]

    actor = ray.remote(Asker).remote({"clients": clients, "name": "asker"})
    assert "process-" in ray.get(actor.ask.remote())


def test_a_worker_of_ray_says_what_it_lacks(cluster: None, lacking: byoclient.Clients) -> None:
    """Its task gets our error, and so does who asked for it."""
    error = ray.get(ray.remote(error_of).remote(lacking))
    assert "options.api_key: the variable AZURE_LATE is not set." in error
    assert "These Clients were unpickled in process " in error
    with pytest.raises(byoclient.ConfigError, match="the variable AZURE_LATE is not set"):
        ray.get(ray.remote(ask_as_this_process).remote(lacking))
