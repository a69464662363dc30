"""Azure OpenAI's own error answers, in its words."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from byoclient.emulator.replies import JsonReply
from byoclient.emulator.settings import RESOURCE

MODELS_LINK = "https://go.microsoft.com/fwlink/?linkid=2197993"
AUTHORITY = "login.microsoftonline.com"
REVOKED = (
    "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: "
    "TokenIssuedBeforeRevocationTimestamp"
)
INVALID = "invalid_request_error"


class AzureError(Exception):
    """An error answer on its way to the client; `error` is the answer's `error` object."""

    def __init__(self, status: int, error: Mapping[str, object], headers: Mapping[str, str] = {}) -> None:
        self.status = status
        self.error = dict(error)
        self.headers = headers
        super().__init__(str(self.error.get("message")))

    def reply(self) -> JsonReply:
        """Return the answer."""
        return JsonReply({"error": self.error}, self.status, self.headers)


def wrong_key() -> AzureError:
    """Return the answer to an `api-key` that is not the resource's."""
    message = (
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key "
        "for an active subscription and use a correct regional API endpoint for your resource."
    )
    return AzureError(401, {"code": "401", "message": message})


def wrong_token() -> AzureError:
    """Return the answer to a bearer token that is missing, unknown, expired or for another audience."""
    message = f"Unauthorized. Access token is missing, invalid, audience is incorrect ({RESOURCE}), or have expired."
    return AzureError(401, {"code": "Unauthorized", "message": message}, {"WWW-Authenticate": "Bearer"})


def revoked_token(tenant: str, time: float) -> AzureError:
    """Return the answer of continuous access evaluation: as to a wrong token, with the claims of a better one."""
    claims = json.dumps({"access_token": {"nbf": {"essential": True, "value": str(int(time))}}})
    challenge = (
        f'Bearer realm="", authorization_uri="https://{AUTHORITY}/{tenant}/oauth2/authorize", error="invalid_token", '
        f'error_description="{REVOKED}", claims="{base64.b64encode(claims.encode()).decode()}"'
    )
    return AzureError(401, wrong_token().error, {"WWW-Authenticate": challenge})


def not_found() -> AzureError:
    """Return the answer to a path or an api-version that does not exist."""
    return AzureError(404, {"code": "404", "message": "Resource not found"})


def no_deployment() -> AzureError:
    """Return the answer to a deployment that does not exist."""
    message = (
        "The API deployment for this resource does not exist. If you created the deployment within the last "
        "5 minutes, please wait a moment and try again."
    )
    return AzureError(404, {"code": "DeploymentNotFound", "message": message})


def no_model(name: str) -> AzureError:
    """Return the answer to a model that the list of models does not have."""
    message = f"The model '{name}' does not exist"
    return AzureError(404, {"code": "model_not_found", "message": message, "type": INVALID, "param": "model"})


def wrong_operation(operation: str, deployment: str) -> AzureError:
    """Return the answer to an operation (`embeddings`, `chatCompletion`) of another kind of deployment."""
    message = (
        f"The {operation} operation does not work with the specified model, {deployment}. Please choose different "
        f"model and try again. You can learn more about which models can be used with each operation here: "
        f"{MODELS_LINK}."
    )
    return AzureError(400, {"code": "OperationNotSupported", "message": message})


def too_old(api: str, version: str) -> AzureError:
    """Return the answer to an API that came later than the api-version."""
    message = f"Azure OpenAI {api} is enabled only for api-version {version} and later"
    return AzureError(400, {"code": "BadRequest", "message": message})


def bad_request(message: str, param: str | None = None) -> AzureError:
    """Return the answer to a body that breaks the API's rules; `param` names the field."""
    return AzureError(400, {"message": message, "type": INVALID, "param": param, "code": None})


OUTAGES = {
    408: ("Timeout", "The operation was timeout."),
    409: ("Conflict", "The request conflicts with another one that is in progress. Please retry."),
    429: ("429", "Requests to this deployment have exceeded the rate limit of its pricing tier. Please retry later."),
    500: ("InternalServerError", "The server had an error while processing your request. Sorry about that!"),
    503: ("ServiceUnavailable", "The service is temporarily unable to process your request. Please try again later."),
}


def outage(status: int, headers: Mapping[str, str]) -> AzureError:
    """Return the answer of a service that cannot answer now."""
    code, message = OUTAGES.get(status, (str(status), "The service cannot answer this request now."))
    return AzureError(status, {"code": code, "message": message}, headers)


def not_json() -> AzureError:
    """Return the answer to a body that is not JSON."""
    return bad_request(
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP "
        "library correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"
    )
