"""Each way in which a file can be wrong, and the one message that it gets."""

from __future__ import annotations

import pytest

import byoclient
from tests.conftest import Write

SECRET = "canary-3f9a7c"
AZURE = """\
model: gpt-4o
client_provider: azure_openai
options:
  azure_endpoint: https://contoso.openai.azure.com
  api_version: 2024-10-21
"""
KEYED = AZURE + f"  api_key: {SECRET}\n"
INSTALLED = "Installed: azure_openai, emulator, openai."


def azure(endpoint: str, sign_in: str = "credential: {kind: default}") -> str:
    return AZURE.replace("https://contoso.openai.azure.com", endpoint) + f"  {sign_in}\n"


CASES: dict[str, tuple[str, str]] = {
    "empty file": ("", ": is empty. Write 'model:' and 'client_provider:'."),
    "only a comment": ("# nothing\n", ": is empty. Write 'model:' and 'client_provider:'."),
    "not YAML": (f"model: 'gpt\n{SECRET}", ":2:14: not YAML: found unexpected end of stream."),
    "a list": ("- model: x\n", ":1:1: should hold keys and values. Found a list."),
    "wrong type": (
        "model: [gpt-4o]\nclient_provider: emulator\n",
        ":1: model: should be text. Found a list.",
    ),
    "number where text is meant": (
        KEYED.replace("2024-10-21", "2024"),
        ":5: options.api_version: should be text. Found a whole number.",
    ),
    "no model": ("client_provider: emulator\n", ":1: model: missing. It is required."),
    "unknown key": (
        "model: x\nclient_providr: emulator\n",
        ":2: client_providr: unknown key. Did you mean 'client_provider'?",
    ),
    "unknown option": (
        KEYED.replace("azure_endpoint", "azure_endpont"),
        ":4: options.azure_endpont: unknown option of 'azure_openai'. Did you mean 'azure_endpoint'?",
    ),
    "unknown provider": (
        KEYED.replace("azure_openai", "azure_opnai"),
        f":2: client_provider: no client provider named 'azure_opnai'. Did you mean 'azure_openai'? {INSTALLED}",
    ),
    "provider not installed": (
        "model: x\nasync_client_provider: acme_gateway\n",
        f":2: async_client_provider: no async client provider named 'acme_gateway'. {INSTALLED}",
    ),
    "no provider": (
        "model: x\n",
        ":1: neither client_provider nor async_client_provider is given. Give one or both.",
    ),
    "path that nobody advertises": (
        "model: x\nclient_provider: myapp.llm:get_client\n",
        ":2: client_provider: 'myapp.llm:get_client' is advertised by no installed distribution as a client provider, "
        "and this program does not trust module 'myapp.llm'. Pass trust=Trust(modules=(\"myapp.llm\",)) to load(), "
        "or --trust-module myapp.llm.",
    ),
    "malformed reference": (
        "model: x\nclient_provider: ../llm.py\n",
        ":2: client_provider: '../llm.py' is not a reference. Write an installed name ('azure_openai'), "
        "'name@distribution', or 'package.module:function'.",
    ),
    "two credentials": (
        KEYED + "  credential: {kind: default}\n",
        ":7: options.credential: both api_key and credential are given. Keep one of them.",
    ),
    "no credential": (
        AZURE,
        ":3: options: neither api_key nor credential is given. Give one, such as credential: {kind: default}.",
    ),
    "unknown credential kind": (
        azure("https://contoso.openai.azure.com", "credential: {kind: managed_identiy}"),
        ":6: options.credential: unknown kind. Did you mean 'managed_identity'?",
    ),
    "credential without kind": (
        azure("https://contoso.openai.azure.com", "credential: {client_id: x}"),
        ":6: options.credential: missing kind. One of: default, managed_identity, workload_identity, client_secret, "
        "client_certificate, client_assertion, on_behalf_of, azure_cli, azure_developer_cli, azure_powershell, "
        "environment, azure_pipelines, device_code, interactive_browser, chain, static_token.",
    ),
    "unknown key of a credential": (
        azure("https://contoso.openai.azure.com", "credential: {kind: managed_identity, clientid: x}"),
        ":6: options.credential.clientid: unknown option of 'azure_openai'. Did you mean 'client_id'?",
    ),
    "secret missing in a kind of the same name": (
        azure("https://contoso.openai.azure.com", "credential: {kind: client_secret, tenant_id: x, client_id: y}"),
        ":6: options.credential.client_secret: missing. It is required.",
    ),
    "two ids of a managed identity": (
        azure("https://contoso.openai.azure.com", "credential: {kind: managed_identity, client_id: x, object_id: y}"),
        ":6: options.credential: holds client_id and object_id. Keep one of them.",
    ),
    "endpoint without scheme": (
        azure("contoso.openai.azure.com"),
        ":4: options.azure_endpoint: has no scheme. Write https:// in front.",
    ),
    "endpoint with a user": (
        azure(f"https://{SECRET}@contoso.openai.azure.com"),
        ":4: options.azure_endpoint: is no plain URL: scheme, host, port and path, without user, query, fragment or "
        "backslash.",
    ),
    "endpoint of the v1 surface": (
        azure("https://contoso.openai.azure.com/openai/v1/"),
        ":4: options.azure_endpoint: is the v1 surface. Use the client provider 'openai' with base_url, or end before "
        "/openai.",
    ),
    "plain http": (
        azure("http://contoso.openai.azure.com"),
        ":4: options.azure_endpoint: 'http://contoso.openai.azure.com' is plain http, and an Entra token goes only "
        "over https. Write https://.",
    ),
    "host that is not trusted": (
        azure("https://gateway.contoso.com"),
        ":4: options.azure_endpoint: the host 'gateway.contoso.com' may not receive this client's token. Pass "
        'trust=Trust(hosts=("gateway.contoso.com",)) to load(), or --trust-host gateway.contoso.com.',
    ),
    "host of another cloud": (
        azure("https://contoso.openai.azure.us"),
        ":4: options.azure_endpoint: the host 'contoso.openai.azure.us' may not receive this client's token. Pass "
        'trust=Trust(hosts=("contoso.openai.azure.us",)) to load(), or --trust-host contoso.openai.azure.us.',
    ),
    "authority that is not trusted": (
        azure(
            "https://contoso.openai.azure.com",
            f"credential: {{kind: client_secret, tenant_id: x, client_id: y, client_secret: {SECRET}, "
            "authority: https://login.contoso.com}",
        ),
        ":6: options.credential.authority: the host 'login.contoso.com' is not the authority of the cloud 'public'. "
        'Pass trust=Trust(hosts=("login.contoso.com",)) to load(), or --trust-host login.contoso.com.',
    ),
    "v1 path missing on Azure": (
        "model: x\nclient_provider: openai\noptions: {base_url: https://contoso.openai.azure.com, api_key: k}\n",
        ":3: options.base_url: is an Azure host without the path of the v1 surface. End it with /openai/v1/.",
    ),
    "unset variable": (
        AZURE + "  api_key: ${AZURE_OPENAI_API_KEY}\n",
        ":6: options.api_key: the variable AZURE_OPENAI_API_KEY is not set. Set it, or give a default: "
        "${AZURE_OPENAI_API_KEY:-…}.",
    ),
    "variable that is not allowed": (
        AZURE + "  api_key: ${HOME}\n",
        ":6: options.api_key: the variable HOME may not be read from a file. Allowed: AZURE_*, OPENAI_*, BYOCLIENT_*. "
        'Pass trust=Trust(env=("HOME",)) to load(), or --trust-env HOME.',
    ),
    "key with a line break": (
        AZURE + f'  api_key: "{SECRET}\\n"\n',
        ":6: options.api_key: is empty, or holds spaces, line breaks or other characters that no key has.",
    ),
    "header that is the credential's": (
        KEYED + f"  default_headers: {{Authorization: {SECRET}}}\n",
        ":7: options.default_headers.Authorization: may not be set here. Give api_key or credential instead.",
    ),
    "not an API version": (
        KEYED.replace("2024-10-21", "latest-and-greatest"),
        ":5: options.api_version: is no version of the API. Write one such as 2024-10-21.",
    ),
    "a number that is no number": (
        KEYED + "  timeout: soon\n",
        ":7: options.timeout: should be a valid number, unable to parse string as a number. Found text.",
    ),
    "true as a number": (
        KEYED + "  max_retries: true\n",
        ":7: options.max_retries: should be a number. Found true or false.",
    ),
    "unknown adapter": (
        "model: x\nclient_provider: emulator\nadapters: {lngroid: {}}\n",
        ":3: adapters.lngroid: no adapter named 'lngroid'. Did you mean 'langroid'? "
        "Installed: langroid, langroid.embeddings.",
    ),
    "unknown setting of an adapter": (
        "model: x\nclient_provider: emulator\nadapters:\n  langroid: {strem: true}\n",
        ":4: adapters.langroid.strem: unknown setting of the adapter 'langroid'. Did you mean 'stream'?",
    ),
    "no LLM": ("llms: {}\n", ":1: llms: names no LLM. Write one, such as 'chat:', under it."),
    "several LLMs and a short form": (
        "llms: {chat: {model: x, client_provider: emulator}}\nmodel: y\n",
        ":2: model: stands beside 'llms:'. Move it under one of the LLMs.",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_file_gets_one_message_with_file_line_and_key(name: str, write: Write) -> None:
    """The message says where, what was found and what to type."""
    text, expected = CASES[name]
    path = write(text)
    with pytest.raises(byoclient.ConfigError) as caught:
        byoclient.load(path)
    assert not isinstance(caught.value, byoclient.ConfigErrors), str(caught.value)
    message = str(caught.value).removeprefix(path)
    before, _, after = expected.partition("{}")
    assert message.startswith(before)
    assert message.endswith(after)
    assert caught.value.file == path


@pytest.mark.parametrize("name", CASES)
def test_no_message_or_repr_shows_the_value_of_a_secret(name: str, write: Write) -> None:
    """The secret stands in the file and in nothing that is printed of the error."""
    with pytest.raises(byoclient.ConfigError) as caught:
        byoclient.load(write(CASES[name][0]))
    assert SECRET not in str(caught.value) + repr(caught.value) + repr(vars(caught.value))


def test_a_missing_file_is_named() -> None:
    """The path is quoted as it was given."""
    with pytest.raises(byoclient.ConfigError) as caught:
        byoclient.load("configs/nowhere.yaml")
    assert str(caught.value) == "configs/nowhere.yaml: no such file. Check the path, or the directory that you are in."


def test_a_directory_is_no_file(tmp_path: object) -> None:
    """A directory gets its own message."""
    with pytest.raises(byoclient.ConfigError, match=r": is a directory\. Name a YAML file in it\.$"):
        byoclient.load(str(tmp_path))


def test_bytes_that_are_not_utf8_are_reported_with_their_line(write: Write) -> None:
    """The bytes themselves are not shown."""
    with pytest.raises(byoclient.ConfigError, match=r":2:10: is not UTF-8\. Save it as UTF-8\.$"):
        byoclient.load(write(b"model: x\napi_key: \xff\xfe\n"))


def test_all_errors_of_a_file_are_raised_together_in_the_order_of_their_lines(write: Write) -> None:
    """ConfigErrors carries each; its text has one line for each."""
    path = write("model: x\nclient_provider: azure_opnai\nasync_client_provider: azure_openai\noptions: {}\n")
    with pytest.raises(byoclient.ConfigErrors) as caught:
        byoclient.load(path)
    assert [error.line for error in caught.value.errors] == [2, 4, 4]
    assert len(str(caught.value).splitlines()) == 3


def test_trust_errors_have_their_own_class(write: Write) -> None:
    """A program can tell what is not trusted from what is wrong."""
    for name in ("host that is not trusted", "variable that is not allowed", "path that nobody advertises"):
        with pytest.raises(byoclient.TrustError):
            byoclient.load(write(CASES[name][0]))


def test_an_unknown_llm_is_answered_with_the_close_name(write: Write) -> None:
    """So is a file with several LLMs and no choice."""
    path = write(
        "llms:\n  chat: {model: x, client_provider: emulator}\n  fast: {model: y, client_provider: emulator}\n"
    )
    with pytest.raises(byoclient.ConfigError, match=r":1: llms: no LLM named 'chatt'\. Did you mean 'chat'\?$"):
        byoclient.load(path, llm="chatt")
    with pytest.raises(byoclient.ConfigError, match=r':1: llms: several LLMs\. Say which: load\(path, llm="chat"\)'):
        byoclient.load(path)
    assert byoclient.load(path, llm="fast").model == "y"


def test_one_fault_does_not_hide_others(write: Write) -> None:
    """Of the grammar, a reference, an option, an adapter and a variable."""
    path = write(
        "model: 5\nfoo: 1\nclient_provider: azure_opnai\nasync_client_provider: openai\n"
        "options: {tmeout: 3, api_key: '${AZURE_UNSET}'}\nadapters: {lngroid: {}}\n"
    )
    with pytest.raises(byoclient.ConfigErrors) as caught:
        byoclient.load(path)
    keys = [error.key for error in caught.value.errors]
    assert keys == ["model", "foo", "client_provider", "options.api_key", "options.tmeout", "adapters.lngroid"]


def test_what_an_unset_variable_leaves_empty_brings_no_follow_up(write: Write) -> None:
    """The variable is the fault."""
    for key in ("client_provider: ${AZURE_UNSET}", "client_provider: openai\noptions: {api_key: '${AZURE_UNSET}'}"):
        with pytest.raises(byoclient.ConfigError, match="the variable AZURE_UNSET is not set") as caught:
            byoclient.load(write(f"model: x\n{key}\n"))
        assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "options:\nadapters:\n",
        "adapters:\n  langroid:\n",
        "options:\n  sign_in: api_key\n  deployments:\n",
    ],
)
def test_a_key_with_nothing_under_it_is_a_key_that_is_not_there(text: str, write: Write) -> None:
    """As when its last line was commented out."""
    byoclient.load(write(f"model: x\nclient_provider: emulator\nasync_client_provider:\n{text}"))


