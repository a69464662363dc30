"""A lean server of the OpenAI part, in a process of its own: what the emulator says and breaks, at ten times its rate.

It lets everybody in, reads the id that a `Ledger` put into the request, and counts how often it executed each. A
second port is for control, so that it is no part of the counts. It ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import sys
from collections import Counter
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

from byoclient.emulator import azure_errors, chat, embeddings, responses
from byoclient.emulator.answer_faults import NO_FAULT, AnswerFault, AnswerFaults, Hit
from byoclient.emulator.broken_answers import (
    LAST_CHUNK,
    Answer,
    answer_of,
    chunk,
    cut_off,
    edited,
    ended,
    endless,
    is_cut_off,
)
from byoclient.emulator.replies import JsonReply, Reply

ID = re.compile(rb"ledger-[0-9a-z]+-[0-9]+")
LENGTH = re.compile(rb"(?i)\r\ncontent-length: *(\d+)")
DEPLOYMENT = re.compile(r"/deployments/([^/]+)/")
OPERATIONS = {"completions": chat.complete, "embeddings": embeddings.embed, "responses": responses.respond}


class State:
    """What the server did, and what is wrong with it."""

    def __init__(self) -> None:
        self.faults = AnswerFaults()
        self.open = 0
        self.clear()

    def clear(self) -> None:
        self.opened = self.requests = 0
        self.executed: Counter[str] = Counter()

    def report(self) -> dict[str, Any]:
        counts = {"connections": self.open, "connections_opened": self.opened, "requests": self.requests}
        return {**counts, "executed": self.executed}


class Http(asyncio.Protocol):
    """One keep-alive connection; requests come one after the other."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._buffer = bytearray()
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.wire = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self._task:
            self._task.cancel()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        self._next()

    def _next(self) -> None:
        head_end = self._buffer.find(b"\r\n\r\n")
        if self._task or head_end < 0:
            return
        length = LENGTH.search(self._buffer, 0, head_end + 2)
        end = head_end + 4 + (int(length[1]) if length else 0)
        if len(self._buffer) < end:
            return
        path = bytes(self._buffer[:head_end]).split(b" ", 2)[1].decode().partition("?")[0]
        body = bytes(self._buffer[head_end + 4 : end])
        del self._buffer[:end]
        self.request(path, body)

    def request(self, path: str, body: bytes) -> None:
        raise NotImplementedError

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Answer in a task, which ends with the connection."""
        self._task = asyncio.create_task(work)
        self._task.add_done_callback(self._was_answered)

    def _was_answered(self, task: asyncio.Task[None]) -> None:
        self._task = None
        if not task.cancelled():
            task.result()
            self._next()


class OpenAI(Http):
    """The port under test."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.state.open += 1
        self.state.opened += 1

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.state.open -= 1

    def request(self, path: str, body: bytes) -> None:
        self.state.requests += 1
        ids = ID.findall(body)
        name = ids[-1].decode() if ids else ""
        hit = self.state.faults.hit(name or path, b"" if name else body)
        if hit.fault is NO_FAULT:
            self._answer(path, body, name, hit)
        else:
            self.later(self._answer_broken(path, body, name, hit))

    async def _answer_broken(self, path: str, body: bytes, name: str, hit: Hit) -> None:
        if hit.fault.hang:
            self._execute(name)
            await ended(hit.fault, None)
            hit = Hit(NO_FAULT)
        elif hit.fault.slow:
            await ended(hit.fault, hit.fault.slow)
        if hit.fault.ping is None and hit.fault.tail:
            self._answer(path, body, name, hit)
            return
        self._execute(name)
        answer = answer_of(reply_to(path, body), {"x-ledger-id": name})
        self.wire.write(answer.head(transfer_encoding="chunked"))
        async for event in endless(edited(answer.pieces, hit.fault), hit.fault):
            self.wire.write(chunk(event))
        self.wire.write(LAST_CHUNK)

    def _answer(self, path: str, body: bytes, name: str, hit: Hit) -> None:
        if hit.status is not None:
            refusal = azure_errors.outage(hit.status, hit.fault.headers).reply()
            self.wire.write(b"".join(written(answer_of(refusal, {}))))
            return
        self._execute(name)
        answer = answer_of(reply_to(path, body), {"x-ledger-id": name})
        if is_cut_off(hit.fault):
            cut_off(self.wire, answer, hit.fault)
            return
        for part in written(answer, hit.fault):
            self.wire.write(part)
        if hit.fault.idle_close:
            self.wire.close()

    def _execute(self, name: str) -> None:
        if name:
            self.state.executed[name] += 1


def reply_to(path: str, body: bytes) -> Reply:
    """Return what the emulator would say."""
    operation = OPERATIONS.get(path.rpartition("/")[2])
    deployment = DEPLOYMENT.search(path)
    try:
        if operation is None:
            raise azure_errors.not_found()
        asked = read(body)
        return operation(asked, deployment[1] if deployment else asked["model"])
    except azure_errors.AzureError as error:
        return error.reply()


def read(body: bytes) -> Any:
    """Return a body's JSON. There is none where two processes write to one connection."""
    try:
        return json.loads(body)
    except ValueError:
        raise azure_errors.not_json() from None


def written(answer: Answer, fault: AnswerFault = NO_FAULT) -> list[bytes]:
    """Return an answer in the parts in which it is written."""
    if not answer.streamed:
        return [answer.head(content_length=str(len(answer.pieces[0]))) + answer.pieces[0]]
    *events, last = map(chunk, edited(answer.pieces, fault))
    return [answer.head(transfer_encoding="chunked"), *events, last + LAST_CHUNK]


class Control(Http):
    """The port for control: a JSON object for each request."""

    def request(self, path: str, body: bytes) -> None:
        if path == "/break":
            given = json.loads(body)
            if isinstance(given.get("status"), list):
                given["status"] = tuple(given["status"])
            self.state.faults.change(AnswerFault(**given))
        elif path == "/mend":
            self.state.faults.change(NO_FAULT)
        elif path == "/clear":
            self.state.clear()
        self.wire.write(b"".join(written(answer_of(JsonReply(self.state.report()), {}))))


async def serve() -> None:
    """Serve until standard input ends."""
    state, loop = State(), asyncio.get_running_loop()
    listen = partial(loop.create_server, host="127.0.0.1", port=0, backlog=1024)
    servers = [await listen(partial(kind, state)) for kind in (OpenAI, Control)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of writing to those that hung up, as in cancels
    with suppress(KeyboardInterrupt):
        asyncio.run(serve())
