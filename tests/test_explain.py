"""`byoclient explain` and `byoclient list --why`: what a file leads to, without importing any of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import byoclient
from tests.conftest import Write
from tests.support.environment import Environment, fresh_environment
from tests.support.installed import both, install, point

PLUGIN = Path(byoclient.__file__).parents[1]
NEVER = "raise SystemExit('imported')\ndef gateway(): ...\ndef assertion(): ...\ndef adapter(clients): ...\n"
AZURE = """\
model: gpt-4o
client_provider: azure_openai
options:
  azure_endpoint: https://x.openai.azure.com
  api_version: v1
"""


NO_FUNCTION = "which is no function that may be named. Tell its author."


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """One with a gateway that must not be imported, a twin, a squatter, and one in the working directory."""
    made = fresh_environment(tmp_path_factory.mktemp("explain"))
    points = both("gw", "acme_never:gateway") + point("signer", "acme_never:assertion", "byoclient.client_assertions")
    points += point("frame", "acme_never:adapter", "byoclient.adapters")
    install(made.purelib, "acme-never", points, {"acme_never.py": NEVER}, version="1.2")
    install(made.purelib, "twin", both("two", "acme_twin:f"), {"acme_twin.py": NEVER})
    install(made.purelib, "other", both("Two", "acme_other:f") + both("Azure-OpenAI", "acme_other:f"))
    install(made.purelib, "odd", point("odd", "os:system"))
    install(made.folder, "here", both("local", "acme_here:f"), {"acme_here.py": NEVER})
    return made


def explained(environment: Environment, path: str, *options: str) -> str:
    """Return what `explain` says of a file, from a process that must not have imported any of it."""
    code = (
        "import sys\nfrom byoclient.cli.commands import cli\n"
        "status = cli.main(sys.argv[1:], standalone_mode=False)\n"
        "never = {'acme_never', 'openai', 'azure.identity', 'msal', 'httpx', 'httpx2', 'langroid'} & set(sys.modules)\n"
        "assert not never, never\nsys.exit(status)\n"
    )
    process = environment.run("-c", code, "explain", path, *options)
    assert process.stderr == ""
    assert process.returncode == (1 if "wrong: " in process.stdout else 0)
    return process.stdout


def test_explain_says_where_each_name_leads(environment: Environment, write: Write) -> None:
    """Function, distribution, version, file, by what it is trusted; nothing is imported."""
    path = write(
        "model: gpt-4o\nclient_provider: gw\nasync_client_provider: acme_never.gateway\n"
        "options: {key: '${AZURE_KEY}', x: {env: ACME_X}}\nadapters: {frame: {}}\n"
    )
    site = environment.purelib
    said = explained(environment, path)
    leads = [
        "    is          acme_never:gateway",
        f"    from        acme-never 1.2, {site / 'acme_never-1.2.dist-info'}",
        f"    file        {site / 'acme_never.py'}",
        "    trusted by  the entry point 'gw' of an installed distribution",
        "    hosts       its own code decides: byoclient binds the credentials of its built-ins only",
    ]
    assert said.splitlines() == [
        path,
        "  client_provider: gw",
        *leads,
        "  async_client_provider: acme_never.gateway",
        *leads,
        "  adapters.frame",
        leads[0].replace("gateway", "adapter"),
        *leads[1:3],
        leads[3].replace("gw", "frame"),
        "  environment",
        "    ACME_X     not set",
        "    AZURE_KEY  not set",
        f"  wrong: {path}:4: options.key: the variable AZURE_KEY is not set. Set it, or give a default: "
        "${AZURE_KEY:-…}.",
    ]


def test_explain_says_which_hosts_may_get_the_credential(environment: Environment, write: Write) -> None:
    """Those of the chosen cloud, loopback, and what the program trusts; and where it signs in."""
    credential = "{kind: client_secret, tenant_id: x, client_id: y, client_secret: '${AZURE_CLIENT_SECRET:-x}'}"
    path = write(AZURE + f"  credential: {credential}\n")
    said = explained(environment, path, "--trust-host", "llm.contoso.com")
    assert "trusted by   byoclient, which it is a part of" in said
    assert (
        "    hosts        https://*.openai.azure.com, https://*.cognitiveservices.azure.com, "
        "https://*.services.ai.azure.com, loopback\n"
        "                 llm.contoso.com: trusted by this program\n"
        "    signs in at  https://login.microsoftonline.com\n"
    ) in said
    assert f"{PLUGIN / 'byoclient/providers/azure_openai.py'}" in said
    names = ["AZURE_AUTHORITY_HOST", "AZURE_CLIENT_SECRET", "AZURE_REGIONAL_AUTHORITY_NAME"]
    assert [line.split()[0] for line in said.splitlines() if line.endswith("not set")] == names


def test_explain_says_it_of_each_endpoint(environment: Environment, write: Write) -> None:
    """Each has its own."""
    west = "{azure_endpoint: 'https://a.openai.azure.us', credential: {kind: default, cloud: us_government}}"
    north = "{azure_endpoint: 'https://b.openai.azure.cn', credential: {kind: default, cloud: china}}"
    head = AZURE.replace("  azure_endpoint: https://x.openai.azure.com\n", "")
    said = explained(environment, write(f"{head}  endpoints: [{west}, {north}]\n"))
    assert "\n    endpoints[0] hosts        https://*.openai.azure.us, " in said
    assert "\n    endpoints[1] signs in at  https://login.chinacloudapi.cn\n" in said


def test_explain_follows_references_in_credentials(environment: Environment, write: Write) -> None:
    """Of client assertions, also in a chain; one that is not trusted is told with its place."""
    known = "{kind: client_assertion, tenant_id: x, client_id: y, func: signer}"
    chain = f"{{kind: chain, credentials: [{known}, {known.replace('signer', 'acme_other:f')}]}}"
    said = explained(environment, write(AZURE + f"  credential: {chain}\n"))
    assert "  options.credential.credentials[0].func: signer\n    is          acme_never:assertion" in said
    assert "options.credential.credentials[1].func: 'acme_other:f' is advertised by no installed distribution" in said
    trusted = explained(environment, write(AZURE + f"  credential: {chain}\n"), "--trust-module", "acme_other")
    assert "this program's trust of its module (--trust-module)" in trusted


def test_explain_tells_of_a_variable_that_is_not_set_once(environment: Environment, write: Write) -> None:
    """Not also of the empty value that is left in its place."""
    path = write(AZURE + "  api_key: ${AZURE_NOT_SET_ANYWHERE}\n")
    said = explained(environment, path)
    (wrong,) = [line for line in said.splitlines() if "wrong:" in line]
    assert "the variable AZURE_NOT_SET_ANYWHERE is not set" in wrong


def test_explain_never_shows_a_value(environment: Environment, write: Write) -> None:
    """Not of secrets, and not of variables."""
    path = write(AZURE + "  api_key: canary-5e1f\n  default_query: {code: '${AZURE_CODE}'}\n")
    process = environment.byoclient("explain", path, AZURE_CODE="canary-77aa")
    assert "canary" not in process.stdout + process.stderr
    assert "AZURE_CODE  set" in process.stdout


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("gw", ["gw@acme-never 1.2 is acme_never:gateway: counts: it is the only one of this name."] * 2),
        (
            "azure_openai",
            [
                "counts: it is byoclient's own.",
                "a built-in has this name, which cannot be taken. Name it 'Azure-OpenAI@other'.",
            ]
            * 2,
        ),
        ("two", ["one of 2 with this name. Name it 'two@twin'.", "one of 2 with this name. Name it 'Two@other'."] * 2),
        ("odd", ["is os:system: refused: 'odd' is advertised by odd 1.0 as 'os:system', " + NO_FUNCTION]),
        ("local", ["the working directory or the script's folder. Install it with pip."] * 2),
    ],
)
def test_list_says_why_a_name_counts(name: str, lines: list[str], environment: Environment) -> None:
    """Of each distribution that has it, sync and async."""
    process = environment.byoclient("list", "--why", name)
    assert (process.returncode, process.stderr) == (0, "")
    said = process.stdout.splitlines()
    assert len(said) == len(lines)
    for line in set(lines):
        assert sum(row.endswith(line) for row in said) == lines.count(line), process.stdout


def test_list_says_when_nobody_has_a_name() -> None:
    """With the close one."""
    command = [sys.executable, "-m", "byoclient", "list", "--why", "azure_opnai"]
    process = subprocess.run(command, capture_output=True, text=True)
    assert (process.returncode, process.stdout) == (1, "")
    assert process.stderr == "Nothing installed is named 'azure_opnai'. Did you mean 'azure_openai'?\n"
