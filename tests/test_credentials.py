"""The further credential kinds, from YAML through the real azure-identity to an answer; see also test_identity."""

from __future__ import annotations

import asyncio
import base64
import http.client
import json
import re
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from azure.core.exceptions import AzureError
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import load_pem_x509_certificate
from pydantic import TypeAdapter

import byoclient
from byoclient import Trust
from byoclient.emulator import Emulator
from byoclient.identity.base import CredentialConfig
from byoclient.identity.chain import ChainConfig
from byoclient.identity.credentials import Credential
from byoclient.identity.sharing import token_source
from byoclient.plan import plan_file
from tests.conftest import SetEnvironment, Write
from tests.yaml_files import MESSAGES, azure_file

Answer = Callable[[BaseHTTPRequestHandler, bytes], bytes]
SCOPE = "https://cognitiveservices.azure.com/.default"
CLAIMS = '{"access_token":{}}'
CREDENTIAL: TypeAdapter[CredentialConfig] = TypeAdapter(Credential)
FUNCTIONS = """
import os
def assertion(): return os.environ["TEST_ASSERTION"]
def number(): return 5
def broken(): return "two\\nlines"
def raising(): raise RuntimeError("canary-5c1e")
def asking(user): return user
async def awaited(): return "x"
"""


def answers(path: str, trust: Trust | None = None) -> None:
    """Ask sync and async."""
    clients = byoclient.load(path, trust=trust)
    assert clients.client().chat.completions.create(model="gpt-4o", messages=MESSAGES).choices

    async def ask() -> None:
        async with clients:
            assert (await clients.async_client().chat.completions.create(model="gpt-4o", messages=MESSAGES)).choices

    asyncio.run(ask())


def refusal(path: str, trust: Trust | None = None) -> str:
    """Return why there is no token, without the place in the file."""
    with pytest.raises(byoclient.CredentialError) as caught:
        byoclient.load(path, trust=trust).client().models.list()
    assert (caught.value.file, caught.value.line, caught.value.key) == (path, 7, "options.credential")
    return caught.value.message


def wrong(path: str, trust: Trust | None = None) -> str:
    """Return what is wrong with a file, without its path."""
    with pytest.raises(byoclient.ConfigError) as caught:
        byoclient.load(path, trust=trust)
    assert not isinstance(caught.value, byoclient.ConfigErrors), str(caught.value)
    return str(caught.value).removeprefix(path)


def at_entra(emulator: Emulator, kind: str, **own: object) -> str:
    """Return a credential that signs in at the emulator's https token endpoint; JSON is YAML too."""
    settings = {
        "kind": kind,
        "tenant_id": emulator.tenant_id,
        "client_id": emulator.client_id,
        "authority": emulator.tls_url,
        "disable_instance_discovery": True,
        "http": {"ca_file": emulator.ca_file},
        **own,
    }
    given = {name: value for name, value in settings.items() if value is not None}
    return f"credential: {json.dumps(given)}"


def config(kind: str, **own: object) -> CredentialConfig:
    """Return the configuration of a kind."""
    return CREDENTIAL.validate_python({"kind": kind, **own})


def built(emulator: Emulator, kind: str, **own: object) -> Any:
    """Return the credential of a kind at the emulator's Entra ID."""
    text = at_entra(emulator, kind, **own).removeprefix("credential: ")
    return CREDENTIAL.validate_python(json.loads(text)).build()


class Certificate:
    """An application's certificate with an RSA key, in several forms."""

    def __init__(self, folder: Path) -> None:
        self.authority = trustme.CA(key_type=trustme.KeyType.RSA)
        issued = self.authority.issue_cert("app.contoso.example", key_type=trustme.KeyType.RSA)
        self.cert = issued.cert_chain_pems[0].bytes()
        self.key = issued.private_key_pem.bytes()
        self.file = folder / "app.pem"
        self.file.write_bytes(self.key + self.cert)

    def pkcs12(self, password: bytes) -> bytes:
        """Return it as Windows and Key Vault export it."""
        key: Any = load_pem_private_key(self.key, None)
        certificate = load_pem_x509_certificate(self.cert)
        return pkcs12.serialize_key_and_certificates(b"app", key, certificate, None, BestAvailableEncryption(password))


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path)


