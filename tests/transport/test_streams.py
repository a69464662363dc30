"""Streamed answers: cut ones raise, complete ones give their connection back, also when the reader stops early."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import Request, urlopen

import openai
import pytest

import byoclient
from byoclient import Clients
from byoclient.emulator import Emulator
from byoclient.transport import async_http_client, http_client
from byoclient.transport.endings import Lookout, ending_of
from tests.conftest import Write
from tests.support.late_tail import LateTail
from tests.yaml_files import MESSAGES, azure_file, v1_file

USAGE: Any = {"include_usage": True}
CUTS = ("chunk", "close", "half", "whole")


def load(emulator: Emulator, write: Write, http: str = "{}") -> Clients:
    more = f"  max_retries: 0\n  http: {http}\n"
    return byoclient.load(write(azure_file(emulator, f"api_key: {emulator.api_key}", more=more)))


def read(clients: Clients) -> int:
    """Read a stream to its end and return how many chunks it had."""
    return len(list(clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)))


def read_async(clients: Clients) -> int:
    """The same over the async client."""

    async def run() -> int:
        create = clients.async_client().chat.completions.create
        return len([chunk async for chunk in await create(model="gpt-4o", messages=MESSAGES, stream=True)])

    return asyncio.run(run())


def finished(chunk: Any) -> bool:
    """Whether a choice of a chunk has ended."""
    return any(choice.finish_reason for choice in chunk.choices)


def stream_body(emulator: Emulator) -> bytes:
    """Return the bytes of a stream."""
    client = http_client()
    path = "openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21"
    body = {"messages": MESSAGES, "model": "gpt-4o", "stream": True}
    answer: bytes = client.post(f"{emulator.url}/{path}", json=body, headers={"api-key": emulator.api_key}).content
    client.close()
    return answer


both = pytest.mark.parametrize("reading", [read, read_async])


@both
@pytest.mark.parametrize("by", CUTS)
def test_a_stream_that_is_cut_off_raises(
    emulator: Emulator, write: Write, reading: Callable[[Clients], int], by: Any
) -> None:
    """Whichever way its connection ends; the plain SDK ends three of the four quietly."""
    clients = load(emulator, write)
    assert reading(clients) > 3
    emulator.break_answers(cut=700, cut_by=by)
    with pytest.raises(openai.APIConnectionError):
        reading(clients)


@both
def test_an_event_whose_end_is_missing_is_no_end(
    emulator: Emulator, write: Write, reading: Callable[[Clients], int]
) -> None:
    """The SDK throws such an event away, with all that stands in it."""
    clients = load(emulator, write)
    reading(clients)
    body = stream_body(emulator)
    finish = body.index(b"\n\n", body.index(b'"finish_reason": "stop"'))
    for cut in (finish, finish + 1):
        emulator.break_answers(cut=cut, cut_by="close")
        with pytest.raises(openai.APIConnectionError):
            reading(clients)
    emulator.break_answers(cut=finish + 2, cut_by="close")
    assert reading(clients) > 3


@both
@pytest.mark.parametrize("fault", [{"done": False}, {"finish_reason": False}])
def test_one_sign_of_the_end_is_enough(
    emulator: Emulator, write: Write, reading: Callable[[Clients], int], fault: Any
) -> None:
    """Some servers send `[DONE]` without a finish reason, some the other way round."""
    emulator.break_answers(**fault)
    assert reading(load(emulator, write)) > 3


@both
def test_a_stream_with_neither_sign_raises(emulator: Emulator, write: Write, reading: Callable[[Clients], int]) -> None:
    """It cannot be told from one that was cut between two events."""
    emulator.break_answers(done=False, finish_reason=False)
    with pytest.raises(openai.APIConnectionError, match="cut off before its end"):
        reading(load(emulator, write))


def test_a_stream_of_responses_without_its_final_event_raises(emulator: Emulator, write: Write) -> None:
    """The other surface has other signs."""
    client = byoclient.load(write(v1_file(emulator, f"api_key: {emulator.api_key}"))).client()
    assert list(client.responses.create(model="gpt-4o", input="hello", stream=True))
    emulator.break_answers(finish_reason=False)
    with pytest.raises(openai.APIConnectionError):
        list(client.responses.create(model="gpt-4o", input="hello", stream=True))


def test_readers_that_stop_at_the_finish_reason_use_one_connection(emulator: Emulator, write: Write) -> None:
    """Sync and async; they are kept and never closed."""
    clients = load(emulator, write)
    kept: list[Any] = []
    for _ in range(20):
        kept.append(clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True))
        assert any(finished(chunk) for chunk in kept[-1])

    async def run() -> None:
        create = clients.async_client().chat.completions.create
        for _ in range(20):
            kept.append(await create(model="gpt-4o", messages=MESSAGES, stream=True))
            async for chunk in kept[-1]:
                if finished(chunk):
                    break

    asyncio.run(run())
    assert len({request.connection for request in emulator.requests}) == 2


def test_what_comes_long_after_the_finish_reason_is_read() -> None:
    """Nothing is thrown away while the server has not ended its answer, and the reader is not kept waiting for it."""
    with LateTail() as server:
        client = server.make(openai.OpenAI, http_client())
        for chunk in client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True):
            if finished(chunk):
                server.go_on.set()
        assert chunk.usage


def test_what_comes_long_after_the_finish_reason_is_read_async() -> None:
    """Its twin."""

    async def run() -> None:
        with LateTail() as server:
            client = server.make(openai.AsyncOpenAI, async_http_client())
            async for chunk in await client.chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True):
                if finished(chunk):
                    server.go_on.set()
            assert chunk.usage
            await client.close()


def test_a_type_that_an_event_quotes_is_not_its_own(emulator: Emulator, write: Write) -> None:
    """The first event of a response has the request's metadata in it; the stream goes on, and its end counts."""
    client = byoclient.load(
        write(v1_file(emulator, f"api_key: {emulator.api_key}", more="  max_retries: 0\n"))
    ).client()
    metadata = {"type": "error", "kind": "response.completed"}
    event = json.dumps({"type": "response.created", "response": {"metadata": metadata}}).encode()
    lookout = Lookout(ending_of("/v1/responses"))
    assert not lookout.look(b"data: " + event + b"\n\n")
    assert not lookout.last
    emulator.break_answers(finish_reason=False)
    with pytest.raises(openai.APIConnectionError):
        list(client.responses.create(model="gpt-4o", input="hello", stream=True, metadata=metadata))


