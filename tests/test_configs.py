"""Each file in configs/ loads, and those that can be served by the emulator are."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import trustme

import byoclient
from byoclient import Trust
from byoclient.config import read_file
from byoclient.emulator import Emulator
from byoclient.plan import llm_sections
from tests.conftest import SetEnvironment, Write
from tests.yaml_files import MESSAGES

CONFIGS = Path(__file__).parents[1] / "configs"
FILES = sorted(CONFIGS.glob("*.yaml"))
TRUST = Trust(hosts=("contoso.azure-api.net",))


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://contoso.openai.azure.com")
    for name in (
        "AZURE_OPENAI_API_KEY",
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "AZURE_TENANT_ID",
        "AZURE_FEDERATED_TOKEN_FILE",
        "AZURE_APIM_SUBSCRIPTION_KEY",
    ):
        monkeypatch.setenv(name, "value-of-the-variable")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_file_loads_and_builds_its_clients(path: Path) -> None:
    """With all of its LLMs; prepare() sends nothing."""
    for name in llm_sections(read_file(path)):
        with byoclient.load(path, llm=name, trust=TRUST) as clients:
            assert clients.prepare().client()


def test_there_are_files() -> None:
    """Without any, the test above would be skipped."""
    assert FILES


@pytest.mark.parametrize("name", ["entra-default", "entra-managed-identity", "v1", "api-key"])
def test_pointed_at_the_emulator_it_gets_an_answer(
    name: str, emulator: Emulator, set_environment: SetEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file as it is, with an endpoint and an identity from the environment."""
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", emulator.url)
    monkeypatch.setenv("AZURE_OPENAI_API_KEY", emulator.api_key)
    monkeypatch.setenv("AZURE_CLIENT_ID", emulator.client_id)
    set_environment(emulator.identity_environment)
    # The default chain would stop at the variables of a half-set service principal.
    monkeypatch.delenv("AZURE_TENANT_ID")
    monkeypatch.delenv("AZURE_FEDERATED_TOKEN_FILE")
    with byoclient.load(CONFIGS / f"{name}.yaml") as clients:
        assert clients.client().chat.completions.create(model=clients.model, messages=MESSAGES).choices


@pytest.mark.parametrize("kind", ["client_secret", "workload_identity", "client_certificate"])
def test_pointed_at_the_entra_of_the_emulator_it_gets_an_answer(
    kind: str, emulator: Emulator, write: Write, set_environment: SetEnvironment, tmp_path: Path
) -> None:
    """The file as it is, but for an authority of its own; sync and async."""
    (tmp_path / "token").write_text(emulator.federated_token)
    issued = trustme.CA(key_type=trustme.KeyType.RSA).issue_cert("app.example", key_type=trustme.KeyType.RSA)
    issued.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "app.pem"))
    set_environment(
        {
            "AZURE_OPENAI_ENDPOINT": emulator.url,
            "AZURE_TENANT_ID": emulator.tenant_id,
            "AZURE_CLIENT_ID": emulator.client_id,
            "AZURE_CLIENT_SECRET": emulator.client_secret,
            "AZURE_CLIENT_CERTIFICATE_PATH": str(tmp_path / "app.pem"),
            "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token"),
        }
    )
    name = {"client_certificate": "certificate"}.get(kind, kind.replace("_", "-"))
    own = (
        f"    authority: '{emulator.tls_url}'\n    disable_instance_discovery: true\n"
        f"    http: {{ca_file: '{emulator.ca_file}'}}\n"
    )
    text = (CONFIGS / f"entra-{name}.yaml").read_text()
    clients = byoclient.load(write(text.replace(f"    kind: {kind}\n", f"    kind: {kind}\n{own}")))
    assert clients.client().chat.completions.create(model=clients.model, messages=MESSAGES).choices

    async def ask() -> None:
        async with clients:
            assert (
                await clients.async_client().chat.completions.create(model=clients.model, messages=MESSAGES)
            ).choices

    asyncio.run(ask())
    assert emulator.token_requests == 1


def test_the_gateway_gets_its_header_and_only_when_it_is_trusted(emulator: Emulator, write: Write) -> None:
    """With the default of a variable that is not set."""
    with pytest.raises(byoclient.TrustError):
        byoclient.load(CONFIGS / "gateway.yaml")
    text = (CONFIGS / "gateway.yaml").read_text()
    text = text.replace("https://contoso.azure-api.net/llm", emulator.url)
    text = text.replace("credential: {kind: default}", f"api_key: {emulator.api_key}")
    with byoclient.load(write(text)) as clients:
        clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES)
    (request,) = emulator.requests
    assert request.headers["ocp-apim-subscription-key"] == "value-of-the-variable"
    assert request.headers["x-cost-center"] == "none"


def test_the_endpoints_of_failover_take_each_others_place(
    emulator: Emulator, write: Write, set_environment: SetEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pay-as-you-go answers while provisioned throughput has no room."""
    set_environment({"AZURE_OPENAI_API_KEY": emulator.api_key, **emulator.identity_environment})
    for name in ("AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE"):
        monkeypatch.delenv(name)
    text = (CONFIGS / "failover.yaml").read_text().replace("gpt-4o-provisioned", "gpt-4o-mini")
    for region in ("weu", "swe"):
        text = text.replace(f"https://contoso-{region}.openai.azure.com", emulator.url)
    emulator.break_answers(status=429, retry_after=60, times=1)
    with byoclient.load(write(text)) as clients:
        assert clients.client().chat.completions.create(model=clients.model, messages=MESSAGES).choices
        states = clients.endpoints()
    assert [state.name for state in states] == ["provisioned", "near", "far"]
    assert states[0].state == "open"
    assert sum(state.requests for state in states[1:]) == len(emulator.requests) - emulator.token_requests - 1
