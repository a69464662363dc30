"""What a file says reaches no terminal as it is: escape sequences could hide, change or type something there."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

import byoclient
from byoclient.cli.commands import cli
from byoclient.errors import ConfigError
from tests.conftest import Write

RED = "\x1b[31m"
KEY = "options: {{api_key: k, max_retries: 0}}"
OPENAI = "model: {red}\nclient_provider: openai\n"
AZURE = "model: x\nclient_provider: azure_openai\noptions:\n  azure_endpoint: https://x.openai.azure.com\n"
FILES = {
    "model": OPENAI + KEY + "\n",
    "LLM": "llms: {{{red}: {{model: {red}, client_provider: openai, " + KEY + "}}}}\n",
    "LLMs": "llms: {{{red}: {{model: x, client_provider: openai, " + KEY + "}}, b: {{}}}}\n",
    "reference": "model: x\nclient_provider: {red}\nasync_client_provider: {red}@acme\n",
    "adapter": OPENAI + KEY + "\nadapters: {{{red}: {{}}, langroid: {{params: {{{red}: 1}}}}}}\n",
    "variable": OPENAI + "options: {{api_key: {{env: {red}}}}}\n",
    "keys": OPENAI + "{red}: 1\noptions: {{{red}: 1, api_key: {{{red}: 1}}, http: {{headers: {{{red}: x}}}}}}\n",
    "values": AZURE + "  api_version: {red}\n  azure_deployment: {red}\n  http: {{proxy: {red}, ca_file: {red}}}\n",
    "credential": AZURE + "  api_version: v1\n  credential: {{kind: {red}}}\n",
    "function": AZURE
    + "  api_version: v1\n  credential: {{kind: client_assertion, tenant_id: {red}, client_id: x, func: {red}}}\n",
    "authority": AZURE
    + "  api_version: v1\n  credential: {{kind: azure_cli, tenant_id: {red}, scope: {red}, subscription: {red}}}\n",
    "place": AZURE + "  api_version: v1\n  api_key: {{file: {red}}}\n",
}


@pytest.mark.parametrize("command", ["check", "check --import", "explain", "token", "ask x -c"])
@pytest.mark.parametrize("name", FILES)
def test_no_command_prints_an_escape_sequence_of_a_file(name: str, command: str, write: Write) -> None:
    """Neither names, nor values, nor what is said of them; on a terminal, from which nothing is taken out."""
    path = write(FILES[name].format(red=json.dumps(f"{RED}x")))
    result = CliRunner().invoke(cli, [*command.split(), path], color=True)
    said = result.output + str(result.exception)
    assert said != "None"
    assert "\x1b" not in said


@pytest.mark.parametrize("char", ["\x1b", "\x07", "\n", "\r", "\u202e", "\u200b", "\x9b"])
def test_a_message_is_printable(char: str) -> None:
    """Whatever name it quotes."""
    error = ConfigError(f"no '{char}' here.", file="llm.yaml")
    assert str(error).isprintable()
    assert str(error) == f"llm.yaml: no '{ascii(char)[1:-1]}' here."
    assert error.message == str(error).removeprefix("llm.yaml: ")


def test_an_endpoint_has_a_printable_name(write: Write) -> None:
    """It stands in log lines."""
    endpoint = f"{{base_url: 'https://localhost/v1', api_key: k, model: {json.dumps(RED)}}}"
    clients = byoclient.load(write(f"model: x\nclient_provider: openai\noptions: {{endpoints: [{endpoint}]}}\n"))
    assert [state.name for state in clients.endpoints()] == [r"localhost/\x1b[31m"]