@pytest.fixture
def functions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> str:
    """A module of the program's own, whose `assertion` returns what the emulator accepts."""
    (tmp_path / "acme_identity.py").write_text(FUNCTIONS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "acme_identity", raising=False)
    monkeypatch.setenv("TEST_ASSERTION", emulator.federated_token)
    return "acme_identity"


@contextmanager
def serving(answer: Answer, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """Serve every GET and POST with what `answer` returns; yield the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = answer(self, self.rfile.read(int(self.headers.get("Content-Length", "0"))))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST  # noqa: N815  (the name is the standard library's)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


def test_client_certificate(emulator: Emulator, write: Write, certificate: Certificate) -> None:
    """A PEM file with key and certificate."""
    answers(
        write(azure_file(emulator, at_entra(emulator, "client_certificate", certificate_path=str(certificate.file))))
    )
    assert emulator.token_requests == 1


def test_a_certificate_signs_what_entra_checks(write: Write, certificate: Certificate, tmp_path: Path) -> None:
    """PEM with a password, PKCS12 and both as text; another one is refused, with what to check."""
    (tmp_path / "app.pfx").write_bytes(certificate.pkcs12(b"pass-word"))
    text = (certificate.key + certificate.cert).decode()
    ways: list[dict[str, object]] = [
        {"certificate_path": str(certificate.file), "send_certificate_chain": True},
        {"certificate_path": str(tmp_path / "app.pfx"), "password": "pass-word"},
        {"certificate_data": text},
        {"certificate_data": {"file": str(certificate.file)}},
        {"certificate_data": base64.b64encode(certificate.pkcs12(b"pass-word")).decode(), "password": "pass-word"},
    ]
    with Emulator(client_certificate=certificate.cert) as emulator:
        for way in ways:
            answers(write(azure_file(emulator, at_entra(emulator, "client_certificate", **way))))
        (tmp_path / "other").mkdir()
        other = Certificate(tmp_path / "other")
        path = at_entra(emulator, "client_certificate", certificate_path=str(other.file))
        message = refusal(write(azure_file(emulator, path)))
    assert "AADSTS700027" in message
    assert message.endswith(
        "Check tenant_id and client_id, that the file holds the certificate with its RSA key, and that the "
        "certificate is the application's and has not expired."
    )


def test_a_certificate_that_was_renewed_is_read_again(write: Write, certificate: Certificate, tmp_path: Path) -> None:
    """azure-identity reads it once; the next token is asked for with the new one."""
    old = tmp_path / "old"
    old.mkdir()
    new = certificate.file.read_bytes()
    certificate.file.write_bytes(Certificate(old).file.read_bytes())
    with Emulator(client_certificate=certificate.cert) as emulator:
        credential = built(emulator, "client_certificate", certificate_path=str(certificate.file))
        with pytest.raises(AzureError):
            credential.get_token_info("https://cognitiveservices.azure.com/.default")
        certificate.file.unlink()
        with pytest.raises(AzureError, match="AADSTS700027"):  # in a rotation: what was read is kept
            credential.get_token_info("https://cognitiveservices.azure.com/.default")
        certificate.file.write_bytes(new)
        assert credential.get_token_info("https://cognitiveservices.azure.com/.default").token
        credential.close()


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ({}, ":7: options.credential: holds neither certificate_path nor certificate_data. Give one of them."),
        (
            {"certificate_path": "/a", "certificate_data": "-----BEGIN"},
            ":7: options.credential: holds certificate_path and certificate_data. Keep one of them.",
        ),
        (
            {"certificate_pth": "/a"},
            ":7: options.credential.certificate_pth: unknown option of 'azure_openai'. "
            "Did you mean 'certificate_path'?",
        ),
        (
            {"certificate_path": "/a", "password": "pass word"},
            ":7: options.credential.password: is empty, or holds spaces, line breaks or other characters that no "
            "key has.",
        ),
    ],
)
def test_mistakes_with_a_certificate_are_told(
    own: dict[str, object], message: str, emulator: Emulator, write: Write
) -> None:
    """When the file is loaded."""
    assert wrong(write(azure_file(emulator, at_entra(emulator, "client_certificate", **own)))) == message


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"certificate_path": "/nowhere/app.pem"}, "[Errno 2] No such file or directory: '/nowhere/app.pem'"),
        (
            {"certificate_data": "no-certificate"},
            "certificate_data is neither the text of a PEM file nor PKCS12 in base64",
        ),
    ],
)
def test_a_certificate_that_cannot_be_read_is_a_credential_error(
    own: dict[str, object], said: str, emulator: Emulator, write: Write
) -> None:
    """When a token is needed: the machine that checks a file need not be the one that has the certificate."""
    message = refusal(write(azure_file(emulator, at_entra(emulator, "client_certificate", **own))))
    assert message.startswith(f"credential kind 'client_certificate' gave no token. It said: {said}. Check tenant_id")


def test_client_assertion(emulator: Emulator, write: Write, functions: str) -> None:
    """A function of the program's own, which the program trusts."""
    path = write(azure_file(emulator, at_entra(emulator, "client_assertion", func=f"{functions}:assertion")))
    answers(path, Trust(modules=(functions,)))
    assert emulator.token_requests == 1


def test_a_function_needs_the_trust_of_the_program(emulator: Emulator, write: Write, functions: str) -> None:
    """As a client provider does; nothing is imported to find that out."""
    path = write(azure_file(emulator, at_entra(emulator, "client_assertion", func=f"{functions}:assertion")))
    assert wrong(path) == (
        ":7: options.credential.func: 'acme_identity:assertion' is advertised by no installed distribution as a client "
        "assertion, and this program does not trust module 'acme_identity'. Pass "
        'trust=Trust(modules=("acme_identity",)) to load(), or --trust-module acme_identity.'
    )
    assert functions not in sys.modules
    unknown = write(azure_file(emulator, at_entra(emulator, "client_assertion", func="federation")))
    assert wrong(unknown) == (":7: options.credential.func: no client assertion named 'federation'. Installed: none.")
    private = write(azure_file(emulator, at_entra(emulator, "client_assertion", func="os:getcwd")))
    assert "is in the standard library" in wrong(private)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("number", "'acme_identity:number' returned int; a client assertion is text"),
        ("broken", "what 'acme_identity:broken' returned is empty, or holds spaces, line breaks or other characters"),
        ("raising", "'acme_identity:raising' raised RuntimeError"),
        ("asking", "'acme_identity:asking' takes (user). It should take no parameter"),
        ("missing", "'acme_identity' has no 'missing'. Is it on sys.path, and spelled so?"),
        (
            "awaited",
            "'acme_identity:awaited' is an 'async def'. A client assertion is a plain 'def' that returns the client "
            "assertion; nobody awaits it",
        ),
    ],
)
@pytest.mark.parametrize("kind", ["client_assertion", "on_behalf_of"])
def test_a_function_that_fails_is_a_credential_error(
    kind: str, name: str, said: str, emulator: Emulator, write: Write, functions: str
) -> None:
    """Without what it returned or said."""
    user = {"user_assertion": emulator.issue_token(emulator.client_id)} if kind == "on_behalf_of" else {}
    path = write(azure_file(emulator, at_entra(emulator, kind, func=f"{functions}:{name}", **user)))
    message = refusal(path, Trust(modules=(functions,)))
    assert said in message
    assert "canary" not in message


