"""Tokens that are revoked: Azure's 401, with a claims challenge where that is asked for."""

from __future__ import annotations

import base64
import json
import re
import time

import jwt
import pytest
from azure.identity import ManagedIdentityCredential
from openai import AuthenticationError, OpenAI

from byoclient.emulator import Emulator
from byoclient.errors import EmulatorError
from tests.conftest import SetEnvironment
from tests.emulator.test_emulator_identity import SCOPE, opens, secret_credential


def challenge_of(emulator: Emulator, token: str) -> str:
    """Return the challenge of the 401 that a token gets."""
    with (
        OpenAI(base_url=f"{emulator.url}/openai/v1", api_key=token, max_retries=0) as client,
        pytest.raises(AuthenticationError) as caught,
    ):
        client.models.list()
    assert caught.value.code == "Unauthorized"
    assert token not in caught.value.response.text
    return str(caught.value.response.headers["www-authenticate"])


def claims_in(challenge: str) -> str:
    """Return the claims that a challenge asks for."""
    (encoded,) = re.findall(r'\bclaims="([^"]+)"', challenge)
    return base64.b64decode(encoded).decode()


def test_a_revoked_token_is_refused_and_others_are_not(emulator: Emulator) -> None:
    """As every wrong token; those issued before and after go on."""
    before, revoked = emulator.issue_token(), emulator.issue_token()
    emulator.revoke(revoked)
    assert challenge_of(emulator, revoked) == "Bearer"
    assert opens(emulator, before)
    assert opens(emulator, emulator.issue_token())


def test_all_tokens_can_be_revoked_at_once(emulator: Emulator) -> None:
    """Mending does not bring them back; new ones are accepted."""
    token = emulator.issue_token()
    emulator.revoke_tokens()
    emulator.mend()
    assert challenge_of(emulator, token) == "Bearer"
    assert opens(emulator, emulator.issue_token())


def test_a_token_of_somebody_else_cannot_be_revoked(emulator: Emulator) -> None:
    """And is not repeated in the error."""
    with pytest.raises(EmulatorError, match="only its own") as caught:
        emulator.revoke("canary-12")
    assert "canary" not in str(caught.value)


def test_the_challenge_is_that_of_continuous_access_evaluation(emulator: Emulator) -> None:
    """A token that was issued after the revocation is asked for."""
    token = emulator.issue_token()
    emulator.revoke(token, challenge=True)
    challenge = challenge_of(emulator, token)
    assert challenge.startswith('Bearer realm="", authorization_uri="https://login.microsoftonline.com/')
    assert 'error="invalid_token"' in challenge
    asked = json.loads(claims_in(challenge))["access_token"]["nbf"]
    assert asked["essential"] is True
    assert abs(int(asked["value"]) - time.time()) < 10


def test_the_real_credential_gets_past_its_cache_with_the_claims(emulator: Emulator) -> None:
    """Without them it returns the revoked token again."""
    with secret_credential(emulator) as credential:
        token = credential.get_token(SCOPE).token
        emulator.revoke_tokens(challenge=True)
        assert credential.get_token(SCOPE).token == token
        claims = claims_in(challenge_of(emulator, token))
        renewed = credential.get_token(SCOPE, claims=claims).token
    assert renewed != token
    assert opens(emulator, renewed)
    assert emulator.token_requests == 2


@pytest.mark.parametrize("kind", ["identity_environment", "imds_environment"])
def test_tokens_say_who_they_are_for(kind: str, emulator: Emulator, set_environment: SetEnvironment) -> None:
    """Their claims are those of Entra's; nobody signed them."""
    set_environment(getattr(emulator, kind))
    with ManagedIdentityCredential() as credential, secret_credential(emulator) as application:
        for token in (credential.get_token(SCOPE), application.get_token(SCOPE)):
            claims = jwt.decode(token.token, options={"verify_signature": False})
            assert claims["aud"] == "https://cognitiveservices.azure.com"
            assert (claims["tid"], claims["appid"]) == (emulator.tenant_id, emulator.client_id)
            assert abs(claims["exp"] - token.expires_on) <= 2
            assert "upn" not in claims


def test_a_token_with_other_claims_is_refused(emulator: Emulator) -> None:
    """It is accepted as a whole, not by what it says."""
    head, _, mark = emulator.issue_token().split(".")
    claims = base64.urlsafe_b64encode(b'{"aud": "https://cognitiveservices.azure.com"}').decode().rstrip("=")
    assert challenge_of(emulator, f"{head}.{claims}.{mark}") == "Bearer"
