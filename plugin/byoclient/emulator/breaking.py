"""How a fault is done to a request: an error, a cut connection, silence, slowness."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from byoclient.emulator.faults import Fault, Faults
from byoclient.emulator.record import RecordedRequest
from byoclient.emulator.replies import JsonReply
from byoclient.emulator.serving import WIRE

Outage = Callable[[RecordedRequest, int], JsonReply]


class Silence(Response):
    """No answer, to a client that is gone."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send nothing."""


@dataclass(frozen=True, slots=True)
class Breakable:
    """An endpoint that has the faults of the moment.

    Attributes:
        faults: those of this emulator.
        outage: returns its error answer for a status.
        discovery: it is the discovery document, which has only the faults that say so.
    """

    faults: Faults
    outage: Outage
    discovery: bool = False

    async def instead(self, request: Request, received: RecordedRequest) -> JsonReply | Silence | None:
        """Return what a request meets instead of its answer; None where nothing is wrong (any more)."""
        fault = self._fault()
        while fault.hang:
            if await left(request, fault.ended, None):
                return Silence()
            fault = self._fault()
        if fault.slow and await left(request, fault.ended, fault.slow):
            return Silence()
        if fault.drop:
            return await drop(request)
        return self._refusal(fault, received)

    def _fault(self) -> Fault:
        fault = self.faults.current
        return fault if fault.discovery or not self.discovery else Fault()

    def _refusal(self, fault: Fault, received: RecordedRequest) -> JsonReply | None:
        if fault.status is None:
            return None
        headers = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
        return replace(self.outage(received, fault.status), headers=headers)


async def drop(request: Request) -> Silence:
    """Cut the connection."""
    request.scope["extensions"][WIRE].abort()
    await disconnected(request)
    return Silence()


async def left(request: Request, ended: Future[None], seconds: float | None) -> bool:
    """Wait for the end of a fault, but no longer than this; return whether the client left meanwhile."""
    mended, gone = asyncio.wrap_future(ended), asyncio.ensure_future(disconnected(request))
    try:
        await asyncio.wait({mended, gone}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return gone.done()
    finally:
        mended.cancel()
        gone.cancel()


async def disconnected(request: Request) -> None:
    """Wait until the connection is gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
