"""An http proxy on loopback that opens tunnels, and notes where to and for whom."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from types import TracebackType
from typing import Self

from byoclient.emulator.sockets import listener

OPENED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class ConnectProxy:
    """A proxy.

    Args:
        context: it is spoken to over TLS.

    Attributes:
        lines: the first line of each request.
        authorizations: the `Proxy-Authorization` of each, or None.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.lines: list[str] = []
        self.authorizations: list[str | None] = []
        self._context = context
        self._sockets: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._listening = listener("port", 0)
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for each in (self._listening, *self._sockets):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in (self._listening, *self._sockets):
            each.close()

    @property
    def port(self) -> int:
        return int(self._listening.getsockname()[1])

    @property
    def url(self) -> str:
        """Its address, as `HTTPS_PROXY` has it."""
        return f"{'https' if self._context else 'http'}://localhost:{self.port}"

    def _start(self, work: object, *args: object) -> None:
        self._threads.append(threading.Thread(target=work, args=args, daemon=True))  # type: ignore[arg-type]
        self._threads[-1].start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                self._start(self._tunnel, self._kept(self._listening.accept()[0]))

    def _kept(self, connection: socket.socket) -> socket.socket:
        self._sockets.append(connection)
        return connection

    def _tunnel(self, connection: socket.socket) -> None:
        with suppress(OSError):
            if self._context:
                connection = self._kept(self._context.wrap_socket(connection, server_side=True))
            head = b""
            while b"\r\n\r\n" not in head and (data := connection.recv(4096)):
                head += data
            first, *headers = head.decode().split("\r\n")
            self.lines.append(first)
            named = {name.lower(): value for name, _, value in (line.partition(": ") for line in headers)}
            self.authorizations.append(named.get("proxy-authorization"))
            host, _, port = first.split()[1].rpartition(":")
            server = self._kept(socket.create_connection((host, int(port))))
            connection.sendall(OPENED)
            self._start(relay, connection, server)
            relay(server, connection)


def relay(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes from one end, until it ends."""
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