@pytest.mark.parametrize("place", ["client_assertion", "on_behalf_of", "chain"])
def test_prepare_imports_the_function(place: str, emulator: Emulator, write: Write, functions: str) -> None:
    """So that its errors show at startup, with their place; load() imports nothing, and nothing is sent."""
    user = {"user_assertion": "some-token"} if place == "on_behalf_of" else {}
    kind = "client_assertion" if place == "chain" else place
    sign_in, trust = at_entra(emulator, kind, func=f"{functions}:missing", **user), Trust(modules=(functions,))
    if place == "chain":
        inner = f"{{kind: chain, credentials: [{sign_in.removeprefix('credential: ')}]}}"
        sign_in = f"credential: {{kind: chain, credentials: [{{kind: azure_cli}}, {inner}]}}"
    path = write(azure_file(emulator, sign_in))
    clients = byoclient.load(path, trust=trust)
    assert functions not in sys.modules
    with pytest.raises(byoclient.ProviderError) as caught:
        clients.prepare()
    key = f"options.credential{'.credentials[1].credentials[0]' if place == 'chain' else ''}.func"
    assert str(caught.value) == f"{path}:7: {key}: 'acme_identity' has no 'missing'. Is it on sys.path, and spelled so?"
    (error,) = {str(error) for error in plan_file(path, None, trust).import_errors()}
    assert error == str(caught.value)
    byoclient.load(write(azure_file(emulator, sign_in.replace("missing", "assertion"))), trust=trust).prepare()
    assert emulator.requests == ()


