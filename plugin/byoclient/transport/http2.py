"""An HTTP/2 connection that many threads use at once, each for requests of its own.

httpcore's (1.0, and httpcore2 2.16) is not for threads: h2's state and OpenSSL's are changed by several at once, and
frames get lost. A timeout of one request ends all others there, so does the farewell of a server, and a stream that is
left early holds its place at the server.
"""

from __future__ import annotations

import selectors
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from byoclient.transport.compat import httpcore
from byoclient.transport.http2_messages import has_body
from byoclient.transport.http2_waits import PATIENCE, READ, Carrier, Stream, Wait, response_of
from byoclient.transport.network import TimedStream

STEP = 0.01  # seconds that the rest of a TLS record is waited for before others have a turn


class Http2Connection(Carrier):
    """A connection. One of those that wait for an answer reads, for all.

    Args:
        stream: what it is spoken over; it is no one else's.
        more: called when it takes more requests than before, or none.
    """

    def __init__(self, stream: TimedStream, more: Callable[[], None]) -> None:
        stream.holds = False
        super().__init__()
        self._stream, self._more = stream, more
        self._changed = threading.Condition(threading.Lock())
        self._reading = self._cut = False
        # TLS within that of a proxy: more may have been taken from the socket than was decrypted, and nothing tells so.
        self._nested = not isinstance(stream.get_extra_info("ssl_object"), ssl.SSLSocket)
        self._again = False
        self._left: deque[int] = deque()

    def handle_request(self, request: Any, done: Callable[[], None]) -> Any:
        """Send a request and return httpcore's response.

        Args:
            request: httpcore's.
            done: called once, when nothing more is read of the answer, or at once where there is none.

        Raises:
            NotTakenError: the server did not begin with it.
        """
        body = Http2Body(self, request.extensions.get("timeout", {}), done)
        try:
            with self._locked():
                body.number = self._state.begin(request)
                self._flush(body.patience)
            if has_body(request):
                self._send(request, body)
            status, headers = self._wait(body, self._state.head, body.reading())
        except BaseException:
            body.close()
            raise
        return response_of(status, headers, body)

    def _send(self, request: Any, body: Http2Body) -> None:
        for data in request.stream:
            while data:
                data = data[self._wait(body, partial(self._state.send, data=data), body.writing()) :]
        with self._locked():
            self._state.end(body.number)
            self._flush(body.patience)

    def _wait(self, body: Http2Body, look: Callable[[int], Any], wait: Wait) -> Any:
        """Return what a look at the state finds, as soon as it is not None."""
        with self._locked():
            while (found := look(body.number)) is None:
                left = wait.left()
                if self._reading:
                    self._changed.wait(left)
                else:
                    self._read(left)
            self._flush(body.patience)
            return found

    def piece(self, body: Http2Body) -> bytes:
        """Return the next piece of a body; b"" at its end."""
        found: bytes = self._wait(body, self._state.piece, body.reading())
        return found

    def end_comes(self, body: Http2Body, seconds: float) -> bool:
        """Whether an answer ends within some seconds."""
        with suppress(httpcore.ReadTimeout):
            return bool(self._wait(body, self._state.has_ended, Wait(seconds)))
        return False

    def _read(self, timeout: float | None) -> None:
        self._reading = True
        try:
            if self._is_ready(timeout):
                self._take_in()
        finally:
            self._reading = False
            self._changed.notify_all()

    def _is_ready(self, timeout: float | None) -> bool:
        """Wait, without the lock, until there is something to read."""
        socket, tls = (self._stream.get_extra_info(name) for name in ("socket", "ssl_object"))
        if self._again or any(getattr(layer, "pending", int)() for layer in (socket, tls)):  # decrypted already
            return True
        self._changed.release()
        try:
            with selectors.DefaultSelector() as selector:
                selector.register(socket, selectors.EVENT_READ)
                return bool(selector.select(timeout))
        except (OSError, ValueError):  # it is closed: reading says so
            return True
        finally:
            self._changed.acquire()

    def _take_in(self) -> None:
        most, self._again = self._state.most_streams, False
        with suppress(httpcore.ReadTimeout):  # a TLS record that is not whole yet
            try:
                self._state.receive(self._stream.read(READ, STEP))
                self._again = self._nested
                self._flush()
            except (httpcore.ReadError, httpcore.WriteError, httpcore.WriteTimeout) as error:
                self._state.fail(httpcore.ReadError(str(error)))
        if self._state.most_streams != most:
            self._more()

    def _flush(self, timeout: float | None = PATIENCE) -> None:
        data = self._state.output()
        if not data or self._cut:
            return
        try:
            self._stream.write(data, timeout)
        except BaseException as error:
            self._cut = True  # a frame may have gone out by half
            self._state.fail(httpcore.WriteError(str(error)))
            raise
        finally:
            del data  # keys stand in it, and error trackers show local variables

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._changed:
            yield
        self._leave_all()

    def leave(self, number: int) -> None:
        """Forget a request: from any place in any thread, as the garbage collector closes a response."""
        self._left.append(number)
        self._leave_all()

    def _leave_all(self) -> None:
        # Who cannot have the lock leaves it to who has it, and looks here after giving it back.
        while self._left and self._changed.acquire(blocking=False):
            try:
                while self._left:
                    self._state.leave(self._left.popleft())
                with suppress(Exception):  # the connection is broken, and the next one is told
                    self._flush()
            finally:
                self._changed.release()

    def is_good(self) -> bool:
        """Whether it takes requests; what the server said meanwhile is heard."""
        if self._changed.acquire(blocking=False):
            try:
                if not self._reading and self._is_ready(0):
                    self._read(0)
            finally:
                self._changed.release()
        return bool(self.most_streams)

    def close(self) -> None:
        """Close; nobody uses it any more."""
        if self._changed.acquire(blocking=False):
            try:
                self._state.close()
                with suppress(Exception):  # it is only a goodbye
                    self._flush()
            finally:
                self._changed.release()
        self._stream.close()


class Http2Body(Stream):
    """The body of a response; when it is closed its stream is forgotten."""

    def __init__(self, connection: Http2Connection, timeouts: Any, done: Callable[[], None]) -> None:
        super().__init__(timeouts)
        self._connection = connection
        self._done = [done]

    def __iter__(self) -> Iterator[bytes]:
        try:
            while piece := self._connection.piece(self):
                yield piece
        finally:
            self.close()

    def end_comes(self, seconds: float) -> bool:
        """Whether the answer that is being read ends within some seconds; what arrives is kept."""
        return self._connection.end_comes(self, seconds)

    def close(self) -> None:
        """Close it; a second call does nothing."""
        with suppress(IndexError):
            done = self._done.pop()
            try:
                if self.number:
                    self._connection.leave(self.number)
            finally:
                done()
