"""The routes: which path is answered by what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from byoclient.emulator import azure_errors, chat, embeddings, responses
from byoclient.emulator.answer_faults import AnswerFaults
from byoclient.emulator.answer_routes import AnswerRoutes
from byoclient.emulator.breaking import Breakable, Silence
from byoclient.emulator.entra import Entra
from byoclient.emulator.faults import Faults
from byoclient.emulator.managed_identity import ManagedIdentity, app_service_outage, imds_outage
from byoclient.emulator.openai_surface import Handler, OpenAISurface
from byoclient.emulator.record import Record, RecordedRequest
from byoclient.emulator.replies import Reply
from byoclient.emulator.sending import receive, reply_to, send
from byoclient.emulator.settings import Settings
from byoclient.emulator.tokens import Tokens

EVERY_METHOD = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def build(settings: Settings, tokens: Tokens, record: Record, faults: Faults, answers: AnswerFaults) -> Starlette:
    """Return the application that both listeners serve."""
    surface = OpenAISurface(settings, tokens)
    routes = [
        *openai_routes(surface, AnswerRoutes(record, answers)),
        *token_routes(settings, tokens, record, faults),
        route("/{path:path}", nothing_here, record, *EVERY_METHOD),
    ]
    return Starlette(routes=routes)


def openai_routes(surface: OpenAISurface, routes: AnswerRoutes) -> Iterable[BaseRoute]:
    """Yield the deployment surface, the v1 surface, and what AzureOpenAI calls without a deployment."""
    deployment, v1 = "/openai/deployments/{deployment}", "/openai/v1"
    for prefix, is_v1 in ((deployment, False), (v1, True)):
        yield routes.route(f"{prefix}/chat/completions", surface.call(chat.complete, "chatCompletion", v1=is_v1))
        yield routes.route(f"{prefix}/embeddings", surface.call(embeddings.embed, "embeddings", v1=is_v1))
    for prefix, is_v1 in (("/openai", False), (v1, True)):
        yield routes.route(f"{prefix}/responses", surface.call(responses.respond, "responses", v1=is_v1))
        yield routes.route(f"{prefix}/models", surface.models(v1=is_v1), "GET")
        yield routes.route(f"{prefix}/models/{{model}}", surface.model(v1=is_v1), "GET")


def token_routes(settings: Settings, tokens: Tokens, record: Record, faults: Faults) -> Iterable[BaseRoute]:
    """Yield Entra ID and the two managed identity endpoints, which can be broken."""
    entra, identity = Entra(settings, tokens), ManagedIdentity(settings, tokens)
    discovery, token = Breakable(faults, entra.outage, discovery=True), Breakable(faults, entra.outage)
    app_service, imds = Breakable(faults, app_service_outage), Breakable(faults, imds_outage)
    yield route(
        "/{tenant}/v2.0/.well-known/openid-configuration", entra.configuration, record, "GET", breakable=discovery
    )
    yield route("/{tenant}/oauth2/v2.0/devicecode", entra.device_code, record, breakable=discovery)
    yield route("/{tenant}/oauth2/v2.0/token", entra.token, record, breakable=token)
    yield route("/msi/token", identity.app_service, record, "GET", breakable=app_service)
    yield route("/metadata/identity/oauth2/token", identity.imds, record, "GET", breakable=imds)


def route(path: str, handler: Handler, record: Record, *methods: str, breakable: Breakable | None = None) -> Route:
    """Return a route, of POST by default, that records the request and sends what the handler replies.

    Requests of a breakable one count as token requests, but for those of the discovery document.
    """
    for_token = breakable is not None and not breakable.discovery

    async def endpoint(request: Request) -> Response:
        received = await receive(request)
        record.add(received, for_token=for_token)
        reply = await breakable.instead(request, received) if breakable else None
        if isinstance(reply, Silence):
            return reply
        return send(reply or reply_to(handler, received, request.path_params), received)

    return Route(path, endpoint, methods=methods or ["POST"])


def nothing_here(request: RecordedRequest, parameters: Mapping[str, str]) -> Reply:
    """Answer a path that no route has."""
    raise azure_errors.not_found()
