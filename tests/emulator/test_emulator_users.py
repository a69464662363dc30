"""Requests on behalf of a user, one by one, and how Entra refuses them."""

from __future__ import annotations

import pytest

from byoclient.emulator import Emulator
from tests.emulator.test_emulator_identity import SCOPE, opens
from tests.emulator.test_emulator_token_endpoints import post_token

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def test_a_users_token_that_is_not_right_is_refused_in_entra_s_words(emulator: Emulator) -> None:
    """Unknown, expired, for another audience, revoked."""
    revoked = emulator.issue_token(emulator.client_id)
    emulator.revoke(revoked)
    cases = {
        "canary-4": 50013,
        emulator.issue_token(emulator.client_id, lifetime=-1): 500133,
        emulator.issue_token(): 500131,
        revoked: 50173,
    }
    for assertion, code in cases.items():
        answer = post_token(emulator, behalf(emulator, assertion=assertion))
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
        assert answer.json()["error_codes"] == [code]
        assert assertion not in answer.text


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"assertion": ""}, 900144),
        ({"requested_token_use": ""}, 900144),
        ({"requested_token_use": "logon_cert"}, 90023),
        ({"scope": ""}, 900144),
        ({"scope": "openid profile"}, 70011),
        ({"client_secret": "wrong"}, 7000215),
    ],
)
def test_a_request_on_behalf_of_a_user_must_be_whole(other: dict[str, str], code: int, emulator: Emulator) -> None:
    """As with every grant."""
    form = behalf(emulator, **{"assertion": emulator.issue_token(emulator.client_id), **other})
    answer = post_token(emulator, {name: value for name, value in form.items() if value})
    assert answer.json()["error_codes"] == [code]


@pytest.mark.parametrize("scope", [SCOPE, "https://cognitiveservices.azure.com/user_impersonation openid"])
def test_a_user_may_have_delegated_scopes(scope: str, emulator: Emulator) -> None:
    """The audience is their resource."""
    form = behalf(emulator, assertion=emulator.issue_token(emulator.client_id), scope=scope)
    answer = post_token(emulator, form).json()
    assert opens(emulator, answer["access_token"])
    assert answer["scope"] == scope
    assert ("id_token" in answer) == ("openid" in scope)


def behalf(emulator: Emulator, **other: str) -> dict[str, str]:
    """Return a request on behalf of a user."""
    return {
        "grant_type": GRANT,
        "client_id": emulator.client_id,
        "client_secret": emulator.client_secret,
        "requested_token_use": "on_behalf_of",
        "scope": SCOPE,
        **other,
    }
