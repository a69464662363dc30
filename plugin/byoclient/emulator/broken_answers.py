"""What a broken answer looks like on the wire; without an opinion on the server that sends it."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from byoclient.emulator.answer_faults import AnswerFault
from byoclient.emulator.replies import EVENTS, JSON, EventReply, Reply

DONE = b"data: [DONE]\n\n"
FINAL = b"event: response.completed\n"
PING = b": ping\n\n"
LAST_CHUNK = b"0\r\n\r\n"
LINGER = struct.pack("ii", 1, 0)  # on, 0 seconds: closing sends a reset


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer; each piece of a stream is one event."""

    status: int
    headers: Mapping[str, str]
    pieces: tuple[bytes, ...]
    streamed: bool

    def head(self, **framing: str) -> bytes:
        """Return the status line and the headers; `framing` are those that tell where the body ends."""
        named = {**self.headers, **{name.replace("_", "-"): value for name, value in framing.items()}}
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}", *(f"{n}: {v}" for n, v in named.items())]
        return "\r\n".join([*lines, "", ""]).encode()


def answer_of(reply: Reply, headers: Mapping[str, str]) -> Answer:
    """Return the answer for a reply, with these headers too."""
    if isinstance(reply, EventReply):
        return Answer(200, {**headers, "content-type": EVENTS}, tuple(reply.events), streamed=True)
    return Answer(reply.status, {**headers, **reply.headers, "content-type": JSON}, (reply.text(),), streamed=False)


def chunk(piece: bytes) -> bytes:
    """Return a piece as a chunk of a chunked body."""
    return b"%x\r\n%b\r\n" % (len(piece), piece) if piece else b""


def is_cut_off(fault: AnswerFault) -> bool:
    """Return whether the connection ends in the middle of an exchange."""
    return fault.drop or fault.reset is not None or fault.cut is not None


def cut_off(wire: asyncio.Transport, answer: Answer, fault: AnswerFault) -> None:
    """Write as much of the answer as the fault leaves, and end the connection."""
    if fault.reset is not None:
        if fault.reset == "after":
            wire.write(answer.head(transfer_encoding="chunked"))
        reset(wire)
        return
    if fault.cut is not None:
        wire.write(b"".join(cut_body(answer, fault)))
    wire.close()


def reset(wire: asyncio.Transport) -> None:
    """End a connection with a reset instead of a goodbye."""
    connection: socket.socket = wire.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
    wire.abort()


def cut_body(answer: Answer, fault: AnswerFault) -> Iterable[bytes]:
    """Yield the head and what is left of the body, with the end that its framing has in such a case."""
    left = shortened(answer.pieces, fault.cut or 0, whole=fault.cut_by == "whole")
    if fault.cut_by == "close":
        yield answer.head(connection="close")
        yield from left
        return
    yield answer.head(transfer_encoding="chunked")
    yield from map(chunk, left)
    if fault.cut_by != "chunk":
        yield LAST_CHUNK


def shortened(pieces: Iterable[bytes], length: int, *, whole: bool) -> Iterable[bytes]:
    """Yield the first bytes of a body; with `whole` only pieces that are whole."""
    for piece in pieces:
        if len(piece) > length:
            if length and not whole:
                yield piece[:length]
            return
        length -= len(piece)
        yield piece


def edited(events: Iterable[bytes], fault: AnswerFault) -> Iterable[bytes]:
    """Yield a stream's events without what the fault takes away."""
    for event in events:
        if event == DONE and not fault.done:
            continue
        if not fault.finish_reason:
            if event.startswith(FINAL):
                continue
            event = without_finish_reason(event)
        yield event


def without_finish_reason(event: bytes) -> bytes:
    """Return a chat completion chunk whose choices have not finished yet."""
    for reason in (b"stop", b"tool_calls", b"function_call"):
        event = event.replace(b'"finish_reason": "%b"' % reason, b'"finish_reason": null')
    return event


async def endless(events: Iterable[bytes], fault: AnswerFault) -> AsyncIterator[bytes]:
    """Yield a stream's events, behind keep-alives or before silence that ends with the fault."""
    while fault.ping is not None and not await ended(fault, fault.ping):
        yield PING
    for event in events:
        yield event
    if not fault.tail:
        await ended(fault, None)


async def ended(fault: AnswerFault, seconds: float | None) -> bool:
    """Wait for the end of a fault, but no longer than this; return whether it ended."""
    waiting = asyncio.wrap_future(fault.ended)
    try:
        done, _ = await asyncio.wait({waiting}, timeout=seconds)
        return bool(done)
    finally:
        waiting.cancel()
