"""What is sent is what the file says, whatever `AZURE_OPENAI_*` and `OPENAI_*` variables are set."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from langroid.language_models import AzureConfig

from byoclient.emulator import Emulator
from tests.conftest import Write
from tests.langroid.agents import ANSWER, agent, chats
from tests.langroid.conftest import Load
from tests.yaml_files import azure_file

LEAKS = {
    "API_BASE": "http://127.0.0.1:9/leak",
    "API_KEY": "leak-key",
    "API_VERSION": "leak-version",
    "BASE_URL": "http://127.0.0.1:9/leak",
    "CHAT_MODEL": "leak-model",
    "CHAT_MODEL_ORIG": "o3-mini",
    "CUSTOM_HEADERS": "X-Leak: leak-header",
    "DEPLOYMENT_NAME": "leak-deployment",
    "ENDPOINT": "http://127.0.0.1:9/leak",
    "HEADERS": json.dumps({"x-leak": "leak-header"}),
    "MAX_OUTPUT_TOKENS": "5",
    "MODEL_NAME": "leak-model",
    "ORGANIZATION": "leak-organization",
    "ORG_ID": "leak-organization",
    "PARAMS": json.dumps({"top_p": 0.1}),
    "STREAM": "false",
    "TEMPERATURE": "0.9",
    "TIMEOUT": "1",
    "USE_COMPLETION_FOR_CHAT": "true",
}
ENVIRONMENT = {f"{prefix}_{name}": value for prefix in ("AZURE_OPENAI", "OPENAI") for name, value in LEAKS.items()}


def test_these_variables_would_be_read_by_langroid(monkeypatch: pytest.MonkeyPatch) -> None:
    """A config that Langroid makes by itself takes them; without this the next tests would show nothing."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)

    config = AzureConfig()

    assert (config.chat_model, config.temperature, config.timeout) == ("leak-model", 0.9, 1)
    assert config.params is not None


def test_variables_do_not_change_a_request(load: Load, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """With and without them the same bytes arrive, in body, headers, path and query."""
    agent(load("adapters: {langroid: {cache_config: null}}").plug("langroid")).llm_response("The same?")
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    agent(load("adapters: {langroid: {cache_config: null}}").plug("langroid")).llm_response("The same?")

    without, within = chats(emulator)
    assert within == without


def test_an_env_file_in_the_working_directory_does_not_change_a_request(
    emulator: Emulator, write: Write, tmp_path: Path
) -> None:
    """Langroid loads `.env` when it is imported; only then are the clients built."""
    file = write(azure_file(emulator, f"api_key: {emulator.api_key}"))
    # With OPENAI_API_KEY Langroid lists OpenAI's models at import; here the emulator answers that with 404.
    variables = {**ENVIRONMENT, "OPENAI_BASE_URL": f"{emulator.url}/leak"}
    (tmp_path / ".env").write_text("".join(f"{name}='{value}'\n" for name, value in variables.items()))
    command = [sys.executable, "-m", "byoclient", "ask", "-c", file, "--into", "langroid", "The file's?"]

    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)

    assert (ended.returncode, ended.stdout) == (0, f"{ANSWER}The file's?\n"), ended.stderr
    (request,) = chats(emulator)
    assert "leak" not in f"{request.path} {request.query} {request.headers} {request.body!r}"
    assert request.json()["temperature"] == 0.2