@pytest.mark.parametrize("proof", ["secret", "certificate", "certificate_data", "func"])
def test_on_behalf_of(proof: str, emulator: Emulator, write: Write, certificate: Certificate, functions: str) -> None:
    """The token that a user brought to this application, with each way to say which application it is."""
    ways: dict[str, dict[str, object]] = {
        "secret": {"client_secret": emulator.client_secret},
        "certificate": {"certificate_path": str(certificate.file)},
        "certificate_data": {"certificate_data": certificate.file.read_text()},
        "func": {"func": f"{functions}:assertion"},
    }
    user = emulator.issue_token(emulator.client_id)
    sign_in = at_entra(emulator, "on_behalf_of", user_assertion=user, **ways[proof])
    answers(write(azure_file(emulator, sign_in)), Trust(modules=(functions,)))
    assert emulator.token_requests == 1


def test_on_behalf_of_nobody_says_what_to_check(emulator: Emulator, write: Write) -> None:
    """A token that was made for something else, which is not shown."""
    user = emulator.issue_token()
    sign_in = at_entra(emulator, "on_behalf_of", user_assertion=user, client_secret=emulator.client_secret)
    message = refusal(write(azure_file(emulator, sign_in)))
    assert message.startswith("credential kind 'on_behalf_of' gave no token. It said: Authentication failed: AADSTS")
    assert message.endswith(
        "Check that user_assertion is a token that the user got for this application and that it has not expired, and "
        "the application's secret, certificate or func."
    )
    assert user not in message


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (
            {},
            ":7: options.credential: holds none of client_secret, certificate_path, certificate_data, func. "
            "Give one of them.",
        ),
        (
            {"client_secret": "some-secret", "certificate_path": "/a"},
            ":7: options.credential: holds client_secret and certificate_path. Keep one of them.",
        ),
    ],
)
def test_an_application_proves_itself_in_one_way(
    own: dict[str, object], message: str, emulator: Emulator, write: Write
) -> None:
    """Not in none, and not in two."""
    assert (
        wrong(write(azure_file(emulator, at_entra(emulator, "on_behalf_of", user_assertion="u-1", **own)))) == message
    )


