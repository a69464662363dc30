"""How the real azure-identity meets token endpoints that are broken."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import AzureError, ClientAuthenticationError
from azure.identity import ManagedIdentityCredential

from byoclient.emulator import Emulator
from tests.conftest import SetEnvironment
from tests.emulator.test_emulator_identity import SCOPE, opens, secret_credential


@pytest.mark.parametrize(("status", "said"), [(503, "HTTP Error: 503"), (429, "AADSTS90055: There are too many")])
def test_the_real_credential_meets_entra_s_outage(status: int, said: str, broken: Emulator) -> None:
    """MSAL (1.39) reads the errors below 500 only; it keeps both, and asks no more for a while."""
    broken.break_tokens(status=status, retry_after=60)
    with secret_credential(broken, retry_total=0) as credential:
        for _ in range(2):
            with pytest.raises(ClientAuthenticationError, match=said) as caught:
                credential.get_token(SCOPE)
            assert broken.client_secret not in str(caught.value)
        assert broken.token_requests == 1


@pytest.mark.parametrize("fault", [{"drop": True}, {"hang": True}])
def test_the_real_credential_fails_without_an_answer_and_works_after_mending(
    fault: dict[str, Any], broken: Emulator
) -> None:
    """With its own timeout."""
    broken.break_tokens(**fault)
    with secret_credential(broken, retry_total=0, read_timeout=0.3) as credential:
        with pytest.raises(AzureError):
            credential.get_token(SCOPE)
        assert broken.token_requests == 1
        broken.mend()
        assert opens(broken, credential.get_token(SCOPE).token)


@pytest.mark.parametrize("kind", ["identity_environment", "imds_environment"])
def test_the_real_managed_identity_meets_an_outage(
    kind: str, broken: Emulator, set_environment: SetEnvironment
) -> None:
    """As App Service and IMDS word it. A credential that failed keeps the failure for 5 s (MSAL 1.39)."""
    set_environment(getattr(broken, kind))
    broken.break_tokens(status=500)
    with (
        ManagedIdentityCredential(retry_total=0) as credential,
        pytest.raises(AzureError, match=r"fetching the AAD Token|Failed to retrieve token"),
    ):
        credential.get_token(SCOPE)
    broken.mend()
    with ManagedIdentityCredential(retry_total=0) as credential:
        assert opens(broken, credential.get_token(SCOPE).token)
