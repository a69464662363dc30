"""What the token endpoints of Entra ID and managed identity answer, request by request."""

from __future__ import annotations

import ssl
from typing import Any

import pytest
from openai import DefaultHttpxClient

from byoclient.emulator import Emulator
from byoclient.emulator.settings import IDENTITY_HEADER

RIGHT = {"X-IDENTITY-HEADER": IDENTITY_HEADER}
SCOPE = "https://cognitiveservices.azure.com/.default"


@pytest.mark.parametrize(
    ("change", "status", "error", "code"),
    [
        ({"grant_type": None}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"client_id": "x"}, 400, "unauthorized_client", 700016),
        ({"client_secret": None}, 401, "invalid_client", 7000218),
        ({"client_secret": "x"}, 401, "invalid_client", 7000215),
        ({"scope": "https://ai.azure.com"}, 400, "invalid_scope", 1002012),
    ],
)
def test_entra_s_errors_have_its_shape(
    emulator: Emulator, change: dict[str, Any], status: int, error: str, code: int
) -> None:
    """Every field that clients read is there, and agrees."""
    form = {
        "grant_type": "client_credentials",
        "client_id": emulator.client_id,
        "client_secret": emulator.client_secret,
        "scope": SCOPE,
        **change,
    }
    answer = post_token(emulator, {name: value for name, value in form.items() if value})
    body = answer.json()
    assert (answer.status_code, body["error"], body["error_codes"]) == (status, error, [code])
    assert body["error_description"].startswith(f"AADSTS{code}: ")
    assert body["correlation_id"] == "0ff0"
    assert body["error_uri"].endswith(str(code))
    assert {"timestamp", "trace_id"} <= set(body)
    assert emulator.token_requests == 1


def https(emulator: Emulator) -> DefaultHttpxClient:
    """Return a client of the https listener."""
    trusted = ssl.create_default_context(cafile=emulator.ca_file)
    return DefaultHttpxClient(base_url=emulator.tls_url, verify=trusted, trust_env=False)


def post_token(emulator: Emulator, form: dict[str, str]) -> Any:
    """Ask the token endpoint."""
    with https(emulator) as client:
        path = f"/{emulator.tenant_id}/oauth2/v2.0/token"
        return client.post(path, data=form, headers={"client-request-id": "0ff0"})


def test_entra_is_served_over_https_only(emulator: Emulator, anonymous: DefaultHttpxClient) -> None:
    """Over plain http both paths are 404, and the answer says where to go."""
    for path in ("oauth2/v2.0/token", "v2.0/.well-known/openid-configuration"):
        method = "POST" if "token" in path else "GET"
        answer = anonymous.request(method, f"{emulator.url}/{emulator.tenant_id}/{path}")
        assert answer.status_code == 404
        assert "Emulator.tls_url" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/metadata/identity/oauth2/token?api-version=2018-02-01&resource=r", {}, 400),
        ("/metadata/identity/oauth2/token?api-version=2018-02-01", {"Metadata": "true"}, 400),
        ("/metadata/identity/oauth2/token?resource=r", {"Metadata": "true"}, 400),
        ("/msi/token?api-version=2019-08-01&resource=r", {}, 401),
        ("/msi/token?api-version=2019-08-01&resource=r", {"X-IDENTITY-HEADER": "wrong"}, 401),
        ("/msi/token?api-version=2017-09-01&resource=r", RIGHT, 400),
        ("/msi/token?api-version=2019-08-01", RIGHT, 400),
        ("/msi/token?api-version=2019-08-01&resource=r&client_id=x", RIGHT, 400),
    ],
)
def test_identity_endpoints_refuse_what_is_not_complete(
    emulator: Emulator, anonymous: DefaultHttpxClient, path: str, headers: dict[str, str], status: int
) -> None:
    """A missing header, version or resource is refused in the service's shape; IMDS's probe is such a request."""
    answer = anonymous.get(emulator.url + path, headers=headers)
    assert answer.status_code == status
    assert {"error", "statusCode"} & set(answer.json())
    assert emulator.token_requests == 1


def test_an_unknown_tenant_has_entra_s_answer(emulator: Emulator) -> None:
    """Discovery and token endpoint say AADSTS90002, each with its own word."""
    with https(emulator) as client:
        found = client.get("/nowhere/v2.0/.well-known/openid-configuration").json()
        asked = client.post("/nowhere/oauth2/v2.0/token", data={"grant_type": "client_credentials"}).json()
    assert (found["error"], asked["error"]) == ("invalid_tenant", "invalid_request")
    assert found["error_codes"] == asked["error_codes"] == [90002]
    assert "Tenant 'nowhere' not found." in found["error_description"]