def executable(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    """Put a tool of our own on PATH."""
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")


def test_azure_developer_cli(emulator: Emulator, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token that `azd auth token` prints."""
    ends = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86_400))
    answer = json.dumps({"token": emulator.issue_token(), "expiresOn": ends})
    executable(tmp_path, monkeypatch, "azd", f"echo \"$@\" > {tmp_path}/asked; echo '{answer}'")
    answers(write(azure_file(emulator, "credential: {kind: azure_developer_cli, tenant_id: t-1, process_timeout: 5}")))
    assert (tmp_path / "asked").read_text().endswith("--tenant-id t-1\n")


def test_azure_powershell(emulator: Emulator, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The token that `Get-AzAccessToken` prints."""
    answer = f"azsdk%{emulator.issue_token()}%{int(time.time()) + 3600}"
    executable(tmp_path, monkeypatch, "pwsh", f"echo '{answer}'")
    answers(write(azure_file(emulator, "credential: {kind: azure_powershell}")))


@pytest.mark.parametrize(
    ("kind", "tool", "advice"),
    [
        ("azure_developer_cli", "azd", "Run 'azd auth login', or choose another credential kind."),
        ("azure_powershell", "pwsh", "Run 'Connect-AzAccount' in PowerShell, or choose another credential kind."),
    ],
)
def test_a_tool_without_an_account_says_how_to_sign_in(
    kind: str, tool: str, advice: str, emulator: Emulator, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the tool is not there."""
    path = write(azure_file(emulator, f"credential: {{kind: {kind}}}"))
    executable(tmp_path, monkeypatch, tool, "exit 1")
    assert refusal(path).endswith(advice)
    (tmp_path / tool).unlink()
    assert refusal(path).endswith(advice)


def test_environment_with_a_secret(emulator: Emulator, write: Write, set_environment: SetEnvironment) -> None:
    """Authority, tenant, application and secret all stand in variables."""
    set_environment(entra_variables(emulator))
    answers(write(azure_file(emulator, in_environment(emulator))))
    assert emulator.token_requests == 1


def test_environment_with_a_certificate(
    emulator: Emulator, write: Write, set_environment: SetEnvironment, certificate: Certificate
) -> None:
    """Where there is no secret."""
    variables = {**entra_variables(emulator), "AZURE_CLIENT_CERTIFICATE_PATH": str(certificate.file)}
    del variables["AZURE_CLIENT_SECRET"]
    set_environment(variables)
    answers(write(azure_file(emulator, in_environment(emulator))))


def entra_variables(emulator: Emulator) -> dict[str, str]:
    """Return the variables that azure-identity reads."""
    return {
        "AZURE_AUTHORITY_HOST": emulator.tls_url,
        "AZURE_TENANT_ID": emulator.tenant_id,
        "AZURE_CLIENT_ID": emulator.client_id,
        "AZURE_CLIENT_SECRET": emulator.client_secret,
    }


def in_environment(emulator: Emulator) -> str:
    """Return the credential that reads them."""
    return at_entra(emulator, "environment", tenant_id=None, client_id=None, authority=None)


def test_an_empty_environment_says_which_variables_to_set(emulator: Emulator, write: Write) -> None:
    """By name."""
    message = refusal(write(azure_file(emulator, "credential: {kind: environment}")))
    assert message.startswith("credential kind 'environment' gave no token. It said: EnvironmentCredential")
    assert message.endswith(
        "Set AZURE_TENANT_ID and AZURE_CLIENT_ID, and AZURE_CLIENT_SECRET or AZURE_CLIENT_CERTIFICATE_PATH, or choose "
        "another credential kind."
    )


def test_an_authority_in_the_environment_needs_trust(
    emulator: Emulator, write: Write, set_environment: SetEnvironment
) -> None:
    """The secret goes there: a variable widens nothing, and the cloud decides."""
    path = write(azure_file(emulator, "credential: {kind: environment}"))
    set_environment({"AZURE_AUTHORITY_HOST": "login.evil.example"})
    assert wrong(path) == (
        ":7: options.credential.authority: the host 'login.evil.example' is not the authority of the cloud 'public'. "
        'Pass trust=Trust(hosts=("login.evil.example",)) to load(), or --trust-host login.evil.example.'
    )
    byoclient.load(path, trust=Trust(hosts=("login.evil.example",)))
    set_environment({"AZURE_AUTHORITY_HOST": ""})
    byoclient.load(path)
    set_environment({"AZURE_AUTHORITY_HOST": "https://login.microsoftonline.us"})
    byoclient.load(write(azure_file(emulator, "credential: {kind: environment, cloud: us_government}")))


@pytest.mark.parametrize("kind", ["managed_identity", "default", "default, exclude_workload_identity_credential: true"])
def test_a_federated_token_goes_to_no_authority_of_the_environment(
    kind: str, emulator: Emulator, write: Write, set_environment: SetEnvironment
) -> None:
    """Both kinds use one where its variables are set, and azure-identity asks the environment where to send it."""
    path = write(azure_file(emulator, f"credential: {{kind: {kind}}}"))
    set_environment({"AZURE_AUTHORITY_HOST": "https://login.evil.example/", "AZURE_TENANT_ID": "x"})
    byoclient.load(path)  # there is no federated token
    set_environment({"AZURE_FEDERATED_TOKEN_FILE": "/token"})
    with pytest.raises(byoclient.TrustError) as caught:
        byoclient.load(path)
    assert str(caught.value) == (
        f"{path}:7: options.credential: the variable AZURE_AUTHORITY_HOST names the host 'login.evil.example', which "
        "is not the authority of the cloud 'public'. "
        'Pass trust=Trust(hosts=("login.evil.example",)) to load(), or --trust-host login.evil.example.'
    )
    byoclient.load(path, trust=Trust(hosts=("login.evil.example",)))
    set_environment({"AZURE_AUTHORITY_HOST": "http://login.microsoftonline.com"})
    with pytest.raises(byoclient.ConfigError, match="AZURE_AUTHORITY_HOST is no https URL"):
        byoclient.load(path)
    set_environment({"AZURE_AUTHORITY_HOST": "https://login.microsoftonline.com/"})
    byoclient.load(path)


def test_a_chain_goes_on_where_a_credential_is_not_available(
    emulator: Emulator, write: Write, set_environment: SetEnvironment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No account, nothing configured, cannot be built, and the same in a chain in it; then one that is there."""
    executable(tmp_path, monkeypatch, "az", "echo \"ERROR: Please run 'az login'\" >&2; exit 1")
    set_environment(emulator.identity_environment)
    members = (
        "{kind: azure_cli}, {kind: environment}, {kind: workload_identity}, "
        "{kind: static_token, token: {file: /nowhere}}, "
        "{kind: chain, credentials: [{kind: azure_powershell}, {kind: azure_developer_cli}]}, "
        f"{{kind: managed_identity, client_id: {emulator.client_id}}}, {{kind: azure_cli}}"
    )
    answers(write(azure_file(emulator, f"credential: {{kind: chain, credentials: [{members}]}}")))
    assert emulator.token_requests == 1


def test_a_chain_ends_where_a_credential_is_refused(emulator: Emulator, write: Write, tmp_path: Path) -> None:
    """As in azure-identity: who is there and is refused is a mistake to be told, not to be hidden by the next."""
    (tmp_path / "secret").write_text("canary-9d2f")
    own = at_entra(emulator, "client_secret", client_secret={"file": str(tmp_path / "secret")})
    refused = json.loads(own.removeprefix("credential: "))
    chain = {"kind": "chain", "credentials": [refused, {"kind": "static_token", "token": emulator.issue_token()}]}
    message = refusal(write(azure_file(emulator, f"credential: {json.dumps(chain)}")))
    assert message.startswith(
        "credential kind 'chain' gave no token. It said: ClientSecretCredential: Authentication failed: AADSTS7000215"
    )
    assert "canary" not in message


def test_a_chain_without_any_available_credential_tells_of_each(
    emulator: Emulator, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was tried, and what to do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    members = "[{kind: azure_cli}, {kind: workload_identity}]"
    message = refusal(write(azure_file(emulator, f"credential: {{kind: chain, credentials: {members}}}")))
    assert "AzureCliCredential: Azure CLI not found on path" in message
    assert "UnavailableCredential: kind 'workload_identity': " in message
    assert "Make one of these work. azure_cli: Run 'az login', or choose another credential kind." in message


@pytest.mark.parametrize(
    ("chain", "message"),
    [
        ("credentials: []", "s: names no credential. Write one or more, such as - kind: azure_cli."),
        (
            "credentials: [{kind: azure_cli, cloud: china}]",
            "s: credentials[0] has a cloud of its own. Move it to the chain, for all of them.",
        ),
        (
            "credentials: [{kind: azure_cli, scope: https://ai.azure.com/.default}]",
            "s: credentials[0] has a scope of its own. Move it to the chain, for all of them.",
        ),
        (
            "credentials: [{kind: default}, {kind: azure_cli}]",
            "s: holds kind 'default', which is a chain that ends this one. Put it last.",
        ),
        (
            "credentials: [{kind: azure_cli}, {kind: client_secret, tenant: t}]",
            "s[1].tenant: unknown option of 'azure_openai'. Did you mean 'tenant_id'?",
        ),
        ("credentials: [{kind: azure_clj}]", "s[0]: unknown kind. Did you mean 'azure_cli'?"),
        ("credential: []", ": unknown option of 'azure_openai'. Did you mean 'credentials'?"),
    ],
)
def test_mistakes_in_a_chain_are_told_at_their_place(
    chain: str, message: str, emulator: Emulator, write: Write
) -> None:
    """With the index of the credential."""
    path = write(azure_file(emulator, f"credential: {{kind: chain, {chain}}}"))
    with pytest.raises(byoclient.ConfigError) as caught:
        byoclient.load(path)
    assert f"{path}:7: options.credential.credential{message}" in str(caught.value).splitlines()


def test_a_chain_hands_its_cloud_on() -> None:
    """To all of its credentials."""
    chain = config("chain", cloud="china", credentials=[{"kind": "chain", "credentials": [{"kind": "azure_cli"}]}])
    assert isinstance(chain, ChainConfig)
    assert [member.cloud for member in chain.members()] == ["china"]
    assert chain.token_scope == "https://cognitiveservices.azure.cn/.default"


def test_static_token(emulator: Emulator, write: Write) -> None:
    """As it is, without azure-identity; nobody is asked."""
    answers(write(azure_file(emulator, f"credential: {{kind: static_token, token: {emulator.issue_token()}}}")))
    assert emulator.token_requests == 0
    assert wrong(write(azure_file(emulator, "credential: {kind: static_token, token: t-1, scope: x}"))) == (
        ":7: options.credential.scope: unknown option of 'azure_openai'. Known: cloud, kind, token."
    )


def test_azure_pipelines(emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run's token is exchanged for one of the connection, and that for one of Entra ID."""
    asked: list[str] = []

    def oidc(request: BaseHTTPRequestHandler, body: bytes) -> bytes:
        asked.append(f"{request.path} {request.headers['Authorization']}")
        return json.dumps({"oidcToken": emulator.federated_token}).encode()

    own = {"service_connection_id": "s-1", "system_access_token": "run-token"}
    with serving(oidc) as port:
        monkeypatch.setenv("SYSTEM_OIDCREQUESTURI", f"http://127.0.0.1:{port}/oidc")
        answers(write(azure_file(emulator, at_entra(emulator, "azure_pipelines", **own))))
    assert asked == ["/oidc?api-version=7.1&serviceConnectionId=s-1 Bearer run-token"]


def test_the_token_of_a_pipeline_goes_to_azure_devops_only(
    emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """azure-identity would send it wherever the variable says."""
    own = {"service_connection_id": "s-1", "system_access_token": "run-token"}
    path = write(azure_file(emulator, at_entra(emulator, "azure_pipelines", **own)))
    assert "SYSTEM_OIDCREQUESTURI" in refusal(path)
    for url in ("https://dev.azure.com/o/p/_apis/oidctoken", "https://acme.visualstudio.com/p/oidctoken"):
        monkeypatch.setenv("SYSTEM_OIDCREQUESTURI", url)
        byoclient.load(path)
    place = ":7: options.credential.system_access_token: the variable SYSTEM_OIDCREQUESTURI "
    for url in ("http://dev.azure.com/x", "https://dev.azure.com@evil.example/x"):
        monkeypatch.setenv("SYSTEM_OIDCREQUESTURI", url)
        assert wrong(path) == f"{place}is no plain https URL of Azure DevOps. Leave it as Azure Pipelines sets it."
    monkeypatch.setenv("SYSTEM_OIDCREQUESTURI", "https://evildev.azure.com.example/x")
    assert wrong(path) == (
        f"{place}names the host 'evildev.azure.com.example', which is not one of Azure DevOps. Pass "
        'trust=Trust(hosts=("evildev.azure.com.example",)) to load(), or --trust-host evildev.azure.com.example.'
    )
    byoclient.load(path, trust=Trust(hosts=("evildev.azure.com.example",)))


def test_device_code(emulator: Emulator, write: Write, capfd: pytest.CaptureFixture[str]) -> None:
    """A person is told once, on stderr, and renewing asks nobody; sync and async."""
    path = write(azure_file(emulator, at_entra(emulator, "device_code")))
    answers(path)
    out, err = capfd.readouterr()
    told = rf"To sign in, open {emulator.tls_url}/\S+ and type the code [A-Z0-9]{{9}} in, until \d\d:\d\d\.\n"
    assert re.fullmatch(told, err)
    assert out == ""
    credential = built(emulator, "device_code")
    first, second = (credential.get_token_info(SCOPE, options={"claims": claims}) for claims in (None, CLAIMS))
    assert first.token != second.token
    assert len(capfd.readouterr().err.splitlines()) == 1
    credential.close()


def test_a_device_code_without_a_terminal_is_shown_nowhere(
    emulator: Emulator, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program with windows only has no stderr; that is no failure."""
    monkeypatch.setattr(sys, "stderr", None)
    answers(write(azure_file(emulator, at_entra(emulator, "device_code"))))


@pytest.mark.parametrize(
    ("kind", "own", "name", "advice"),
    [
        ("device_code", {}, "DeviceCodeCredential", "Open the page that was shown and type the code in"),
        (
            "interactive_browser",
            {"tenant_id": "t-1", "client_id": "c-1"},
            "InteractiveBrowserCredential",
            "Sign in in the browser that opens",
        ),
    ],
)
def test_what_needs_a_person_is_built(kind: str, own: dict[str, object], name: str, advice: str) -> None:
    """As far as its constructor, with the cloud's authority."""
    settings = config(kind, cloud="us_government", **own)
    credential: Any = settings.build()
    assert type(credential).__name__ == name
    assert credential._authority == "https://login.microsoftonline.us"
    assert credential._tenant_id == own.get("tenant_id", "organizations")
    assert credential._client_id == own.get("client_id", credential._client_id)
    assert settings.help().startswith(advice)
    credential.close()


KINDS: dict[str, dict[str, object]] = {
    "client_certificate": {"tenant_id": "t", "client_id": "c", "certificate_path": "/a", "password": "p"},
    "on_behalf_of": {"tenant_id": "t", "client_id": "c", "client_secret": "s", "user_assertion": {"file": "/u"}},
    "azure_developer_cli": {"additionally_allowed_tenants": ["*"]},
    "azure_powershell": {},
    "environment": {},
    "azure_pipelines": {
        "tenant_id": "t",
        "client_id": "c",
        "service_connection_id": "s",
        "system_access_token": {"keyring": {"service": "s", "username": "u"}},
    },
    "device_code": {},
    "interactive_browser": {},
    "chain": {"credentials": [{"kind": "azure_cli"}, {"kind": "static_token", "token": {"file": "/t"}}]},
    "static_token": {"token": "t-1"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_equal_configurations_share_a_token_source(kind: str) -> None:
    """They are equal, and usable as keys; others are not."""
    source = token_source(config(kind, **KINDS[kind]))
    assert token_source(config(kind, **KINDS[kind])) is source
    assert token_source(config(kind, **KINDS[kind], cloud="china")) is not source


def test_entra_asks_for_a_client_certificate(emulator: Emulator, write: Write, tmp_path: Path) -> None:
    """Of a server, or a proxy in front of it, that asks who connects: one file, or one for each."""
    authority = trustme.CA()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    own = authority.issue_cert("client.contoso.example")
    own.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / "both.pem"))
    own.cert_chain_pems[0].write_to_path(str(tmp_path / "cert.pem"))
    own.private_key_pem.write_to_path(str(tmp_path / "key.pem"))

    def forward(request: BaseHTTPRequestHandler, body: bytes) -> bytes:
        trusted = ssl.create_default_context(cafile=emulator.ca_file)
        port = int(emulator.tls_url.rpartition(":")[2])
        with closing(http.client.HTTPSConnection("localhost", port, context=trusted)) as connection:
            connection.request(request.command, request.path, body, dict(request.headers))
            return connection.getresponse().read()

    files = {"cert_file": str(tmp_path / "cert.pem"), "key_file": str(tmp_path / "key.pem")}
    with serving(forward, context) as port:
        for certificate in (str(tmp_path / "both.pem"), files, None):
            http_options = {"ca_file": str(tmp_path / "ca.pem"), "client_certificate": certificate}
            sign_in = at_entra(
                emulator,
                "client_secret",
                client_secret=emulator.client_secret,
                authority=f"https://localhost:{port}",
                http=http_options,
            )
            path = write(azure_file(emulator, sign_in))
            if certificate:
                answers(path)
            else:
                assert "client_secret' gave no token" in refusal(path)
    assert emulator.token_requests == 2


@pytest.mark.parametrize(
    ("certificate", "message"),
    [
        ("/nowhere.pem", ": names a file that does not exist."),
        ("{cert_file: /nowhere.pem, key_file: EMPTY}", ".cert_file: names a file that does not exist."),
        ("{cert_file: EMPTY, keyfile: EMPTY}", ".keyfile: unknown option of 'azure_openai'. Did you mean 'key_file'?"),
        ("EMPTY", ": is no PEM certificate with its private key, not encrypted."),
        ("ENCRYPTED", ": is no PEM certificate with its private key, not encrypted."),
    ],
)
def test_mistakes_with_a_client_certificate_are_told(
    certificate: str, message: str, emulator: Emulator, write: Write, tmp_path: Path
) -> None:
    """One with a password too: OpenSSL would ask for it on the terminal."""
    (tmp_path / "empty.pem").write_text("")
    own = Certificate(tmp_path)
    key: Any = load_pem_private_key(own.key, None)
    encrypted = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass"))
    (tmp_path / "encrypted.pem").write_bytes(encrypted + own.cert)
    for name in ("EMPTY", "ENCRYPTED"):
        certificate = certificate.replace(name, str(tmp_path / f"{name.lower()}.pem"))
    path = write(
        azure_file(emulator, f"credential: {{kind: environment, http: {{client_certificate: {certificate}}}}}")
    )
    with pytest.raises(byoclient.ConfigError) as caught:
        byoclient.load(path)
    place = f"{path}:7: options.credential.http.client_certificate"
    assert str(caught.value) == f"{place}{message}"
