"""A person who signs in with a device code, through the real azure-identity and request by request."""

from __future__ import annotations

from typing import Any

import pytest
from azure.identity import DeviceCodeCredential

from byoclient.emulator import Emulator
from byoclient.emulator.device_codes import GRANT
from tests.emulator.test_emulator_identity import SCOPE, entra, opens
from tests.emulator.test_emulator_token_endpoints import https, post_token


def begin(emulator: Emulator, **change: str) -> Any:
    """Ask for a code."""
    form = {"client_id": emulator.client_id, "scope": f"{SCOPE} offline_access", **change}
    with https(emulator) as client:
        return client.post(f"/{emulator.tenant_id}/oauth2/v2.0/devicecode", data=form)


def test_a_person_gets_a_token_and_is_not_asked_again(emulator: Emulator) -> None:
    """The next one comes for a refresh token, which azure-identity keeps."""
    told: list[str] = []
    with DeviceCodeCredential(
        emulator.client_id,
        tenant_id=emulator.tenant_id,
        prompt_callback=lambda page, code, ends: told.append(code),
        **entra(emulator),
    ) as credential:
        first = credential.get_token(SCOPE)
        second = credential.get_token("https://ai.azure.com/.default")
    assert opens(emulator, first.token)
    assert first.token != second.token
    assert len(told) == 1
    assert emulator.token_requests == 2


def test_a_code_is_good_for_one_token(emulator: Emulator) -> None:
    """Which names the user; a public client has no secret."""
    form = {"grant_type": GRANT, "client_id": emulator.client_id, "device_code": begin(emulator).json()["device_code"]}
    answer = post_token(emulator, form)
    assert set(answer.json()) >= {"access_token", "refresh_token"}
    assert opens(emulator, answer.json()["access_token"])
    assert post_token(emulator, form).json()["error_codes"] == [70018]


def test_what_entra_refuses_is_refused() -> None:
    """An unknown application, no scope, a code that is too old, a refresh token of somebody else."""
    now = [1_000_000.0]
    with Emulator(clock=lambda: now[0]) as emulator:
        assert begin(emulator, client_id="x").json()["error_codes"] == [700016]
        assert begin(emulator, scope="openid").json()["error_codes"] == [70011]
        code = begin(emulator).json()
        now[0] += code["expires_in"]
        form = {"client_id": emulator.client_id, "scope": SCOPE}
        late = post_token(emulator, {**form, "grant_type": GRANT, "device_code": code["device_code"]})
        assert late.json()["error"] == "expired_token"
        other = post_token(emulator, {**form, "grant_type": "refresh_token", "refresh_token": "x"})
        assert other.json()["error_codes"] == [70000]


@pytest.mark.parametrize("asked", [False, True])
def test_the_user_is_named_where_that_was_asked_for(asked: bool, emulator: Emulator) -> None:
    """By an id token."""
    code = begin(emulator, scope=f"{SCOPE} openid" if asked else SCOPE).json()["device_code"]
    answer = post_token(emulator, {"grant_type": GRANT, "client_id": emulator.client_id, "device_code": code}).json()
    assert ("id_token" in answer) == asked
    assert "refresh_token" not in answer
