"""`Clients` in the Python workers of a local Spark; it runs on Java, and is left out where there is none."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import byoclient
from byoclient.emulator import Emulator
from tests.clusters.asking import ask_as_this_process, error_of

pytestmark = [
    pytest.mark.clusters,
    pytest.mark.filterwarnings("default"),
    pytest.mark.skipif(not (os.environ.get("JAVA_HOME") or shutil.which("java")), reason="Spark needs Java"),
]
pyspark: Any = pytest.importorskip("pyspark")


@pytest.fixture
def spark(clients: byoclient.Clients, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """Two worker processes at most; they have the environment of this moment."""
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    monkeypatch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    config = pyspark.SparkConf().setMaster("local[2]").set("spark.ui.enabled", "false")
    config = config.set("spark.driver.host", "127.0.0.1").set("spark.local.dir", str(tmp_path))
    with pyspark.SparkContext(conf=config) as context:
        context.setLogLevel("OFF")
        yield context


def test_sparks_workers_ask_with_clients_of_their_own(
    spark: Any, clients: byoclient.Clients, emulator: Emulator
) -> None:
    """Twelve tasks; each worker has one client and one token, and no answer is another's."""
    done = spark.parallelize(range(12), 12).map(lambda _: ask_as_this_process(clients)).collect()
    assert all(f"process-{worker}-" in answer for worker, _, answer in done)
    workers = {worker for worker, _, _ in done}
    assert os.getpid() not in workers
    assert len({(worker, client) for worker, client, _ in done}) == len(workers) <= 2
    assert emulator.token_requests == len(workers)


def test_clients_can_be_broadcast(spark: Any, clients: byoclient.Clients) -> None:
    """They go to each worker once."""
    everywhere = spark.broadcast(clients)
    ((worker, _, answer),) = spark.parallelize([0], 1).map(lambda _: ask_as_this_process(everywhere.value)).collect()
    assert f"process-{worker}-" in answer


def test_a_worker_of_spark_says_what_it_lacks(spark: Any, lacking: byoclient.Clients) -> None:
    """Its task gets our error, and so does who asked for it, in Spark's own."""
    (error,) = spark.parallelize([0], 1).map(lambda _: error_of(lacking)).collect()
    assert "options.api_key: the variable AZURE_LATE is not set." in error
    assert "These Clients were unpickled in process " in error
    with pytest.raises(Exception, match="the variable AZURE_LATE is not set"):
        spark.parallelize([0], 1).map(lambda _: ask_as_this_process(lacking)).collect()
