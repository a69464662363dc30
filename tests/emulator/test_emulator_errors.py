"""Azure's own refusals, through the real SDK and on the wire."""

from __future__ import annotations

from typing import Any

import pytest
from openai import (
    AuthenticationError,
    AzureOpenAI,
    BadRequestError,
    DefaultHttpxClient,
    NotFoundError,
    OpenAI,
)

from byoclient.emulator import Emulator

HELLO: list[Any] = [{"role": "user", "content": "Hello"}]
CHAT = "/openai/deployments/gpt-4o/chat/completions"
NO_DEPLOYMENT = (
    "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, "
    "please wait a moment and try again."
)
WRONG_TOKEN = (
    "Unauthorized. Access token is missing, invalid, audience is incorrect "
    "(https://cognitiveservices.azure.com), or have expired."
)


def test_a_wrong_key_is_refused_in_azure_s_words(azure: AzureOpenAI) -> None:
    """The SDK raises AuthenticationError with Azure's body."""
    with azure.with_options(api_key="wrong") as client, pytest.raises(AuthenticationError) as caught:
        client.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert caught.value.code == "401"
    assert "Access denied due to invalid subscription key or wrong API endpoint." in str(caught.value)


@pytest.mark.parametrize(
    ("resource", "lifetime"),
    [
        ("https://cognitiveservices.azure.com", -1.0),
        ("https://management.azure.com", None),
        ("https://cognitiveservices.azure.us/.default", None),
    ],
)
def test_an_expired_token_or_one_for_another_audience_is_refused(
    emulator: Emulator, resource: str, lifetime: float | None
) -> None:
    """Azure's 401 comes with a `WWW-Authenticate` header."""
    with (
        AzureOpenAI(
            azure_endpoint=emulator.url,
            azure_ad_token=emulator.issue_token(resource, lifetime),
            api_version="2024-10-21",
        ) as client,
        pytest.raises(AuthenticationError) as caught,
    ):
        client.chat.completions.create(model="gpt-4o", messages=HELLO)
    assert caught.value.body == {"code": "Unauthorized", "message": WRONG_TOKEN}
    assert caught.value.response.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "resource",
    ["https://cognitiveservices.azure.com", "https://cognitiveservices.azure.com/.default", "https://ai.azure.com/"],
)
def test_a_valid_token_opens_both_surfaces(emulator: Emulator, resource: str) -> None:
    """A token for Azure OpenAI or Foundry is accepted, as bearer token of either client."""
    token = emulator.issue_token(resource)
    with (
        AzureOpenAI(azure_endpoint=emulator.url, azure_ad_token=token, api_version="2024-10-21") as azure,
        OpenAI(base_url=f"{emulator.url}/openai/v1", api_key=token) as v1,
    ):
        for client in (azure, v1):
            assert client.chat.completions.create(model="gpt-4o", messages=HELLO).choices


def test_tokens_expire_by_the_clock_that_was_given(anonymous: DefaultHttpxClient) -> None:
    """A token is valid until the clock has passed its lifetime."""
    now = [1_000_000.0]
    with Emulator(clock=lambda: now[0], token_lifetime=60) as emulator:
        headers = {"authorization": f"Bearer {emulator.issue_token()}"}
        statuses = []
        for now[0] in (1_000_059.0, 1_000_060.0):
            url = f"{emulator.url}/openai/v1/models"
            statuses.append(anonymous.get(url, headers=headers).status_code)
    assert statuses == [200, 401]


def test_tokens_are_unguessable(emulator: Emulator) -> None:
    """No two tokens are alike, and another emulator knows none of them."""
    token = emulator.issue_token()
    assert token != emulator.issue_token()
    with (
        Emulator() as other,
        OpenAI(base_url=f"{other.url}/openai/v1", api_key=token) as client,
        pytest.raises(AuthenticationError),
    ):
        client.models.list()


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "Unauthorized"),
        ({"api-key": ""}, "401"),
        ({"api-key": "wrong"}, "401"),
        ({"authorization": "Basic Ynk6b2M="}, "Unauthorized"),
        ({"authorization": "Bearer byoclient-emulator-key"}, "Unauthorized"),
    ],
)
def test_the_deployment_surface_takes_no_key_as_bearer_token(
    emulator: Emulator, anonymous: DefaultHttpxClient, headers: dict[str, str], code: str
) -> None:
    """No credential, an empty key and a key in the wrong place are 401."""
    url = f"{emulator.url}{CHAT}?api-version=2024-10-21"
    answer = anonymous.post(url, json={"messages": HELLO}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, code)


@pytest.mark.parametrize("surface", ["azure", "v1"])
def test_an_unknown_deployment_is_not_found(surface: str, request: pytest.FixtureRequest) -> None:
    """Azure's 404 names no name."""
    with pytest.raises(NotFoundError) as caught:
        request.getfixturevalue(surface).chat.completions.create(model="gpt-5", messages=HELLO)
    assert caught.value.body == {"code": "DeploymentNotFound", "message": NO_DEPLOYMENT}


