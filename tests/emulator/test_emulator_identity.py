"""Entra ID and managed identity through the real azure-identity."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import (
    ClientSecretCredential,
    CredentialUnavailableError,
    DefaultAzureCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
    get_bearer_token_provider,
)
from azure.identity.aio import ClientSecretCredential as AsyncClientSecretCredential
from openai import AzureOpenAI, OpenAI

from byoclient.emulator import Emulator
from tests.conftest import SetEnvironment

SCOPE = "https://cognitiveservices.azure.com/.default"


def entra(emulator: Emulator) -> dict[str, Any]:
    """Return the arguments that lead a credential to the emulator."""
    return {
        "authority": emulator.tls_url,
        "disable_instance_discovery": True,
        "connection_verify": emulator.ca_file,
    }


def secret_credential(emulator: Emulator, **other: Any) -> ClientSecretCredential:
    """Return a credential with the emulator's values, or others."""
    values = {
        "tenant_id": emulator.tenant_id,
        "client_id": emulator.client_id,
        "client_secret": emulator.client_secret,
    }
    return ClientSecretCredential(**{**values, **entra(emulator), **other})


def opens(emulator: Emulator, token: str) -> bool:
    """Return whether the OpenAI part accepts a token."""
    with OpenAI(base_url=f"{emulator.url}/openai/v1", api_key=token, max_retries=0) as client:
        return bool(list(client.models.list()))


def test_a_client_secret_gets_a_token_that_opens_azure_openai(emulator: Emulator) -> None:
    """The whole way: credential, token provider, Azure client; one token request for two calls."""
    with (
        secret_credential(emulator) as credential,
        AzureOpenAI(
            azure_endpoint=emulator.url,
            azure_ad_token_provider=get_bearer_token_provider(credential, SCOPE),
            api_version="2024-10-21",
        ) as client,
    ):
        for _ in range(2):
            client.chat.completions.create(model="gpt-4o", messages=[{"role": "user", "content": "Hi"}])
    assert emulator.token_requests == 1
    assert emulator.requests[0].path == f"/{emulator.tenant_id}/v2.0/.well-known/openid-configuration"
    assert [request.secure for request in emulator.requests] == [True, True, False, False]


def test_the_async_credential_gets_one_too(emulator: Emulator) -> None:
    """azure.identity.aio speaks to the same endpoint."""

    async def token() -> str:
        async with AsyncClientSecretCredential(
            emulator.tenant_id, emulator.client_id, emulator.client_secret, **entra(emulator)
        ) as credential:
            return (await credential.get_token(SCOPE)).token

    assert opens(emulator, asyncio.run(token()))


def test_workload_identity_presents_the_federated_token(emulator: Emulator, tmp_path: Path) -> None:
    """The file's text is the assertion."""
    file = tmp_path / "token"
    file.write_text(emulator.federated_token)
    with WorkloadIdentityCredential(
        tenant_id=emulator.tenant_id, client_id=emulator.client_id, token_file_path=str(file), **entra(emulator)
    ) as credential:
        assert opens(emulator, credential.get_token(SCOPE).token)


def test_another_federated_token_is_refused(emulator: Emulator, tmp_path: Path) -> None:
    """A wrong assertion is invalid_client, and not repeated in the error."""
    file = tmp_path / "token"
    file.write_text("s0mething")
    with (
        WorkloadIdentityCredential(
            tenant_id=emulator.tenant_id, client_id=emulator.client_id, token_file_path=str(file), **entra(emulator)
        ) as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS50027") as caught,
    ):
        credential.get_token(SCOPE)
    assert "s0mething" not in str(caught.value)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"client_secret": "s0mething"}, "AADSTS7000215: Invalid client secret provided"),
        ({"client_id": "nobody"}, "AADSTS700016: Application with identifier 'nobody' was not found"),
        ({"tenant_id": "nowhere"}, "Unable to get authority configuration"),
    ],
)
def test_wrong_values_are_refused_in_entra_s_words(emulator: Emulator, other: dict[str, str], message: str) -> None:
    """Secret, application and tenant each have their own code; no secret stands in the error."""
    with (
        secret_credential(emulator, **other) as credential,
        pytest.raises(ClientAuthenticationError, match=message) as caught,
    ):
        credential.get_token(SCOPE)
    assert "s0mething" not in str(caught.value)


@pytest.mark.parametrize("user_assigned", [True, False])
@pytest.mark.parametrize("kind", ["identity_environment", "imds_environment"])
def test_managed_identity_gets_a_token(
    emulator: Emulator, kind: str, user_assigned: bool, set_environment: SetEnvironment
) -> None:
    """The variables lead the real credential to the emulator, as in App Service and as in a VM."""
    set_environment(getattr(emulator, kind))
    with ManagedIdentityCredential(client_id=emulator.client_id if user_assigned else None) as credential:
        token = credential.get_token(SCOPE)
    assert opens(emulator, token.token)
    assert emulator.token_requests == 1


@pytest.mark.parametrize("kind", ["identity_environment", "imds_environment"])
def test_another_user_assigned_identity_is_refused(
    emulator: Emulator, kind: str, set_environment: SetEnvironment
) -> None:
    """An identity that the machine does not have is an error."""
    set_environment(getattr(emulator, kind))
    with (
        ManagedIdentityCredential(client_id="nobody") as credential,
        pytest.raises(CredentialUnavailableError, match=r"No User Assigned|Identity not found"),
    ):
        credential.get_token(SCOPE)


def test_default_credential_finds_the_managed_identity(emulator: Emulator, set_environment: SetEnvironment) -> None:
    """The chain of DefaultAzureCredential ends at the emulator's IMDS."""
    set_environment(emulator.imds_environment)
    with DefaultAzureCredential() as credential:
        assert opens(emulator, credential.get_token(SCOPE).token)


def test_the_token_says_how_long_it_lives() -> None:
    """`token_lifetime` reaches the credential."""
    with Emulator(token_lifetime=7200) as emulator, secret_credential(emulator) as credential:
        assert credential.get_token_info(SCOPE).refresh_on is None
        assert 7100 < credential.get_token_info(SCOPE).expires_on - time.time() < 7300
