"""The emulator behind a gateway: HTTP/2 over TLS, from clients with a certificate where it asks for one.

hypercorn's connections, in a thread of their own; they are counted, and can be ended in the ways of real gateways.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Literal

import trustme
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config
from hypercorn.utils import wrap_app
from hyperframe.frame import GoAwayFrame

from byoclient.emulator import Emulator
from byoclient.emulator.app import build
from byoclient.emulator.serving import CONNECTION, WIRE
from byoclient.emulator.sockets import listener

MANY = 10**9
GOODBYE = 0.1  # seconds for TLS's, which many clients do not say
MOST_BODY = 16 * 1024 * 1024  # bytes
By = Literal["connection", "stream", "silence"]


class Server(TCPServer):
    """hypercorn's, which does not wait for the time of an idle connection where the client has gone."""

    async def _read_data(self) -> None:
        await super()._read_data()
        await self.idle_task.stop()


@dataclass(eq=False)
class Connection:
    """One connection, and the streams that it had."""

    number: int
    server: Server = field(repr=False)

    @property
    def wire(self) -> Any:
        return self.server.writer.transport

    @property
    def protocol(self) -> Any:
        """hypercorn's, which has h2's connection."""
        return self.server.protocol.protocol

    def go_away(self, last_stream: int) -> None:
        """Say that streams after this one are not answered; those before go on, and the connection stays open."""
        self.wire.write(GoAwayFrame(0, last_stream_id=last_stream).serialize())

    async def reset(self, scope: Any) -> None:
        """Reset the stream of a request."""
        number = next(number for number, stream in self.protocol.streams.items() if stream.scope is scope)
        self.protocol.connection.reset_stream(number)
        await self.protocol._flush()


class Gateway(Emulator):
    """An emulator whose `url` is that of the gateway.

    Args:
        authority: whose certificates clients have to show; None for everybody.
        most_streams: how many streams a connection may have at once.
    """

    def __init__(self, *, authority: trustme.CA | None = None, most_streams: int = 100) -> None:
        super().__init__()
        self._authority, self._most_streams = authority, most_streams
        self._open_ones: set[Connection] = set()
        self._cut: tuple[int, By] | None = None
        self.versions: list[str] = []
        self.most_at_once = self._at_once = 0

    @property
    def url(self) -> str:
        """`https://localhost:PORT`."""
        self._running_ports()
        return f"https://localhost:{self._port}"

    def mend(self) -> None:
        """End `cut_streams` too."""
        super().mend()
        self._cut = None

    def clear_requests(self) -> None:
        """Forget the versions of HTTP too."""
        super().clear_requests()
        self.versions, self.most_at_once = [], 0

    def cut_streams(self, pieces: int, by: By) -> None:
        """End answers after so many pieces of their body: the connection, the stream alone, or just fall silent."""
        self._cut = (pieces, by)

    def go_away(self, last_stream: int = 2**31 - 1) -> None:
        """Let all connections take no more streams."""
        self._each(lambda connection: connection.go_away(last_stream))

    def hang_up(self) -> None:
        """Cut all connections."""
        self._each(lambda connection: connection.wire.abort())

    def _each(self, work: Any) -> None:
        async def run() -> None:
            for connection in list(self._open_ones):
                work(connection)

        asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def _open(self, stack: ExitStack) -> None:
        super()._open(stack)
        app = build(self._settings, self._tokens, self._record, self._faults, self._answer_faults)
        listening = stack.enter_context(listener("port", 0))
        self._port = listening.getsockname()[1]
        self._loop, ended = asyncio.new_event_loop(), asyncio.Event()
        serve = partial(self._serve, app, listening, self.context(self._authority), ended)
        thread = threading.Thread(target=self._run, args=(serve,), name="gateway", daemon=True)
        thread.start()
        stack.callback(thread.join)
        stack.callback(lambda: self._loop.call_soon_threadsafe(ended.set))

    def context(self, authority: trustme.CA | None) -> ssl.SSLContext:
        """Return a server's context with this gateway's certificate, which asks for those of an authority."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(Path(self._ca_file).with_name("server.pem"))
        context.set_alpn_protocols(["h2", "http/1.1"])
        if authority is not None:
            authority.configure_trust(context)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _run(self, serve: Any) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(serve())

    async def _serve(self, app: Any, listening: Any, context: ssl.SSLContext, ended: asyncio.Event) -> None:
        config = Config()
        config.errorlog = None
        config.h2_max_concurrent_streams = self._most_streams
        config.keep_alive_max_requests = MANY  # after them hypercorn does not end in peace what is on its way
        connected = partial(self._connected, app, config)
        server = await asyncio.start_server(connected, sock=listening, ssl=context, ssl_shutdown_timeout=GOODBYE)
        await ended.wait()
        server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for connection in list(self._open_ones):
            connection.wire.abort()
        await asyncio.wait(tasks) if tasks else None

    async def _connected(self, app: Any, config: Config, reader: Any, writer: Any) -> None:
        number = self._connections.made()
        context = WorkerContext(None)
        server = Server(app, asyncio.get_running_loop(), config, context, {}, reader, writer)
        connection = Connection(number, server)
        server.app = wrap_app(partial(self._answer, app, connection), MOST_BODY, "asgi")
        self._open_ones.add(connection)
        try:
            with suppress(ssl.SSLError, TimeoutError):  # of a client that says no goodbye, or says more after it
                await server
        finally:
            self._open_ones.discard(connection)
            self._connections.lost()

    async def _answer(self, app: Any, connection: Connection, scope: Any, receive: Any, send: Any) -> None:
        self.versions.append(scope["http_version"])
        pieces = 0

        async def cut(message: Any) -> None:
            nonlocal pieces
            if self._cut and message["type"] == "http.response.body":
                if pieces == self._cut[0]:
                    await self._end(connection, scope, self._cut[1])
                pieces += 1
            await send(message)

        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        extensions = {WIRE: connection.wire, CONNECTION: connection.number}
        try:
            await app({**scope, "extensions": extensions}, receive, cut)
        finally:
            self._at_once -= 1

    async def _end(self, connection: Connection, scope: Any, by: By) -> None:
        if by == "stream":
            await connection.reset(scope)
        elif by == "connection":
            connection.wire.abort()
        else:
            await asyncio.Event().wait()  # until the client has left: starlette cancels it
