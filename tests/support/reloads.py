"""Asking while a watched file is written anew."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from pathlib import Path

import byoclient
from tests.support import asking
from tests.support.ledger import Ledger


def version_of(client: object) -> str:
    """Return which version of the file a client was made from."""
    return str(client.default_headers["x-version"])  # type: ignore[attr-defined]


class Refusals(logging.Handler):
    """Counts the versions that were refused."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def reload_under_load(
    path: Path, put: Callable[[str], None], reloads: int, threads: int, ledger: Ledger
) -> tuple[set[str], list[str]]:
    """Ask in threads while the file is written anew, each fifth time wrongly.

    Each version stays until it has answered or was refused.

    Args:
        path: the file, which is there.
        put: replaces it by the version of a name, whose clients send that as the header x-version; `bad` is wrong.
        reloads: how many versions.
        threads: how many ask.
        ledger: takes in what they ask; the first error ends it all.

    Returns:
        the versions that answered, what was logged of wrong versions.
    """
    clients = byoclient.watch(path, interval=0)
    stop = threading.Event()
    answered: set[str] = set()
    refusals = Refusals()
    logging.getLogger("byoclient.reload").addHandler(refusals)

    def ask() -> None:
        while not stop.is_set():
            try:
                client = clients.client()
            except byoclient.ByoclientError as error:
                ledger.fail(ledger.send(), error)
                return
            asking.ask(client, ledger)
            answered.add(version_of(client))

    workers = [threading.Thread(target=ask) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for index in range(reloads):
        name, before = "bad" if index % 5 == 4 else f"v{index}", len(refusals.texts)
        put(name)
        while (len(refusals.texts) == before if name == "bad" else name not in answered) and not ledger.errors:
            stop.wait(0.001)
    stop.set()
    for worker in workers:
        worker.join()
    logging.getLogger("byoclient.reload").removeHandler(refusals)
    clients.close()
    return answered, refusals.texts
