"""`endpoints:` in a file: what is refused, where the error stands, and which hosts an entry may name."""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

import byoclient
from byoclient import ConfigError, Trust, TrustError
from byoclient.emulator import Emulator
from byoclient.transport import EndpointState
from byoclient.transport.endpoints import PLACEHOLDER_KEY, PLACEHOLDER_URL
from tests.conftest import Write
from tests.support.regions import HEADS, ask, counts, entry, file_of, ranked

WEST = "azure_endpoint: 'https://west.openai.azure.com', api_key: kkkk"
V1 = "base_url: 'https://west.openai.azure.com/openai/v1', api_key: kkkk"


def options(text: str, provider: str = "azure_openai") -> str:
    return f"model: x\nclient_provider: {provider}\noptions:\n{HEADS[provider]}{text}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"  api_key: kkkk\n  endpoints: [{{{WEST}}}]",
            ":5: options.api_key: stands beside endpoints. Move it into the entries of endpoints that it belongs to.",
        ),
        (
            f"  azure_endpoint: 'https://a.openai.azure.com'\n  endpoints: [{{{WEST}}}]",
            ":5: options.azure_endpoint: stands beside endpoints. Move it into the entries",
        ),
        (
            f"  azure_deployment: a\n  endpoints: [{{{WEST}}}]",
            ":5: options.azure_deployment: stands beside endpoints. Move it",
        ),
        (
            f"  credential: {{kind: default}}\n  endpoints: [{{{WEST}}}]",
            ":5: options.credential: stands beside endpoints. Move it",
        ),
        ("  endpoints: []", ":5: options.endpoints: names no endpoint. Write one, or take the key away."),
        ("  endpoints: {}", ":5: options.endpoints: should be a list. Found a mapping."),
        ("  endpoints: [x]", ":5: options.endpoints[0]: should be a mapping. Found text."),
        (
            f"  endpoints:\n  - {{{WEST}}}\n  - {{{WEST}, azure_deploymnt: a}}",
            ":7: options.endpoints[1].azure_deploymnt: unknown option of 'azure_openai'. Did you mean "
            "'azure_deployment'?",
        ),
        (
            f"  endpoints:\n  - {{{WEST}}}\n  - {{azure_endpoint: 'https://a.openai.azure.com'}}",
            ":7: options.endpoints[1]: neither api_key nor credential is given. Give one",
        ),
        (
            f"  endpoints: [{{{WEST}, credential: {{kind: default}}}}]",
            ":5: options.endpoints[0].credential: both api_key and credential are given. Keep one of them.",
        ),
        ("  endpoints: [{api_key: kkkk}]", ":5: options.endpoints[0].azure_endpoint: missing. It is required."),
        (f"  endpoints: [{{{WEST}, weight: 0}}]", ":5: options.endpoints[0].weight: should be greater than"),
        (f"  endpoints: [{{{WEST}, priority: yes}}]", ":5: options.endpoints[0].priority: "),
        (
            f"  endpoints: [{{{WEST}, name: a}}, {{{WEST}, name: a}}]",
            ":5: options.endpoints: gives two of them one name. Change one of the names.",
        ),
        ("  api_key: kkkk", "options.azure_endpoint: missing. It is required."),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_at_its_place(write: Write, text: str, said: str) -> None:
    """With what to type."""
    with pytest.raises(ConfigError) as caught:
        byoclient.load(write(options(text)))
    assert said in str(caught.value)
    assert "kkkk" not in str(caught.value)


@pytest.mark.parametrize("provider", ["azure_openai", "openai"])
def test_each_entrys_host_is_checked_against_its_own_credential(write: Write, provider: str) -> None:
    """A token of the public cloud goes to no host of China's, though another entry's does; trust widens it for all."""
    head, path = ("azure_endpoint", "") if provider == "azure_openai" else ("base_url", "/openai/v1")
    china = f"  - {{{head}: 'https://a.openai.azure.cn{path}', credential: {{kind: default, cloud: china}}}}\n"
    public = f"  - {{{head}: 'https://b.openai.azure.cn{path}', credential: {{kind: default}}}}\n"
    path = write(options(f"  endpoints:\n{china}{public}", provider))
    with pytest.raises(TrustError) as caught:
        byoclient.load(path)
    assert f"options.endpoints[1].{head}: the host 'b.openai.azure.cn' may not receive" in str(caught.value)
    byoclient.load(path, trust=Trust(hosts=("b.openai.azure.cn",))).prepare()


@pytest.mark.parametrize(("provider", "place"), [("azure_openai", WEST), ("openai", V1)])
def test_the_client_is_built_for_an_address_that_does_not_exist(write: Write, provider: str, place: str) -> None:
    """With a key that is none: what gets past the transport by mistake reaches nobody."""
    clients = byoclient.load(write(options(f"  endpoints: [{{{place}}}]", provider)))
    assert str(clients.client().base_url).startswith(PLACEHOLDER_URL)
    assert clients.client().api_key == PLACEHOLDER_KEY