def test_wrong_types_are_named_in_the_words_of_yaml(write: Write) -> None:
    """A mapping, a list, text."""
    path = write(
        "model: x\nclient_provider: azure_openai\n"
        "options: {azure_endpoint: [], api_version: {}, credential: x, http: 3}\n"
    )
    with pytest.raises(byoclient.ConfigErrors) as caught:
        byoclient.load(path)
    assert not {"dictionary", "valid", "instance", "object"} & set(str(caught.value).split())


def test_two_names_of_one_adapter_are_refused(write: Write) -> None:
    """Names are compared normalised, so only one of them could count."""
    path = write("model: x\nclient_provider: emulator\nadapters: {langroid: {}, Langroid: {}}\n")
    with pytest.raises(byoclient.ConfigError, match=r"adapters\.Langroid: names the same adapter as 'langroid'"):
        byoclient.load(path)


def test_a_key_that_another_names_as_its_kind_is_told_at_its_place(write: Write) -> None:
    """At the top of an LLM nothing is a credential."""
    path = write("model: x\nclient_provider: emulator\nkind: token\ntoken: 5\n")
    with pytest.raises(byoclient.ConfigErrors) as caught:
        byoclient.load(path)
    assert [(error.line, error.key) for error in caught.value.errors] == [(3, "kind"), (4, "token")]
