"""The routes of the OpenAI part, whose answers can be broken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from byoclient.emulator import azure_errors
from byoclient.emulator.answer_faults import AnswerFault, AnswerFaults, Hit
from byoclient.emulator.breaking import Silence, disconnected, left
from byoclient.emulator.broken_answers import answer_of, cut_off, edited, endless, is_cut_off
from byoclient.emulator.openai_surface import Handler
from byoclient.emulator.record import Record, RecordedRequest
from byoclient.emulator.replies import EVENTS, EventReply, Reply
from byoclient.emulator.sending import ids_of, receive, reply_to, send
from byoclient.emulator.serving import WIRE


class ClosingResponse(Response):
    """A whole answer, after which the connection is closed though the answer did not say so."""

    def __init__(self, answer: Response) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the answer and close."""
        await self._answer(scope, receive, send)
        scope["extensions"][WIRE].close()


@dataclass(frozen=True, slots=True)
class AnswerRoutes:
    """Makes the routes; each records its requests, and has the faults of the moment."""

    record: Record
    faults: AnswerFaults

    def route(self, path: str, handler: Handler, *methods: str) -> Route:
        """Return a route, of POST by default."""

        async def endpoint(request: Request) -> Response:
            received = await receive(request)
            self.record.add(received, for_token=False)
            hit = await self._hit(request, received)
            if hit is None:
                return Silence()
            return await broken(request, received, hit, lambda: reply_to(handler, received, request.path_params))

        return Route(path, endpoint, methods=methods or ["POST"])

    async def _hit(self, request: Request, received: RecordedRequest) -> Hit | None:
        """Return what an answer meets after the waiting; None where the client left meanwhile."""
        hit = self.faults.hit(received.path, received.body)
        while hit.fault.hang:
            if await left(request, hit.fault.ended, None):
                return None
            hit = self.faults.hit(received.path, received.body)
        if hit.fault.slow and await left(request, hit.fault.ended, hit.fault.slow):
            return None
        return hit


async def broken(request: Request, received: RecordedRequest, hit: Hit, reply: Callable[[], Reply]) -> Response:
    """Return what is sent in place of a reply, or the reply where nothing is wrong."""
    fault = hit.fault
    if hit.status is not None:
        return send(azure_errors.outage(hit.status, fault.headers).reply(), received)
    if is_cut_off(fault):
        cut_off(request.scope["extensions"][WIRE], answer_of(reply(), ids_of(received)), fault)
        await disconnected(request)
        return Silence()
    response = whole(reply(), received, fault)
    return ClosingResponse(response) if fault.idle_close else response


def whole(reply: Reply, request: RecordedRequest, fault: AnswerFault) -> Response:
    """Return an answer whose framing is right; a stream has what the fault leaves of its events."""
    if isinstance(reply, EventReply):
        events = endless(edited(reply.events, fault), fault)
        return StreamingResponse(events, media_type=EVENTS, headers=ids_of(request))
    return send(reply, request)
