"""One application behind an http and an https listener, on one event loop in one thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from socket import socket
from typing import Any, cast

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from byoclient.emulator.connections import Connections

LOOP_TURNS = 5  # from a socket that was accepted to its protocol
GRACE = 1  # seconds that an answer in progress may still take at close
WIRE = "byoclient.wire"  # the ASGI extension that is the transport of a request's connection
CONNECTION = "byoclient.connection"  # the ASGI extension that is the number of a request's connection


class QuietProtocol(H11Protocol):
    """HTTP/1.1 that counts connections, gives them to the application, and writes no access lines.

    uvicorn's own switch for those would silence the whole process.
    """

    def __init__(self, connections: Connections, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.access_log = False
        self._counted, self._number = connections, 0
        self._application, self.app = self.app, self._with_connection

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Count a connection."""
        self._number = self._counted.made()
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        """Count it out."""
        self._counted.lost()
        super().connection_lost(exc)

    async def _with_connection(self, scope: Any, receive: Any, send: Any) -> None:
        extensions = {**scope.get("extensions", {}), WIRE: self.transport, CONNECTION: self._number}
        await self._application({**scope, "extensions": extensions}, receive, send)


class Server(uvicorn.Server):
    """A uvicorn server that stops at once, and cuts its connections instead of waiting for the clients."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.stop = asyncio.Event()

    async def main_loop(self) -> None:
        """Wait for the end; uvicorn's own loop looks ten times a second."""
        await self.stop.wait()

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        """Cut the connections first: a client that holds an idle TLS connection never answers its goodbye."""
        await accept_no_more(sockets or [])
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)


async def accept_no_more(listeners: Iterable[socket]) -> None:
    """Stop accepting, and let what was accepted become a connection: asyncio leaks it if its server closes first."""
    loop = asyncio.get_running_loop()
    for listener in listeners:
        with suppress(NotImplementedError):  # Windows' loop has no readers
            loop.remove_reader(listener)
    for _ in range(LOOP_TURNS):
        await asyncio.sleep(0)


class ServingThread:
    """The thread. The sockets listen before it starts, so a client can connect at once."""

    def __init__(self, app: Any, connections: Connections, plain: socket, secure: socket, certificate: str) -> None:
        self._servers = (
            (Server(config(app, connections)), plain),
            (Server(config(app, connections, ssl_certfile=certificate)), secure),
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="byoclient-emulator", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop both servers and wait for the thread's end."""
        for server, _ in self._servers:
            self._loop.call_soon_threadsafe(server.stop.set)
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        await asyncio.gather(*(server.serve([listener]) for server, listener in self._servers))


def config(app: Any, connections: Connections, **tls: Any) -> uvicorn.Config:
    """Return a configuration that leaves logging, signals and the environment alone."""
    return uvicorn.Config(
        app,
        http=cast("type[asyncio.Protocol]", partial(QuietProtocol, connections)),
        ws="none",
        lifespan="off",
        workers=1,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=GRACE,
        **tls,
    )
