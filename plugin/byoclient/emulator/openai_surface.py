"""What every call of the OpenAI part passes before it is answered: who, which api-version, which deployment."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping

from byoclient.emulator import auth, azure_errors
from byoclient.emulator.hashing import created, digest_of
from byoclient.emulator.record import RecordedRequest
from byoclient.emulator.replies import JsonObject, JsonReply, Reply
from byoclient.emulator.settings import Settings
from byoclient.emulator.tokens import Tokens

Operation = Callable[[JsonObject, str], Reply]
Handler = Callable[[RecordedRequest, Mapping[str, str]], Reply]

VERSION = re.compile(r"\d{4}-\d{2}-\d{2}(-preview)?")
RESPONSES_SINCE = "2025-03-01-preview"
OWNER = "byoclient-emulator"


class OpenAISurface:
    """Wraps operations, which only know a body and a deployment, into handlers of requests."""

    def __init__(self, settings: Settings, tokens: Tokens) -> None:
        self._settings = settings
        self._tokens = tokens

    def call(self, operation: Operation, name: str, *, v1: bool) -> Handler:
        """Return a handler; `name` is Azure's name of the operation (`chatCompletion`)."""

        def handler(request: RecordedRequest, parameters: Mapping[str, str]) -> Reply:
            self._admit(request, v1=v1)
            if name == "responses" and not v1:
                check_responses_version(request)
            body = body_of(request)
            deployment = parameters.get("deployment") or model_of(body)
            self._check_deployment(deployment, name)
            return operation(body, deployment)

        return handler

    def models(self, *, v1: bool) -> Handler:
        """Return the handler of the list of models."""

        def handler(request: RecordedRequest, parameters: Mapping[str, str]) -> Reply:
            self._admit(request, v1=v1)
            return JsonReply({"object": "list", "data": [model(name) for name in self._settings.deployments]})

        return handler

    def model(self, *, v1: bool) -> Handler:
        """Return the handler of one model."""

        def handler(request: RecordedRequest, parameters: Mapping[str, str]) -> Reply:
            self._admit(request, v1=v1)
            if parameters["model"] not in self._settings.deployments:
                raise azure_errors.no_model(parameters["model"])
            return JsonReply(model(parameters["model"]))

        return handler

    def _admit(self, request: RecordedRequest, *, v1: bool) -> None:
        auth.check(request, self._settings, self._tokens, v1=v1)
        if not v1 and not VERSION.fullmatch(request.query.get("api-version", "")):
            raise azure_errors.not_found()

    def _check_deployment(self, deployment: str, operation: str) -> None:
        if deployment not in self._settings.deployments:
            raise azure_errors.no_deployment()
        if ("embedding" in deployment) != (operation == "embeddings"):
            raise azure_errors.wrong_operation(operation, deployment)


def check_responses_version(request: RecordedRequest) -> None:
    """Raise Azure's 400 for an api-version from before the Responses API."""
    if request.query["api-version"][:10] < RESPONSES_SINCE[:10]:
        raise azure_errors.too_old("Responses API", RESPONSES_SINCE)


def body_of(request: RecordedRequest) -> JsonObject:
    """Return the body, which must be a JSON object."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        raise azure_errors.not_json() from None
    if not isinstance(body, dict):
        raise azure_errors.not_json()
    return body


def model_of(body: JsonObject) -> str:
    """Return the `model` of a body, which names the deployment where the path does not."""
    name = body.get("model")
    if not isinstance(name, str) or not name:
        raise azure_errors.bad_request("you must provide a model parameter", "model")
    return name


def model(name: str) -> JsonObject:
    """Return one entry of the list of models."""
    return {"id": name, "object": "model", "created": created(digest_of(name)), "owned_by": OWNER}