def gzipped(data: bytes) -> bytes:
    """Compress as a server does that flushes after each piece."""
    work = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    return work.compress(data) + work.flush(zlib.Z_SYNC_FLUSH)


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("gzip", gzipped), ("deflate", zlib.compress), ("deflate", lambda data: zlib.compress(data, wbits=-15))],
)
def test_the_end_is_seen_in_what_a_server_compressed(encoding: str, compress: Callable[[bytes], bytes]) -> None:
    """Or each compressed stream would seem to be cut off."""
    for data, cut_off in ((b"data: {}\n\ndata: [DONE]\n\n", False), (b"data: {}\n\n", True)):
        lookout = Lookout(ending_of("/v1/chat/completions"), encoding)
        raw = compress(data)
        for start in range(0, len(raw), 3):
            lookout.look(raw[start : start + 3])
        if compress is gzipped or not cut_off:
            assert lookout.cut_off() is cut_off


def test_in_a_compression_that_is_not_known_nothing_is_looked_for() -> None:
    """Those that the SDK asks for only where a program installed their libraries."""
    lookout = Lookout(ending_of("/v1/chat/completions"), "zstd")
    lookout.look(b"\n\n")
    assert not lookout.last
    assert not lookout.cut_off()


def test_a_compressed_stream_is_read_like_any_other(emulator: Emulator, write: Write) -> None:
    """Of a gateway that compresses what it passes on; those of responses end without `[DONE]`."""
    more = "  max_retries: 0\n"
    with compressing(emulator) as url:
        text = v1_file(emulator, f"api_key: {emulator.api_key}", more=more).replace(emulator.url, url)
        clients = byoclient.load(write(text))

        def read_response() -> int:
            return len(list(clients.client().responses.create(model="gpt-4o", input="hello", stream=True)))

        async def async_read_response() -> int:
            create = clients.async_client().responses.create
            return len([event async for event in await create(model="gpt-4o", input="hello", stream=True)])

        assert read_response() == asyncio.run(async_read_response()) > 3
        emulator.break_answers(finish_reason=False)
        with pytest.raises(openai.APIConnectionError):
            read_response()
        with pytest.raises(openai.APIConnectionError):
            asyncio.run(async_read_response())


