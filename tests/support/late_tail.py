"""A server whose streamed answer ends late."""

from __future__ import annotations

import socket
import threading
from typing import Any, Self


class LateTail:
    """A server of one answer, whose usage comes when the test says so."""

    def __enter__(self) -> Self:
        self.go_on = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.go_on.set()
        self._thread.join()
        self._listening.close()

    def make(self, kind: Any, http: Any) -> Any:
        """Return a client of it."""
        port = self._listening.getsockname()[1]
        return kind(base_url=f"http://127.0.0.1:{port}/v1", api_key="any", http_client=http, max_retries=0)

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        with connection:
            connection.recv(65_536)
            head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            connection.sendall(head + _event('{"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}'))
            self.go_on.wait()
            usage = _event('{"choices": [], "usage": {"total_tokens": 3}}')
            connection.sendall(usage + _event("[DONE]") + b"0\r\n\r\n")


def _event(data: str) -> bytes:
    """Return an event as a chunk of a body."""
    piece = f"data: {data}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(piece), piece)
