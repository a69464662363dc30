"""Every credential kind of this version, from YAML through the real azure-identity to an answer."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

import byoclient
from byoclient.emulator import Emulator
from byoclient.identity.application import ClientSecretConfig
from byoclient.identity.developer import AzureCliConfig
from byoclient.identity.http import IdentityHttp
from byoclient.identity.managed import ManagedIdentityConfig
from byoclient.identity.sharing import token_source
from tests.conftest import SetEnvironment, Write
from tests.yaml_files import MESSAGES, azure_file, client_secret


def _answers(path: str) -> None:
    """Ask sync and async."""
    clients = byoclient.load(path)
    assert clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES).choices

    async def ask() -> None:
        async with clients:
            assert (await clients.async_client().chat.completions.create(model="gpt-4o", messages=MESSAGES)).choices

    asyncio.run(ask())


def _bearer(emulator: Emulator) -> set[bool]:
    chats = [request for request in emulator.requests if "chat" in request.path]
    return {request.headers["authorization"].startswith("Bearer ") for request in chats}


def _fake_az(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    az = folder / "az"
    az.write_text(f"#!/bin/sh\n{script}\n")
    az.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_managed_identity_of_app_service(emulator: Emulator, write: Write, set_environment: SetEnvironment) -> None:
    """IDENTITY_ENDPOINT and IDENTITY_HEADER, as in App Service and Container Apps."""
    set_environment(emulator.identity_environment)
    _answers(write(azure_file(emulator, "credential: {kind: managed_identity}")))
    assert _bearer(emulator) == {True}
    assert emulator.token_requests == 1


def test_managed_identity_of_a_virtual_machine(
    emulator: Emulator, write: Write, set_environment: SetEnvironment
) -> None:
    """The metadata service, with the user-assigned identity's id in the request."""
    set_environment(emulator.imds_environment)
    sign_in = f"credential: {{kind: managed_identity, client_id: {emulator.client_id}}}"
    _answers(write(azure_file(emulator, sign_in)))
    asked = [r for r in emulator.requests if r.path == "/metadata/identity/oauth2/token"]
    assert {r.query.get("client_id") for r in asked} == {emulator.client_id}


def test_workload_identity(emulator: Emulator, write: Write, tmp_path: Path) -> None:
    """A federated token file, exchanged at the https token endpoint."""
    token_file = tmp_path / "token"
    token_file.write_text(emulator.federated_token)
    sign_in = (
        f"credential: {{kind: workload_identity, tenant_id: {emulator.tenant_id}, client_id: {emulator.client_id}, "
        f"token_file_path: '{token_file}', authority: '{emulator.tls_url}', disable_instance_discovery: true, "
        f"http: {{ca_file: '{emulator.ca_file}'}}}}"
    )
    _answers(write(azure_file(emulator, sign_in)))
    assert emulator.token_requests == 1


def test_workload_identity_of_the_environment(
    emulator: Emulator, write: Write, tmp_path: Path, set_environment: SetEnvironment
) -> None:
    """The three variables that AKS sets, which azure-identity reads."""
    (tmp_path / "token").write_text(emulator.federated_token)
    set_environment(
        {
            "AZURE_TENANT_ID": emulator.tenant_id,
            "AZURE_CLIENT_ID": emulator.client_id,
            "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token"),
        }
    )
    sign_in = (
        f"credential: {{kind: workload_identity, authority: '{emulator.tls_url}', disable_instance_discovery: true, "
        f"http: {{ca_file: '{emulator.ca_file}'}}}}"
    )
    _answers(write(azure_file(emulator, sign_in)))
    assert emulator.token_requests == 1


def test_client_secret(emulator: Emulator, write: Write) -> None:
    """An application with a secret, at the https token endpoint."""
    _answers(write(azure_file(emulator, client_secret(emulator))))
    assert emulator.token_requests == 1