def test_a_request_to_somewhere_else_is_refused(regions: tuple[Emulator, Emulator], write: Write) -> None:
    """Whether the client was turned there or the request has a URL of its own."""
    west, north = regions
    client = byoclient.load(write(file_of(entry(west)))).client()
    for turned, path in ((client.with_options(base_url=f"{north.url}/openai"), "/models"), (client, f"{north.url}/x")):
        with pytest.raises(TrustError, match=r"a request to '127.0.0.1' has none of the endpoints"):
            turned.get(path, cast_to=object)
    assert counts(west, north) == (0, 0)


def test_the_states_are_listed_in_the_order_of_the_file(regions: tuple[Emulator, Emulator], write: Write) -> None:
    """Without a secret; also before the first request."""
    west, north = regions
    text = file_of(entry(west, "name: west, priority: 1"), entry(north, "azure_deployment: gpt-4o, weight: 3"))
    clients = byoclient.load(write(text))
    ask(clients)
    port = north.url.rpartition(":")[2]
    assert clients.endpoints() == (
        EndpointState("west", f"{west.url}/openai/", 1, 1, "closed", None, 0, 0),
        EndpointState(f"127.0.0.1:{port}/gpt-4o", f"{north.url}/openai/", 0, 3, "closed", None, 0, 1),
    )


def test_clients_of_the_same_endpoint_share_what_is_known_of_it(
    regions: tuple[Emulator, Emulator], write: Write
) -> None:
    """Across files, where address, deployment and credential are the same; another key is another endpoint."""
    west, north = regions
    west.break_answers(status=429, retry_after=60)
    first = byoclient.load(write(ranked(west, north), "first.yaml"))
    ask(first)
    second = byoclient.load(write(file_of(entry(west, "name: other")), "second.yaml"))
    third = byoclient.load(write(file_of(entry(west, sign_in="api_key: another")), "third.yaml"))
    assert [states.state for clients in (second, third) for states in clients.endpoints()] == ["open", "closed"]


def test_a_file_without_endpoints_has_no_states(regions: tuple[Emulator, Emulator], write: Write) -> None:
    """Nothing is known of its only one."""
    clients = byoclient.load(write(options(f"  azure_endpoint: {regions[0].url}\n  api_key: kkkk")))
    assert clients.endpoints() == ()


@pytest.mark.parametrize("provider", ["azure_openai", "openai"])
def test_each_entrys_model_is_what_it_gets(regions: tuple[Emulator, Emulator], write: Write, provider: str) -> None:
    """The deployment in Azure's path, or the model in the body of the v1 surface; the rest of the body stays."""
    west, north = regions
    key = {"azure_openai": "azure_deployment", "openai": "model"}[provider]
    text = file_of(
        entry(west, f"{key}: gpt-4o-mini", provider=provider),
        entry(north, "priority: 1", provider=provider),
        provider=provider,
    )
    client: Any = byoclient.load(write(text)).client()
    west.break_answers(status=500, after=2)
    for _ in range(3):
        client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Grüße 🎉"}])
    seen = [(request.path, request.json()["model"]) for request in (*west.requests, *north.requests)]
    if provider == "azure_openai":
        assert [path.split("/")[3] for path, _ in seen] == ["gpt-4o-mini"] * 3 + ["gpt-4o"]
    else:
        assert [model for _, model in seen] == ["gpt-4o-mini"] * 3 + ["gpt-4o"]
    (west_body, *_), (north_body,) = ([r.json() for r in region.requests] for region in (west, north))
    assert {**west_body, "model": ""} == {**north_body, "model": ""}


def test_what_names_no_model_is_sent_as_it_is(regions: tuple[Emulator, Emulator], write: Write) -> None:
    """A GET has no body."""
    west, _ = regions
    text = file_of(entry(west, "model: gpt-4o-mini", provider="openai"), provider="openai")
    client = byoclient.load(write(text)).client()
    with pytest.raises(openai.NotFoundError):
        client.get("/nothing", cast_to=object)
    (request,) = west.requests
    assert (request.method, request.path, request.body) == ("GET", "/openai/v1/nothing", b"")


def test_a_model_is_sent_as_it_is_written(emulator: Emulator, write: Write) -> None:
    """What stands for something in a pattern too."""
    own = f"base_url: '{emulator.url}/openai/v1', api_key: {emulator.api_key}, model: 'gpt\\q\\g<0>'"
    client = byoclient.load(write(options(f"  endpoints: [{{{own}}}]\n  max_retries: 0\n", "openai"))).client()
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="x", messages=[{"role": "user", "content": "x"}])
    assert json.loads(emulator.requests[-1].body)["model"] == r"gpt\q\g<0>"
