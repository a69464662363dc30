"""HTTP/2 in bytes and states, for the twins that send and receive them. Nothing in it waits, or takes a lock.

Importing this module imports h2.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.exceptions
from h2.errors import ErrorCodes
from h2.settings import SettingCodes, Settings

from byoclient.transport.compat import httpcore
from byoclient.transport.http2_messages import Head, Incoming, NotTakenError, error_of, has_body, head_of, headers_of

MOST_STREAMS = 100  # at once, also where the server allows more
WINDOW = 2**24  # bytes that a server may send before somebody has read them
GOAWAY = 7  # the type of a frame
FRAME_HEAD = 9  # bytes


class Http2State:
    """One connection, from the client's side.

    Attributes:
        error: why it is of no use any more; None while it is.
        streams: the answers on their way.
        settled: whether the server has said how many streams it takes; until then it gets one.
    """

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.streams: dict[int, Incoming] = {}
        self.settled = False
        self._leaving = False  # the server takes no more streams, and ends those that it has
        self._input = b""
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(validate_inbound_headers=False))
        values = {
            SettingCodes.ENABLE_PUSH: 0,
            SettingCodes.INITIAL_WINDOW_SIZE: WINDOW,
            SettingCodes.MAX_HEADER_LIST_SIZE: 65536,
        }
        self._h2.local_settings = Settings(client=True, initial_values=values)
        del self._h2.local_settings[SettingCodes.ENABLE_CONNECT_PROTOCOL]  # some servers refuse it, as httpcore found
        self._h2.initiate_connection()
        self._h2.increment_flow_control_window(WINDOW)

    @property
    def most_streams(self) -> int:
        """How many streams it may have at once; 0 where it takes no more."""
        if self.error or self._leaving:
            return 0
        if not self.settled:
            return 1
        return min(MOST_STREAMS, self._h2.remote_settings.max_concurrent_streams)

    def output(self) -> bytes:
        """Return what is to be sent, once."""
        return self._h2.data_to_send()

    def begin(self, request: Any) -> int:
        """Begin a stream with a request's head, and return its number.

        Raises:
            NotTakenError: there can be no more.
        """
        if not self.most_streams:
            raise NotTakenError
        try:
            number = self._h2.get_next_available_stream_id()
            self._h2.send_headers(number, headers_of(request), end_stream=not has_body(request))
        except h2.exceptions.TooManyStreamsError:
            raise NotTakenError from None
        except h2.exceptions.NoAvailableStreamIDError:
            self._leaving = True
            raise NotTakenError from None
        except h2.exceptions.ProtocolError as error:
            said = str(error)
        else:
            self.streams[number] = Incoming()
            return number
        # Outside of the except: keys stand in h2's frames, and error trackers show local variables.
        raise httpcore.LocalProtocolError(said)

    def send(self, number: int, data: bytes) -> int | None:
        """Send as much of a body as the server can take now; return how much, None where that is nothing.

        What it does not want counts as sent.

        Raises:
            as `piece()`.
        """
        incoming, sent = self.streams[number], 0
        if incoming.error is not None:
            raise incoming.error
        if incoming.ended:
            return len(data)
        while sent < len(data) and (room := self._h2.local_flow_control_window(number)) > 0:
            part = data[sent : sent + min(room, self._h2.max_outbound_frame_size)]
            self._h2.send_data(number, part)
            sent += len(part)
        return sent or None

    def end(self, number: int) -> None:
        """End a request's body."""
        if not self.streams[number].ended:
            self._h2.end_stream(number)

    def receive(self, data: bytes) -> None:
        """Take in what the server sent; nothing means that it hung up."""
        if not data:
            self.fail(httpcore.RemoteProtocolError("the server hung up"))
            return
        try:
            for event in self._h2.receive_data(self._without_farewells(data)):
                self._take(event)
        except h2.exceptions.ProtocolError as error:
            self.fail(httpcore.RemoteProtocolError(str(error)))

    def _without_farewells(self, data: bytes) -> bytes:
        """Take out the frames that only say that no more streams are taken: h2 would end those that there are."""
        data, kept, start = self._input + data, [], 0
        while (end := start + FRAME_HEAD + int.from_bytes(data[start : start + 3])) <= len(data):
            frame, start = data[start:end], end
            if frame[3] == GOAWAY and int.from_bytes(frame[13:17]) == ErrorCodes.NO_ERROR:
                self._say_farewell(int.from_bytes(frame[9:13]) & 0x7FFFFFFF)
            else:
                kept.append(frame)
        self._input = data[start:]
        if end - start > FRAME_HEAD + self._h2.max_inbound_frame_size:
            raise h2.exceptions.FrameTooLargeError
        return b"".join(kept)

    def _say_farewell(self, last: int) -> None:
        self._leaving = True
        for number, incoming in self.streams.items():
            if number > last:
                incoming.fail(NotTakenError())

    def _take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RemoteSettingsChanged):
            self.settled = True
        if isinstance(event, h2.events.ConnectionTerminated):
            self.fail(httpcore.RemoteProtocolError(f"the server ended the connection: {event.error_code!r}"))
        incoming = self.streams.get(getattr(event, "stream_id", None) or 0)
        if incoming is None:
            return
        if isinstance(event, h2.events.ResponseReceived):
            incoming.head = head_of(event.headers or [])
        elif isinstance(event, h2.events.DataReceived):
            incoming.pieces.append((event.data or b"", event.flow_controlled_length or 0))
        elif isinstance(event, h2.events.StreamEnded):
            incoming.ended = True
        elif isinstance(event, h2.events.StreamReset):
            incoming.fail(error_of(event))

    def fail(self, error: Exception) -> None:
        """Note that the connection is of no use any more."""
        self.error = self.error or error
        for incoming in self.streams.values():
            incoming.fail(self.error)

    def head(self, number: int) -> Head | None:
        """Return status and headers of an answer; None where they are not here yet.

        Raises:
            as `piece()`.
        """
        incoming = self.streams[number]
        if incoming.head is None and incoming.error is not None:
            raise incoming.error
        return incoming.head

    def piece(self, number: int) -> bytes | None:
        """Return the next piece of an answer's body, b"" at its end; None where none is here yet.

        Raises:
            NotTakenError: the server did not begin with the request.
            httpcore.RemoteProtocolError: the answer, or the connection, ended too early.
            httpcore.ReadError: the connection broke.
        """
        incoming = self.streams[number]
        while incoming.pieces:
            piece, cost = incoming.pieces.popleft()
            if cost and not self.error:
                self._h2.acknowledge_received_data(cost, number)
            if piece:
                return piece
        if incoming.error is not None:
            raise incoming.error
        return b"" if incoming.ended else None

    def has_ended(self, number: int) -> bool | None:
        """Whether all of an answer is here; None where that is open, False where the rest will never be."""
        incoming = self.streams[number]
        return incoming.error is None if incoming.ended else None

    def leave(self, number: int) -> None:
        """Forget a stream. Where its answer has not ended, the server is told that nobody wants the rest."""
        incoming = self.streams.pop(number, None)
        if incoming is None or self.error:
            return
        unread = sum(cost for _, cost in incoming.pieces)
        with suppress(h2.exceptions.ProtocolError):  # it may be over in another way
            self._h2.acknowledge_received_data(unread, number)
            if not incoming.ended:
                self._h2.reset_stream(number, ErrorCodes.CANCEL)

    def close(self) -> None:
        """End the connection."""
        self.fail(httpcore.RemoteProtocolError("the connection is closed"))
        with suppress(h2.exceptions.ProtocolError):
            self._h2.close_connection()
