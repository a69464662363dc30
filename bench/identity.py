"""Tokens under concurrency and failure: byoclient beside plain openai + azure-identity, in one run.

Each figure is taken in a fresh process, against the emulator in this one. Writes bench/identity.md.

    python bench/identity.py
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from byoclient.emulator import Emulator

ROOT = Path(__file__).parents[1]
SCOPE = "https://cognitiveservices.azure.com/.default"
VERSION = "2024-10-21"
MESSAGES: Any = [{"role": "user", "content": "x"}]
FILE = """\
model: gpt-4o
client_provider: azure_openai
async_client_provider: azure_openai
options: {{azure_endpoint: '{url}', api_version: 2024-10-21, max_retries: 0, credential: {{kind: managed_identity}}}}
"""
LIMIT = 40.0  # seconds without a sign of life
Tell = Callable[[str, Any], None]


class Plain:
    """What the documentation of openai and azure-identity shows."""

    name = "plain"

    def __init__(self, url: str) -> None:
        self.url = url

    def sync(self) -> Any:
        """Return a client with a credential of its own."""
        from azure.identity import ManagedIdentityCredential, get_bearer_token_provider
        from openai import AzureOpenAI

        provider = get_bearer_token_provider(ManagedIdentityCredential(), SCOPE)
        return AzureOpenAI(
            azure_endpoint=self.url, api_version=VERSION, azure_ad_token_provider=provider, max_retries=0
        )

    def asynchronous(self) -> Any:
        """Return its twin, with the aio credential."""
        from azure.identity.aio import ManagedIdentityCredential, get_bearer_token_provider
        from openai import AsyncAzureOpenAI

        provider = get_bearer_token_provider(ManagedIdentityCredential(), SCOPE)
        return AsyncAzureOpenAI(
            azure_endpoint=self.url, api_version=VERSION, azure_ad_token_provider=provider, max_retries=0
        )

    def asynchronous_with_sync_token(self) -> Any:
        """Return an async client with the sync credential, as the SDK allows."""
        from azure.identity import ManagedIdentityCredential, get_bearer_token_provider
        from openai import AsyncAzureOpenAI

        provider = get_bearer_token_provider(ManagedIdentityCredential(), SCOPE)
        return AsyncAzureOpenAI(
            azure_endpoint=self.url, api_version=VERSION, azure_ad_token_provider=provider, max_retries=0
        )


class Ours:
    """A YAML file and `load()`."""

    name = "byoclient"

    def __init__(self, url: str) -> None:
        handle, self.path = tempfile.mkstemp(suffix=".yaml")
        os.write(handle, FILE.format(url=url).encode())
        os.close(handle)

    def sync(self) -> Any:
        """Return the client of a `load()` of its own."""
        import byoclient

        return byoclient.load(self.path).client()

    def asynchronous(self) -> Any:
        """Return its twin."""
        import byoclient

        return byoclient.load(self.path).async_client()

    asynchronous_with_sync_token = asynchronous


def _tokens(client: Any) -> Callable[[], str]:
    found: Callable[[], str] = client._azure_ad_token_provider
    return found


def cold(side: Any, tell: Tell) -> str:
    """64 threads and 64 tasks start at once, over 8 clients of one identity."""
    clients = [side.sync() for _ in range(4)]
    barrier = threading.Barrier(65)

    def ask(index: int) -> None:
        barrier.wait()
        clients[index % 4].chat.completions.create(model="gpt-4o", messages=MESSAGES)

    async def ask_all() -> None:
        others = [side.asynchronous() for _ in range(4)]
        barrier.wait()
        jobs = [others[i % 4].chat.completions.create(model="gpt-4o", messages=MESSAGES) for i in range(64)]
        await asyncio.gather(*jobs)

    with ThreadPoolExecutor(64) as pool:
        futures = [pool.submit(ask, index) for index in range(64)]
        asyncio.run(ask_all())
        for future in futures:
            future.result()
    return "{token_requests}"


def outage(side: Any, tell: Tell, fault: str) -> str:
    """10,000 calls, or as many as 5 s allow, with a valid token that is due, while its endpoint fails."""
    tell("break_tokens", {"lifetime": 40})
    tokens = _tokens(side.sync())
    tokens()
    quick = sorted(_timed(tokens) for _ in range(100))
    tell("wait", 21)  # half of its life is over: it is due, and valid for 9 s more
    tell("break_tokens", {"lifetime": 40, **({"status": 503} if fault == "503" else {fault: True})})
    done: list[float] = []
    failed = 0

    def call() -> None:
        nonlocal failed
        end = time.monotonic() + 5
        while len(done) + failed < 10_000 and time.monotonic() < end:
            try:
                done.append(_timed(tokens))
            except Exception:
                failed += 1

    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    caller.join(6)
    if not done:
        return f"0 served, {failed} failed in 5 s" if failed else "0 served, blocked for 5 s"
    added = statistics.quantiles(done, n=100)[98] - statistics.median(quick)
    return f"{len(done)} served, {failed} failed; p99 +{added * 1000:.3f} ms"


def _timed(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def cold_outage(side: Any, tell: Tell) -> str:
    """Async callers while the endpoint drops connections: the first and the last failure."""
    tell("break_tokens", {"drop": True})
    waiters = 64 if side.name == "byoclient" else 6
    ends: list[float] = []

    async def run() -> None:
        client = side.asynchronous()
        start = time.perf_counter()

        async def ask() -> None:
            try:
                await client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
            except Exception:
                ends.append(time.perf_counter() - start)

        await asyncio.gather(*(ask() for _ in range(waiters)))

    asyncio.run(run())
    return f"{waiters} waiters: first {min(ends):.1f} s, last {max(ends):.1f} s"


def revoked(side: Any, tell: Tell) -> str:
    """64 threads with a token that the service has revoked."""
    client = side.sync()
    client.chat.completions.create(model="gpt-4o", messages=MESSAGES)
    tell("revoke_tokens", {})
    tell("clear_requests", {})
    barrier = threading.Barrier(64)

    def ask(_: int) -> bool:
        barrier.wait()
        try:
            return bool(client.chat.completions.create(model="gpt-4o", messages=MESSAGES))
        except Exception:
            return False

    with ThreadPoolExecutor(64) as pool:
        return f"{sum(pool.map(ask, range(64)))} / {{token_requests}}"


def stall(side: Any, tell: Tell) -> str:
    """The longest time for which the event loop did nothing else, with a token endpoint that takes 1 s."""
    client = side.asynchronous_with_sync_token()
    tell("break_tokens", {"slow": 1.0})
    gaps: list[float] = []

    async def run() -> None:
        async def tick() -> None:
            last = time.perf_counter()
            while True:
                await asyncio.sleep(0.001)
                now = time.perf_counter()
                gaps.append(now - last - 0.001)
                last = now

        ticking = asyncio.create_task(tick())
        await asyncio.sleep(0.05)
        try:
            await client._get_azure_ad_token()
            await asyncio.sleep(0.01)  # let the ticks note what they missed
        finally:
            ticking.cancel()

    import azure.identity  # noqa: F401  (its import is no part of the figure)

    asyncio.run(run())
    return f"{max(gaps) * 1000:.0f} ms"


def short_life(side: Any, tell: Tell) -> str:
    """20 calls with tokens that live 200 s."""
    tell("break_tokens", {"lifetime": 200})
    tokens = _tokens(side.sync())
    for _ in range(20):
        tokens()
    return "{token_requests}"


def cached(side: Any, tell: Tell) -> str:
    """The cost of a call that has a token; the best of 5 times 20,000."""
    tokens = _tokens(side.sync())
    source = getattr(tokens, "source", None)
    call = source.token if source is not None else tokens
    call()
    best = min(_timed(lambda: [call() for _ in range(20_000)]) for _ in range(5))
    return f"{best / 20_000 * 1e6:.2f} µs"


FIGURES: dict[str, tuple[Callable[..., str], tuple[str, ...]]] = {
    "token requests, 64 threads + 64 tasks cold, 8 clients of one identity": (cold, ()),
    "up to 10,000 calls in 5 s while the token endpoint answers 503, token valid": (outage, ("503",)),
    "the same while it drops connections": (outage, ("drop",)),
    "the same while it hangs": (outage, ("hang",)),
    "cold outage (dropped connections), async": (cold_outage, ()),
    "64 concurrent requests with a revoked token: answered / token fetches": (revoked, ()),
    "longest stall of the event loop with a 1 s token endpoint, sync credential": (stall, ()),
    "token life 200 s, 20 calls: token requests": (short_life, ()),
    "one call with a token at hand": (cached, ()),
}


def work(pipe: Any, side: str, figure: str, url: str, environment: dict[str, str]) -> None:
    """Take one figure, in a process of its own."""
    os.environ.update(environment)
    logging.disable()  # azure-identity warns of each failure

    def tell(name: str, argument: Any) -> None:
        pipe.send((name, argument))
        pipe.recv()

    function, arguments = FIGURES[figure]
    try:
        pipe.send(("done", function((Ours if side == "byoclient" else Plain)(url), tell, *arguments)))
    except Exception as error:
        pipe.send(("done", f"{type(error).__name__}: {error}"))


def take(side: str, figure: str) -> str:
    """Return a figure, doing to the emulator what the process asks for."""
    context = multiprocessing.get_context("spawn")
    with Emulator() as emulator:
        ours, theirs = context.Pipe()
        environment = dict(emulator.identity_environment)
        process = context.Process(target=work, args=(theirs, side, figure, emulator.url, environment), daemon=True)
        process.start()
        while True:
            if not ours.poll(LIMIT):
                process.kill()
                return f"not ended after {LIMIT:.0f} s"
            name, argument = ours.recv()
            if name == "done":
                process.kill()
                return str(argument).format(token_requests=emulator.token_requests)
            if name == "wait":
                time.sleep(argument)
            else:
                getattr(emulator, name)(**argument)
            ours.send(None)


def main() -> None:
    """Measure, print and write the table."""
    rows = ["| | plain | byoclient |", "|---|---|---|"]
    for figure in FIGURES:
        rows.append(f"| {figure} | {take('plain', figure)} | {take('byoclient', figure)} |")
        print(rows[-1], flush=True)
    head = (
        "# Tokens under concurrency and failure\n\n"
        f"`python bench/identity.py`, Python {sys.version.split()[0]}, {os.cpu_count()} cores. A managed identity of "
        "the emulator, each figure in a process of its\nown. The plain side of the cold outage has 6 waiters, since "
        "they fail one after the other.\n\n"
    )
    (ROOT / "bench" / "identity.md").write_text(head + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
