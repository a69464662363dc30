"""From a request as it arrives to the response that carries its answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Mapping

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from byoclient.emulator import azure_errors
from byoclient.emulator.hashing import digest_of, uuid_of
from byoclient.emulator.openai_surface import Handler
from byoclient.emulator.record import RecordedRequest
from byoclient.emulator.replies import EVENTS, JSON, JsonReply, Reply
from byoclient.emulator.serving import CONNECTION


async def receive(request: Request) -> RecordedRequest:
    """Read a request to its end."""
    return RecordedRequest(
        method=request.method,
        path=request.scope["path"],
        query=dict(request.query_params),
        headers=dict(request.headers),
        body=await request.body(),
        secure=request.url.scheme == "https",
        connection=request.scope["extensions"][CONNECTION],
    )


def reply_to(handler: Handler, request: RecordedRequest, parameters: Mapping[str, str]) -> Reply:
    """Return the handler's reply, or the error that it raised."""
    try:
        return handler(request, parameters)
    except azure_errors.AzureError as error:
        return error.reply()


def send(reply: Reply, request: RecordedRequest) -> Response:
    """Return the response for a reply."""
    ids = ids_of(request)
    if isinstance(reply, JsonReply):
        return Response(reply.text(), reply.status, {**ids, **reply.headers}, JSON)
    return StreamingResponse(on_the_loop(reply.events), media_type=EVENTS, headers=ids)


def ids_of(request: RecordedRequest) -> dict[str, str]:
    """Return the request ids of an answer, which depend on the request alone."""
    request_id = uuid_of(digest_of(request.method, request.path, request.body))
    return {"x-request-id": request_id, "apim-request-id": request_id}


async def on_the_loop(events: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Yield the events on the event loop: a plain iterator would cost a thread for each piece."""
    for event in events:
        yield event