def test_azure_cli(emulator: Emulator, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token that `az account get-access-token` prints."""
    expires = int(time.time()) + 3600
    answer = json.dumps({"accessToken": emulator.issue_token(), "expiresOn": "x", "expires_on": expires})
    _fake_az(tmp_path, monkeypatch, f"echo '{answer}'")
    _answers(write(azure_file(emulator, "credential: {kind: azure_cli}")))
    assert _bearer(emulator) == {True}


def test_default(emulator: Emulator, write: Write, set_environment: SetEnvironment) -> None:
    """azure-identity's chain, which finds the managed identity here."""
    set_environment(emulator.identity_environment)
    _answers(write(azure_file(emulator, "credential: {kind: default}")))
    assert _bearer(emulator) == {True}


def test_a_wrong_secret_says_what_to_check_and_not_the_secret(emulator: Emulator, write: Write) -> None:
    """The place in the file, Entra's code, what to do."""
    path = write(azure_file(emulator, client_secret(emulator, secret="canary-77aa")))
    with pytest.raises(byoclient.CredentialError) as caught:
        byoclient.load(path).client().chat.completions.create(model="gpt-4o", messages=MESSAGES)
    message = str(caught.value)
    assert message.startswith(f"{path}:7: options.credential: credential kind 'client_secret' gave no token.")
    assert "AADSTS7000215" in message
    assert message.endswith(
        "Check tenant_id, client_id and client_secret (its value, not its id), and whether it has expired."
    )
    assert "canary-77aa" not in message


def test_no_signed_in_account_says_az_login(
    write: Write, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when az is there."""
    _fake_az(tmp_path, monkeypatch, "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1")
    clients = byoclient.load(write(azure_file(emulator, "credential: {kind: azure_cli}")))
    with pytest.raises(byoclient.CredentialError, match=r"Run 'az login', or choose another credential kind\.$"):
        clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES)


def test_a_failure_of_the_default_chain_lists_what_was_tried(
    emulator: Emulator, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the async client too."""
    monkeypatch.setenv("PATH", str(tmp_path))
    excluded = "exclude_managed_identity_credential: true, exclude_shared_token_cache_credential: true"
    clients = byoclient.load(write(azure_file(emulator, f"credential: {{kind: default, {excluded}}}")))

    async def ask() -> None:
        async with clients:
            await clients.async_client().chat.completions.create(model="gpt-4o", messages=MESSAGES)

    with pytest.raises(byoclient.CredentialError) as caught:
        asyncio.run(ask())
    assert "EnvironmentCredential: " in str(caught.value)
    assert "AzureCliCredential: Azure CLI not found on path" in str(caught.value)


def test_equal_credentials_share_one_token(emulator: Emulator, write: Write) -> None:
    """Two files, four clients, thirty-two threads: one request at the token endpoint."""
    paths = [write(azure_file(emulator, client_secret(emulator)), name) for name in ("a.yaml", "b.yaml")]
    clients = [byoclient.load(path).client() for path in paths]
    barrier = threading.Barrier(32)

    def ask(index: int) -> object:
        barrier.wait()
        return clients[index % 2].chat.completions.create(model="gpt-4o", messages=MESSAGES)

    with ThreadPoolExecutor(32) as pool:
        assert len(list(pool.map(ask, range(32)))) == 32
    assert emulator.token_requests == 1


def test_a_source_lives_as_long_as_somebody_uses_it() -> None:
    """Equal configurations find it; an abandoned one is let go."""
    config = ManagedIdentityConfig(kind="managed_identity")
    source = token_source(config)
    assert token_source(ManagedIdentityConfig(kind="managed_identity")) is source


def test_a_managed_identity_that_stays_silent_is_given_up(
    emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """azure-identity itself would wait for 300 s, several times."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "x")
        quick = IdentityHttp(connect_timeout=0.2, read_timeout=0.2)
        monkeypatch.setattr("byoclient.identity.managed.IdentityHttp", lambda: quick)
        clients = byoclient.load(write(azure_file(emulator, "credential: {kind: managed_identity}")))
        with pytest.raises(byoclient.CredentialError, match="Assign this identity to the Azure host"):
            clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES)


def test_a_token_file_that_is_not_there_is_a_credential_error(emulator: Emulator, write: Write) -> None:
    """Not a bare FileNotFoundError."""
    sign_in = "credential: {kind: workload_identity, tenant_id: t, client_id: c, token_file_path: /nowhere}"
    path = write(azure_file(emulator, sign_in))
    with pytest.raises(byoclient.CredentialError, match="No such file or directory") as caught:
        byoclient.load(path).client().models.list()
    assert (caught.value.file, caught.value.line, caught.value.key) == (path, 7, "options.credential")


def test_seconds_of_a_process_are_rounded_up() -> None:
    """azure-identity takes whole ones, and 0 would always fail."""
    credential = AzureCliConfig(kind="azure_cli", process_timeout=0.9).build()
    assert getattr(credential, "_process_timeout") == 1  # noqa: B009  (nothing public tells it)


@pytest.mark.parametrize("kind", ["object_id", "resource_id"])
def test_other_ids_of_a_managed_identity_are_sent(
    kind: str, emulator: Emulator, write: Write, set_environment: SetEnvironment
) -> None:
    """As App Service calls them."""
    set_environment(emulator.identity_environment)
    clients = byoclient.load(write(azure_file(emulator, f"credential: {{kind: managed_identity, {kind}: some-id}}")))
    with suppress(byoclient.CredentialError):
        clients.client().models.list()
    (asked,) = [request for request in emulator.requests if request.path == "/msi/token"]
    assert "some-id" in asked.query.values()


def test_a_scope_of_its_own_is_what_is_asked_for(emulator: Emulator, write: Write) -> None:
    """That of Foundry."""
    own = "kind: client_secret, scope: https://ai.azure.com/.default"
    _answers(write(azure_file(emulator, client_secret(emulator).replace("kind: client_secret", own))))
    (asked,) = [request for request in emulator.requests if request.path.endswith("/oauth2/v2.0/token")]
    assert b"scope=https%3A%2F%2Fai.azure.com%2F.default" in asked.body


def test_the_cloud_decides_on_authority_and_scope() -> None:
    """Of each sovereign cloud."""
    china = ClientSecretConfig.model_validate(
        {"kind": "client_secret", "cloud": "china", "tenant_id": "t", "client_id": "c", "client_secret": "s-secret"}
    )
    assert china.arguments()["authority"] == "login.chinacloudapi.cn"
    assert china.token_scope == "https://cognitiveservices.azure.cn/.default"
    assert ManagedIdentityConfig(kind="managed_identity", scope="https://ai.azure.com/.default").token_scope.startswith(
        "https://ai.azure.com"
    )