def test_an_unknown_model_is_not_found(v1: OpenAI) -> None:
    """Asking for a model that is not there is a 404 of its own."""
    with pytest.raises(NotFoundError, match="The model 'gpt-5' does not exist"):
        v1.models.retrieve("gpt-5")


@pytest.mark.parametrize(
    "path",
    [
        CHAT,
        f"{CHAT}?api-version=",
        f"{CHAT}?api-version=2024",
        "/openai/deployments/gpt-4o/nonsense?api-version=2024-10-21",
        "/openai/v1/openai/chat/completions",
        "/",
    ],
)
def test_a_wrong_path_or_version_is_resource_not_found(http: DefaultHttpxClient, path: str) -> None:
    """A missing or malformed api-version and an unknown path have the same answer."""
    answer = http.post(path, json={"messages": HELLO})
    assert (answer.status_code, answer.json()) == (404, {"error": {"code": "404", "message": "Resource not found"}})


def test_a_wrong_method_is_resource_not_found(http: DefaultHttpxClient) -> None:
    """GET where POST belongs is a 404 in the same shape."""
    assert http.get(f"{CHAT}?api-version=2024-10-21").json()["error"]["message"] == "Resource not found"


def test_the_v1_surface_needs_no_version(http: DefaultHttpxClient) -> None:
    """`api-version` may be absent or `preview` there."""
    for query in ("", "?api-version=preview"):
        assert http.get(f"/openai/v1/models{query}").status_code == 200


def test_responses_came_after_older_versions(emulator: Emulator) -> None:
    """An api-version before 2025-03-01-preview has no Responses API, in Azure's words."""
    with (
        AzureOpenAI(azure_endpoint=emulator.url, api_key=emulator.api_key, api_version="2024-10-21") as client,
        pytest.raises(BadRequestError, match="enabled only for api-version 2025-03-01-preview and later"),
    ):
        client.responses.create(model="gpt-4o", input="x")


def test_an_operation_of_another_kind_of_model_is_refused(azure: AzureOpenAI) -> None:
    """A chat deployment makes no embeddings, and an embedding deployment does not chat."""
    with pytest.raises(BadRequestError, match=r"The embeddings operation does not work with the .* gpt-4o") as caught:
        azure.embeddings.create(model="gpt-4o", input="x")
    assert caught.value.code == "OperationNotSupported"
    with pytest.raises(BadRequestError, match="The chatCompletion operation does not work with the specified"):
        azure.chat.completions.create(model="text-embedding-3-small", messages=HELLO)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[" * 100_000, b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(http: DefaultHttpxClient, body: bytes) -> None:
    """The error has the API's words and type."""
    answer = http.post(f"{CHAT}?api-version=2024-10-21", content=body)
    error = answer.json()["error"]
    assert answer.status_code == 400
    assert error["type"] == "invalid_request_error"
    assert error["message"].startswith("We could not parse the JSON body of your request.")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": ["Hello"]}, "messages"),
        ({"messages": HELLO, "n": 0}, "n"),
        ({"messages": HELLO, "n": "2"}, "n"),
        ({"messages": HELLO, "tool_choice": "required"}, "tool_choice"),
        ({"messages": HELLO, "tools": [{"type": "function"}]}, "tools"),
        ({"messages": HELLO, "functions": [{"name": "f"}], "function_call": {"name": "g"}}, "tool_choice"),
        ({"messages": HELLO, "functions": [{"name": "f"}], "function_call": {"name": 1}}, "tool_choice"),
        ({"messages": HELLO, "response_format": {"type": "json_schema"}}, "response_format"),
        ({"messages": HELLO, "response_format": {"type": "yaml"}}, "response_format"),
        ({"messages": HELLO, "stream_options": 1, "stream": True}, "stream_options"),
        ({"messages": HELLO, "tools": 1}, "tools"),
    ],
)
def test_a_malformed_request_is_refused_and_names_the_field(
    http: DefaultHttpxClient, body: dict[str, Any], param: str
) -> None:
    """What breaks the API's rules is a 400 with `param`."""
    answer = http.post(f"{CHAT}?api-version=2024-10-21", json=body)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize("body", [{}, {"input": 1}, {"input": []}, {"input": "x", "text": "json"}])
def test_a_malformed_response_request_is_refused(http: DefaultHttpxClient, body: dict[str, Any]) -> None:
    """The Responses API refuses in the same shape."""
    answer = http.post("/openai/v1/responses", json={"model": "gpt-4o", **body})
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_the_v1_surface_needs_a_model(http: DefaultHttpxClient) -> None:
    """Without `model` no deployment is named."""
    error = http.post("/openai/v1/chat/completions", json={"messages": HELLO}).json()["error"]
    assert (error["message"], error["param"]) == ("you must provide a model parameter", "model")