@contextmanager
def compressing(emulator: Emulator) -> Iterator[str]:
    """Run a gateway of the emulator; yield its URL."""

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            passed_on = {"authorization": self.headers["authorization"], "content-type": "application/json"}
            with urlopen(Request(f"{emulator.url}{self.path}", body, passed_on), timeout=20) as answer:
                said = gzipped(answer.read())
            self.send_response(200)
            for name, value in (("content-type", "text/event-stream"), ("content-encoding", "gzip")):
                self.send_header(name, value)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Gateway) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_streams_that_nobody_reads_take_no_connection_away(emulator: Emulator, write: Write) -> None:
    """Forgotten before their first piece: no generator of theirs ever began, which could end."""
    clients = load(emulator, write, "{max_connections: 2, pool_timeout: 2}")
    for _ in range(5):
        clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
        gc.collect()

    async def run() -> None:
        for _ in range(5):
            await clients.async_client().chat.completions.create(model="gpt-4o", messages=MESSAGES, stream=True)
            gc.collect()
        await clients.async_client().chat.completions.create(model="gpt-4o", messages=MESSAGES)

    asyncio.run(run())


def test_readers_that_stop_at_the_usage_use_one_connection(emulator: Emulator, write: Write) -> None:
    """As Langroid does, which never closes them either; the plain SDK opens one for each."""
    clients = load(emulator, write)
    create = clients.client().chat.completions.create
    kept = []
    for _ in range(20):
        stream = create(model="gpt-4o", messages=MESSAGES, stream=True, stream_options=USAGE)
        kept.append(stream)
        assert any(chunk.usage for chunk in stream)
    assert len({request.connection for request in emulator.requests}) == 1


def test_async_readers_that_stop_at_the_usage_use_one_connection(
    emulator: Emulator, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    """Its twin; and asyncio has nothing to say of forgotten generators."""
    clients = load(emulator, write)

    async def run() -> None:
        create = clients.async_client().chat.completions.create
        for _ in range(20):
            async for chunk in await create(model="gpt-4o", messages=MESSAGES, stream=True, stream_options=USAGE):
                if chunk.usage:
                    break

    asyncio.run(run())
    assert len({request.connection for request in emulator.requests}) == 1
    assert caplog.records == []


@both
def test_an_end_that_never_comes_is_not_waited_for(
    emulator: Emulator, write: Write, reading: Callable[[Clients], int]
) -> None:
    """The answer is complete at `[DONE]`."""
    emulator.break_answers(tail=False)
    assert reading(load(emulator, write)) > 3


@both
def test_comments_alone_do_not_hold_a_stream_past_its_total_timeout(
    emulator: Emulator, write: Write, reading: Callable[[Clients], int]
) -> None:
    """A read timeout never comes, since something is read all the time."""
    emulator.break_answers(ping=0.01)
    with pytest.raises(openai.APITimeoutError):
        reading(load(emulator, write, "{total_timeout: 0.3}"))


@both
def test_the_time_of_one_request_is_not_that_of_the_next(
    emulator: Emulator, write: Write, reading: Callable[[Clients], int]
) -> None:
    """They share a connection, and not its deadline."""
    clients = load(emulator, write, "{total_timeout: 20}")
    assert [reading(clients) for _ in range(3)][1:]


@pytest.mark.parametrize("size", [1, 7, 10_000])
def test_the_end_is_seen_however_the_bytes_are_cut(size: int) -> None:
    """Also one by one, and with other line ends."""
    for line_end in (b"\n", b"\r\n"):
        lookout = Lookout(ending_of("/openai/deployments/x/chat/completions"))
        data = line_end.join([b'data: {"choices":[{"finish_reason":null}]}', b"", b"data: [DONE]", b"", b""])
        for start in range(0, len(data), size):
            assert not lookout.last
            lookout.look(data[start : start + size])
        assert lookout.last
        assert not lookout.cut_off()


def test_text_that_looks_like_an_end_is_none() -> None:
    """Quotes within text are escaped, so that no model can write the end of its stream."""
    lookout = Lookout(ending_of("/v1/chat/completions"))
    assert not lookout.look(
        b'data: {"choices":[{"delta":{"content":"\\"finish_reason\\": \\"stop\\" data: [DONE]"}}]}\n\n'
    )
    assert not lookout.last
    assert lookout.cut_off()
