"""Applications with a certificate, and those that act on behalf of a user, through the real azure-identity."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
import trustme
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CertificateCredential, ClientAssertionCredential, OnBehalfOfCredential
from azure.identity.aio import CertificateCredential as AsyncCertificateCredential
from azure.identity.aio import OnBehalfOfCredential as AsyncOnBehalfOfCredential

from byoclient.emulator import Emulator
from byoclient.errors import EmulatorError
from tests.emulator.test_emulator_identity import SCOPE, entra, opens
from tests.emulator.test_emulator_token_endpoints import post_token

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class Certificate:
    """An application's certificate with its RSA key."""

    def __init__(self) -> None:
        made = trustme.CA(key_type=trustme.KeyType.RSA).issue_cert("app.example", key_type=trustme.KeyType.RSA)
        self.key = made.private_key_pem.bytes()
        self.public = made.cert_chain_pems[0].bytes()

    def assertion(self, emulator: Emulator, **other: object) -> str:
        """Return a good client assertion, or one with other claims."""
        now = int(time.time())
        claims = {
            "iss": emulator.client_id,
            "sub": emulator.client_id,
            "aud": f"{emulator.tls_url}/{emulator.tenant_id}/oauth2/v2.0/token",
            "nbf": now,
            "exp": now + 600,
            **other,
        }
        return jwt.encode({name: value for name, value in claims.items() if value is not None}, self.key, "RS256")


@pytest.fixture(scope="module")
def certificate() -> Certificate:
    """The application's."""
    return Certificate()


@pytest.fixture(scope="module")
def strict(certificate: Certificate) -> Iterator[Emulator]:
    """An emulator that knows the certificate."""
    with Emulator(client_certificate=certificate.public) as running:
        yield running


def test_a_certificate_gets_a_token(strict: Emulator, certificate: Certificate) -> None:
    """Sync and async; the signature is checked."""

    async def async_token() -> str:
        async with AsyncCertificateCredential(
            strict.tenant_id, strict.client_id, certificate_data=certificate.key + certificate.public, **entra(strict)
        ) as credential:
            return (await credential.get_token(SCOPE)).token

    with CertificateCredential(
        strict.tenant_id, strict.client_id, certificate_data=certificate.key + certificate.public, **entra(strict)
    ) as credential:
        assert opens(strict, credential.get_token(SCOPE).token)
    assert opens(strict, asyncio.run(async_token()))


def test_another_certificate_is_refused(strict: Emulator) -> None:
    """In Entra's words; an emulator that knows no certificate accepts it."""
    other = Certificate()
    pem = other.key + other.public
    with (
        CertificateCredential(strict.tenant_id, strict.client_id, certificate_data=pem, **entra(strict)) as credential,
        pytest.raises(ClientAuthenticationError, match="AADSTS700027"),
    ):
        credential.get_token(SCOPE)
    with (
        Emulator() as trusting,
        CertificateCredential(
            trusting.tenant_id, trusting.client_id, certificate_data=pem, **entra(trusting)
        ) as credential,
    ):
        assert opens(trusting, credential.get_token(SCOPE).token)


def test_an_assertion_of_ones_own_is_checked_alike(strict: Emulator, certificate: Certificate) -> None:
    """As a function of the program makes it."""
    with ClientAssertionCredential(
        strict.tenant_id, strict.client_id, lambda: certificate.assertion(strict), **entra(strict)
    ) as credential:
        assert opens(strict, credential.get_token(SCOPE).token)


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"iss": "nobody"}, 700021),
        ({"sub": None}, 700021),
        ({"aud": "https://login.microsoftonline.com/x/oauth2/v2.0/token"}, 700023),
        ({"exp": 1_700_000_000, "nbf": None}, 700024),
        ({"nbf": 4_000_000_000, "exp": 4_000_000_600}, 700024),
        ({"exp": None}, 50027),
    ],
)
def test_a_wrong_assertion_is_refused_in_entra_s_words(
    other: dict[str, Any], code: int, strict: Emulator, certificate: Certificate
) -> None:
    """Each claim has its own number."""
    answer = post_token(strict, proof(strict, certificate.assertion(strict, **other)))
    assert (answer.status_code, answer.json()["error"], answer.json()["error_codes"]) == (401, "invalid_client", [code])


@pytest.mark.parametrize("text", ["canary", "a.b.c", "a.e30.c.d", "\N{SNOWMAN}.e30.c", "a.W10.c"])
def test_what_is_no_assertion_is_malformed(text: str, strict: Emulator) -> None:
    """And not repeated."""
    answer = post_token(strict, proof(strict, text))
    assert (answer.status_code, answer.json()["error_codes"]) == (401, [50027])
    assert "canary" not in answer.text


def unsigned(assertion: str) -> str:
    """Take the signature away and say that there is none."""
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": "JWT"}).encode()).decode().rstrip("=")
    return f"{head}.{assertion.split('.')[1]}."


def with_secret(assertion: str) -> str:
    """Sign with a secret of the client's own."""
    claims = jwt.decode(assertion, options={"verify_signature": False})
    return jwt.encode(claims, "s" * 32, "HS256")


@pytest.mark.parametrize("forge", [unsigned, with_secret])
def test_only_a_signature_of_the_certificate_counts(
    forge: Callable[[str], str], strict: Emulator, certificate: Certificate
) -> None:
    """Not one of another algorithm, or none."""
    answer = post_token(strict, proof(strict, forge(certificate.assertion(strict))))
    assert (answer.status_code, answer.json()["error_codes"]) == (401, [700027])


def test_a_certificate_that_is_none_is_refused_at_once() -> None:
    """Before anything is started; a private key is none."""
    for text in ("canary", Certificate().key):
        with pytest.raises(EmulatorError, match="is no certificate") as caught:
            Emulator(client_certificate=text)
        assert "canary" not in str(caught.value)


def test_an_application_acts_on_behalf_of_a_user(emulator: Emulator) -> None:
    """The token says who the user is; the second one comes from azure-identity's cache."""
    brought = emulator.issue_token(emulator.client_id)
    with OnBehalfOfCredential(
        emulator.tenant_id,
        emulator.client_id,
        client_secret=emulator.client_secret,
        user_assertion=brought,
        **entra(emulator),
    ) as credential:
        token = credential.get_token(SCOPE).token
        assert credential.get_token(SCOPE).token == token
    assert opens(emulator, token)
    claims = jwt.decode(token, options={"verify_signature": False})
    assert (claims["upn"], claims["aud"]) == ("user@emulator.example", "https://cognitiveservices.azure.com")
    assert emulator.token_requests == 1


def test_it_does_so_async_and_with_a_certificate_too(strict: Emulator, certificate: Certificate) -> None:
    """Another way to prove who the application is."""

    async def token() -> str:
        async with AsyncOnBehalfOfCredential(
            strict.tenant_id,
            strict.client_id,
            client_certificate=certificate.key + certificate.public,
            user_assertion=strict.issue_token(f"api://{strict.client_id}"),
            **entra(strict),
        ) as credential:
            return (await credential.get_token(SCOPE)).token

    assert opens(strict, asyncio.run(token()))


def proof(emulator: Emulator, assertion: str) -> dict[str, str]:
    """Return a request that presents a client assertion."""
    return {
        "grant_type": "client_credentials",
        "client_id": emulator.client_id,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": assertion,
        "scope": SCOPE,
    }
