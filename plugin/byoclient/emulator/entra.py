"""Entra ID's token endpoint and its discovery document, with its own error answers; served over https only."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs

from byoclient.emulator import device_codes, on_behalf_of
from byoclient.emulator.auth import same
from byoclient.emulator.azure_errors import AzureError
from byoclient.emulator.client_assertions import check_client_assertion
from byoclient.emulator.entra_errors import EntraError, outage, required, unknown_client, wrong_secret
from byoclient.emulator.hashing import digest_of, uuid_of
from byoclient.emulator.record import RecordedRequest
from byoclient.emulator.replies import JsonObject, JsonReply, Reply
from byoclient.emulator.settings import Settings
from byoclient.emulator.tokens import Tokens, granted

ERROR_LINK = "https://login.microsoftonline.com/error?code="
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

PUBLIC_GRANTS = (device_codes.GRANT, device_codes.REFRESH_GRANT)  # a program on a person's machine keeps no secret

Grant = Callable[[Mapping[str, str], str], JsonObject]


class Entra:
    """One tenant with one application."""

    def __init__(self, settings: Settings, tokens: Tokens) -> None:
        self._settings = settings
        self._tokens = tokens
        self._codes = device_codes.DeviceCodes(settings, tokens)

    def configuration(self, request: RecordedRequest, parameters: Mapping[str, str]) -> Reply:
        """Answer with the discovery document."""
        check_secure(request)
        try:
            self._check_tenant(parameters["tenant"], "invalid_tenant")
        except EntraError as error:
            return self._refusal(error, request)
        return JsonReply(discovery(f"https://{request.headers['host']}/{parameters['tenant']}"))

    def token(self, request: RecordedRequest, parameters: Mapping[str, str]) -> Reply:
        """Answer a request for a token of the application, of a user on whose behalf it acts, or of a person."""
        return self._answer(request, parameters["tenant"], self._token)

    def device_code(self, request: RecordedRequest, parameters: Mapping[str, str]) -> Reply:
        """Answer a request for a code that a person types in."""
        return self._answer(request, parameters["tenant"], self._device_code)

    def _answer(self, request: RecordedRequest, tenant: str, grant: Grant) -> Reply:
        check_secure(request)
        form = {name: values[-1] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
        try:
            self._check_tenant(tenant, "invalid_request")
            return JsonReply(grant(form, f"https://{request.headers['host']}/{tenant}"))
        except EntraError as error:
            return self._refusal(error, request)

    def _token(self, form: Mapping[str, str], authority: str) -> JsonObject:
        grant = self._grant(form)
        self._check_client(form, f"{authority}/oauth2/v2.0/token")
        return grant(form, authority)

    def _device_code(self, form: Mapping[str, str], authority: str) -> JsonObject:
        self._check_known(required(form, "client_id"))
        return self._codes.begin(form, authority)

    def outage(self, request: RecordedRequest, status: int) -> JsonReply:
        """Return what Entra answers when it cannot answer."""
        return self._refusal(outage(status), request)

    def _grant(self, form: Mapping[str, str]) -> Grant:
        grants: dict[str, Grant] = {
            "client_credentials": self._to_client,
            on_behalf_of.GRANT: self._on_behalf_of,
            device_codes.GRANT: self._codes.grant,
            device_codes.REFRESH_GRANT: self._codes.renew,
        }
        name = required(form, "grant_type")
        if name not in grants:
            message = f"The app requested an unsupported grant type '{name}'."
            raise EntraError(400, "unsupported_grant_type", 70003, message)
        return grants[name]

    def _to_client(self, form: Mapping[str, str], authority: str) -> JsonObject:
        scope = required(form, "scope")
        if not scope.endswith("/.default"):
            message = (
                f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value "
                "with /.default suffixed to the resource identifier (application ID URI)."
            )
            raise EntraError(400, "invalid_scope", 1002012, message)
        return granted(self._tokens.issue(scope))

    def _on_behalf_of(self, form: Mapping[str, str], authority: str) -> JsonObject:
        scope = required(form, "scope")
        on_behalf_of.check_user_assertion(form, self._settings, self._tokens)
        token = self._tokens.issue(on_behalf_of.resource_of(scope), for_user=True)
        return {**granted(token), **on_behalf_of.about_the_user(scope, token, self._settings, authority)}

    def _check_tenant(self, tenant: str, word: str) -> None:
        if tenant != self._settings.tenant_id:
            message = (
                f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into "
                "the correct cloud. Check with your subscription administrator, this may happen if there are no "
                "active subscriptions for the tenant."
            )
            raise EntraError(400, word, 90002, message)

    def _check_client(self, form: Mapping[str, str], endpoint: str) -> None:
        self._check_known(required(form, "client_id"))
        if "client_secret" in form:
            if not same(form["client_secret"], self._settings.client_secret):
                raise wrong_secret(self._settings.client_id)
        elif "client_assertion" in form and form.get("client_assertion_type") == ASSERTION_TYPE:
            check_client_assertion(form["client_assertion"], self._settings, endpoint)
        elif form["grant_type"] not in PUBLIC_GRANTS:
            message = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
            raise EntraError(401, "invalid_client", 7000218, message)

    def _check_known(self, client: str) -> None:
        if client != self._settings.client_id:
            raise unknown_client(client, self._settings.tenant_id)

    def _refusal(self, error: EntraError, request: RecordedRequest) -> JsonReply:
        """Return an error as Entra writes it; its ids depend on the request, never on a secret in it."""
        digest = digest_of(request.path, error.code)
        trace = uuid_of(digest)
        correlation = request.headers.get("client-request-id", uuid_of(digest_of(digest)))
        time = f"{datetime.fromtimestamp(self._settings.clock(), UTC):%Y-%m-%d %H:%M:%SZ}"
        details = f"Trace ID: {trace} Correlation ID: {correlation} Timestamp: {time}"
        body: JsonObject = {
            "error": error.error,
            "error_description": f"AADSTS{error.code}: {error.message} {details}",
            "error_codes": [error.code],
            "timestamp": time,
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"{ERROR_LINK}{error.code}",
        }
        return JsonReply(body, error.status)


def check_secure(request: RecordedRequest) -> None:
    """Raise a 404 for plain http, which Entra does not serve."""
    if not request.secure:
        message = "Resource not found: the emulator serves Entra ID over https only, at Emulator.tls_url."
        raise AzureError(404, {"code": "404", "message": message})


def discovery(tenant_url: str) -> JsonObject:
    """Return the discovery document of a tenant."""
    return {
        "issuer": f"{tenant_url}/v2.0",
        "authorization_endpoint": f"{tenant_url}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{tenant_url}/oauth2/v2.0/devicecode",
        "token_endpoint": f"{tenant_url}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
    }
