"""The two endpoints of managed identity: App Service's, and the instance metadata service (IMDS) of a VM."""

from __future__ import annotations

from collections.abc import Mapping

from byoclient.emulator.auth import same
from byoclient.emulator.record import RecordedRequest
from byoclient.emulator.replies import JsonObject, JsonReply, Reply
from byoclient.emulator.settings import Settings
from byoclient.emulator.tokens import Tokens

WHICH = ("client_id", "object_id", "principal_id", "mi_res_id", "msi_res_id")
NO_IDENTITY = "No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."


class ManagedIdentity:
    """A system-assigned identity, and a user-assigned one whose client id is the settings' `client_id`."""

    def __init__(self, settings: Settings, tokens: Tokens) -> None:
        self._settings = settings
        self._tokens = tokens

    def app_service(self, request: RecordedRequest, parameters: Mapping[str, str]) -> Reply:
        """Answer as App Service does."""
        if not same(request.headers.get("x-identity-header", ""), self._settings.identity_header):
            return app_service_error(401, "The X-IDENTITY-HEADER is missing or wrong.")
        if "resource" not in request.query or request.query.get("api-version") != "2019-08-01":
            return app_service_error(400, "The parameters resource and api-version=2019-08-01 are required.")
        if not self._has_identity(request):
            return app_service_error(400, NO_IDENTITY)
        return JsonReply(self._granted(request.query["resource"]))

    def imds(self, request: RecordedRequest, parameters: Mapping[str, str]) -> Reply:
        """Answer as IMDS does; without the header this is also what its probe gets."""
        if request.headers.get("metadata", "").lower() != "true":
            return imds_error("Required metadata header not specified")
        for name in ("api-version", "resource"):
            if name not in request.query:
                return imds_error(f"Required query variable '{name}' is missing")
        if not self._has_identity(request):
            return imds_error("Identity not found")
        return JsonReply(self._granted(request.query["resource"]))

    def _has_identity(self, request: RecordedRequest) -> bool:
        asked = {name: request.query[name] for name in WHICH if name in request.query}
        return not asked or asked == {"client_id": self._settings.client_id}

    def _granted(self, resource: str) -> JsonObject:
        """Return a token; both services write its numbers as text."""
        token = self._tokens.issue(resource)
        return {
            "access_token": token.text,
            "client_id": self._settings.client_id,
            "expires_in": str(int(token.lifetime)),
            "expires_on": str(int(token.expires_on)),
            "not_before": str(int(token.issued_on)),
            "resource": resource,
            "token_type": "Bearer",
        }


def app_service_outage(request: RecordedRequest, status: int) -> JsonReply:
    """Return what App Service answers when it gets no token itself."""
    return app_service_error(status, "An unexpected error occurred while fetching the AAD Token.")


def imds_outage(request: RecordedRequest, status: int) -> JsonReply:
    """Return what IMDS answers when it gets no token itself."""
    message = "Failed to retrieve token from the Active directory. For details see logs in the metadata service."
    return imds_error(message, status, "unknown")


def app_service_error(status: int, message: str) -> JsonReply:
    """Return an error in App Service's shape."""
    return JsonReply({"statusCode": status, "message": message}, status)


def imds_error(description: str, status: int = 400, error: str = "invalid_request") -> JsonReply:
    """Return an error in IMDS's shape."""
    return JsonReply({"error": error, "error_description": description}, status)
