"""`byoclient token`, as a process: who signs in, and never the token."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import jwt
import pytest

from byoclient.emulator import Emulator
from byoclient.emulator.settings import APPLICATION_ID
from tests.conftest import Write
from tests.test_cli import ROOT, run
from tests.yaml_files import azure_file, client_secret, v1_file

AUDIENCE = "https://cognitiveservices.azure.com"


def rows(output: str) -> dict[str, str]:
    """Return what was shown, by name."""
    return dict(re.findall(r"^  (\S+(?: \S+)?) {2,}(.+)$", output, re.M))


def fake_az(folder: Path, token: str) -> str:
    """Write an Azure CLI that gives this token, and return the PATH with it."""
    answer = {"accessToken": token, "expiresOn": "x", "expires_on": int(time.time()) + 3600}
    az = folder / "az"
    az.write_text(f"#!/bin/sh\necho '{json.dumps(answer)}'\n")
    az.chmod(az.stat().st_mode | stat.S_IXUSR)
    return f"{folder}:/usr/bin:/bin"


def test_it_says_who_signs_in(emulator: Emulator, write: Write) -> None:
    """Kind, tenant, client, audience, expiry in local time and seconds, how long it took."""
    path = write(azure_file(emulator, client_secret(emulator)))
    done = run("token", path, TZ="UTC-2")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0] == f"{path}: signed in"
    found = rows(done.stdout)
    assert list(found) == ["kind", "tenant", "client id", "object id", "audience", "expires", "took"]
    assert found["kind"] == "client_secret"
    assert (found["tenant"], found["client id"]) == (emulator.tenant_id, emulator.client_id)
    assert (found["object id"], found["audience"]) == (APPLICATION_ID, AUDIENCE)
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+0200, in 3[56]\d\d s", found["expires"])
    assert re.fullmatch(r"\d+\.\d\d s", found["took"])
    assert emulator.token_requests == 1


@pytest.mark.parametrize("kind", ["identity_environment", "imds_environment"])
def test_it_says_which_managed_identity_it_was(kind: str, emulator: Emulator, write: Write) -> None:
    """The file does not; the token does. Also for the v1 surface."""
    path = write(v1_file(emulator, "credential: {kind: managed_identity}"))
    done = run("token", path, **getattr(emulator, kind))
    assert rows(done.stdout)["client id"] == emulator.client_id
    assert emulator.token_requests == 1


def test_a_person_has_a_name(emulator: Emulator, write: Write, tmp_path: Path) -> None:
    """The token of an account in the Azure CLI."""
    token = emulator.issue_token(f"api://{emulator.client_id}")
    path = write(azure_file(emulator, "credential: {kind: azure_cli}"))
    done = run("token", path, PATH=fake_az(tmp_path, token))
    assert rows(done.stdout)["user"] == "user@emulator.example"


def test_no_part_of_the_token_is_shown(emulator: Emulator, write: Write, tmp_path: Path) -> None:
    """Neither of its three parts, nor the beginning or the end of one."""
    token = emulator.issue_token()
    path = write(azure_file(emulator, "credential: {kind: azure_cli}"))
    done = run("token", path, PATH=fake_az(tmp_path, token))
    assert rows(done.stdout)["audience"] == AUDIENCE
    for part in token.split("."):
        assert part[:8] not in done.stdout + done.stderr
        assert part[-8:] not in done.stdout + done.stderr


def test_of_a_token_that_cannot_be_read_it_shows_what_the_file_says(
    emulator: Emulator, write: Write, tmp_path: Path
) -> None:
    """And says so."""
    sign_in = "credential: {kind: azure_cli, tenant_id: contoso.example}"
    done = run("token", write(azure_file(emulator, sign_in)), PATH=fake_az(tmp_path, "canary-3333"))
    found = rows(done.stdout)
    assert found["tenant"] == "contoso.example (from the file)"
    assert found["audience"] == f"{AUDIENCE} (from the file)"
    assert found["expires"].endswith(" s")
    assert "canary" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    "claims",
    [
        {"tid": 5, "aud": ["x"], "exp": "soon", "upn": None},
        {"exp": 10**30},
        {"exp": True},
        {"aud": "\x1b[31mred\n  kind       forged", "upn": "x" * 5000},
    ],
)
def test_a_strange_token_does_no_harm(
    claims: dict[str, object], emulator: Emulator, write: Write, tmp_path: Path
) -> None:
    """What is of the wrong type is left out, what does not print is replaced, what is long is cut."""
    path = write(azure_file(emulator, "credential: {kind: azure_cli}"))
    done = run("token", path, PATH=fake_az(tmp_path, jwt.encode(claims, "s" * 32, "HS256")))
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(done.stdout)["kind"] == "azure_cli"
    assert "\x1b" not in done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) < 200
    assert re.search(r"in 3[56]\d\d s$", rows(done.stdout)["expires"])


def test_of_a_static_token_the_end_may_not_be_known(emulator: Emulator, write: Write) -> None:
    """It stands in the token, or nowhere."""
    opaque = run("token", write(azure_file(emulator, "credential: {kind: static_token, token: canary-8888}")))
    assert rows(opaque.stdout)["expires"] == "not known"
    assert "canary" not in opaque.stdout
    sign_in = f"credential: {{kind: static_token, token: {emulator.issue_token(lifetime=1000)}}}"
    readable = run("token", write(azure_file(emulator, sign_in)))
    assert re.search(r"in (9\d\d|1000) s$", rows(readable.stdout)["expires"])


def test_with_an_api_key_there_is_no_token(emulator: Emulator, write: Write) -> None:
    """Which is no failure."""
    path = write(azure_file(emulator, "api_key: canary-5"))
    done = run("token", path)
    assert (done.stdout, done.stderr) == (f"{path}: signs in with an API key. There is no token.\n", "")
    assert done.returncode == 0
    assert emulator.requests == ()


def test_the_embedded_emulator_has_tokens_too() -> None:
    """As `byoclient ask` gets one without a file."""
    done = run("token", "configs/emulator.yaml")
    assert (done.returncode, done.stderr) == (0, "")
    assert rows(done.stdout)["kind"] == "client_secret"


def test_a_failure_says_what_to_do(emulator: Emulator, write: Write) -> None:
    """With the place in the file, and without the secret; exit status 1."""
    path = write(azure_file(emulator, client_secret(emulator, secret="canary-77aa")))
    done = run("token", path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{path}:7: options.credential: credential kind 'client_secret' gave no token.")
    assert "AADSTS7000215" in done.stderr
    assert len(done.stderr.splitlines()) == 1  # without what azure-identity logs
    assert "canary" not in done.stderr
    assert "Traceback" not in done.stderr


def test_one_of_several_llms_is_named(emulator: Emulator, write: Write) -> None:
    """As with `ask`."""
    path = write(
        "llms:\n"
        "  a: {model: gpt-4o, client_provider: emulator}\n"
        "  b: {model: gpt-4o, client_provider: emulator, options: {sign_in: api_key}}\n"
    )
    done = run("token", "--llm", "b", path)
    assert done.stdout == f"{path} llms.b: signs in with an API key. There is no token.\n"
    several = run("token", path)
    assert (several.returncode, several.stdout) == (1, "")
    assert "several LLMs" in several.stderr


def test_each_of_several_endpoints_has_its_own(emulator: Emulator, write: Write) -> None:
    """Or a key."""
    place = f"azure_endpoint: '{emulator.url}'"
    entries = f"    - {{{place}, api_key: k}}\n    - {{{place}, {client_secret(emulator)}}}\n"
    path = write(
        f"model: x\nclient_provider: azure_openai\noptions:\n  api_version: 2024-10-21\n  endpoints:\n{entries}"
    )
    done = run("token", path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == f"{path} endpoints[0]: signs in with an API key. There is no token."
    assert lines[1] == f"{path} endpoints[1]: signed in"
    assert rows(done.stdout)["client id"] == emulator.client_id


def test_a_host_that_is_not_trusted_gets_no_token_asked_for(emulator: Emulator, write: Write) -> None:
    """Unless the command line trusts it."""
    text = azure_file(emulator, client_secret(emulator)).replace(emulator.url, "https://gateway.contoso.example")
    path = write(text)
    done = run("token", path)
    assert done.returncode == 1
    assert "--trust-host gateway.contoso.example" in done.stderr
    assert emulator.token_requests == 0
    trusted = run("token", "--trust-host", "gateway.contoso.example", path)
    assert trusted.returncode == 0
    assert rows(trusted.stdout)["client id"] == emulator.client_id


def test_a_third_partys_provider_signs_in_by_itself(write: Write) -> None:
    """It is not even imported."""
    path = write("model: x\nclient_provider: acme_nowhere:get\n")
    done = run("token", "--trust-module", "acme_nowhere", path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{path}:2: client_provider: 'acme_nowhere:get' signs in by itself.")


@pytest.mark.parametrize("arguments", [(), ("a.yaml", "b.yaml"), ("--trust-host", "*.com", "a.yaml")])
def test_a_command_that_was_typed_wrongly_ends_with_2(arguments: tuple[str, ...]) -> None:
    """With the usage on stderr."""
    done = run("token", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Usage: " in done.stderr


def test_ctrl_c_while_the_token_endpoint_hangs_is_quiet(write: Write) -> None:
    """At once, with exit status 130."""
    with Emulator() as emulator:
        emulator.break_tokens(hang=True)
        path = write(azure_file(emulator, client_secret(emulator)))
        command = [sys.executable, "-m", "byoclient", "token", path]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=os.environ
        ) as process:
            deadline = time.monotonic() + 20
            while not emulator.token_requests and time.monotonic() < deadline:
                time.sleep(0.01)
            process.send_signal(signal.SIGINT)
            began = time.monotonic()
            out, err = process.communicate(timeout=20)
    assert (out, err, process.returncode) == ("", "\n", 130)
    assert time.monotonic() - began < 3
