"""The code of the README and of docs/ runs as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import byoclient
from byoclient.config import certificates, files, reading, variables
from tests.support import forked

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


def write_files(folder: Path) -> None:
    """Write each block that begins with a path."""
    for language in ("yaml", "python", "toml"):
        for block in blocks(README, language):
            path = re.match(r"# (\S+\.\w+)\n", block)
            if path:
                (folder / path[1]).parent.mkdir(exist_ok=True)
                (folder / path[1]).write_text(block)


def run(code: str, folder: Path, *imported: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "AZURE_CLIENT_ID": "x"}
    return forked.run("-c", code, cwd=folder, env=environment, imported=imported)


def test_the_python_of_the_readme_runs(tmp_path: Path) -> None:
    """Each block without a path, on the YAML of the README; Langroid's has a test of its own."""
    write_files(tmp_path)
    python = [block for block in blocks(README, "python") if not block.startswith("# ") and "langroid" not in block]
    assert len(python) == 2
    done = run("\n".join(python) + "\nclients.prepare()\nprint(type(client).__mro__[3])", tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "<class 'openai.lib.azure.AzureOpenAI'>\n"


def test_the_credentials_of_the_readme_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The kinds that people use most, a line each."""
    monkeypatch.setenv("AZURE_CLIENT_ID", "x")
    lines = [line for block in blocks(README, "yaml") for line in block.splitlines() if line.startswith("credential:")]
    kinds = [re.findall(r"kind: (\w+)", line)[0] for line in lines]
    assert kinds == ["default", "managed_identity", "workload_identity", "client_secret", "client_certificate"]
    for line in lines:
        options = f"options:\n  azure_endpoint: https://a.openai.azure.com\n  api_version: 2024-10-21\n  {line}\n"
        (tmp_path / "llm.yaml").write_text(f"model: x\nclient_provider: azure_openai\n{options}")
        byoclient.load(tmp_path / "llm.yaml")


def test_the_langroid_of_the_readme_runs(tmp_path: Path) -> None:
    """A real agent and task."""
    (code,) = [block for block in blocks(README, "python") if "langroid" in block]
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    done = run(code, tmp_path, "langroid")
    assert done.returncode == 0, done.stderr
    assert "Middlemarch" in done.stdout  # in colours, word by word


def test_the_provider_of_the_readme_is_installed_and_found(tmp_path: Path) -> None:
    """Its two files are a distribution; the YAML names it; the clients are built."""
    write_files(tmp_path)
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--no-build-isolation"]
    subprocess.run([*pip, "--target", str(tmp_path / "site"), str(tmp_path)], check=True, capture_output=True)
    code = (
        "import byoclient\n"
        "clients = byoclient.load('acme.yaml').prepare()\n"
        "print(clients.client().base_url, type(clients.async_client()).__name__)\n"
    )
    (tmp_path / "acme_llm").rename(tmp_path / "sources")
    environment = {**os.environ, "AZURE_ACME_KEY": "y", "PYTHONPATH": str(tmp_path / "site")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert done.stdout == "https://weu.llm.acme.example/openai/ AsyncAzureOpenAI\n", done.stderr


def test_the_code_of_the_emulators_page_runs(tmp_path: Path) -> None:
    """Also its first block, of names only."""
    for code in blocks((ROOT / "docs" / "emulator.md").read_text(), "python"):
        done = run(code, tmp_path)
        assert (done.returncode, done.stderr) == (0, "")


def test_ci_calls_the_readmes_own_command() -> None:
    """The very line."""
    commands = blocks(README, "sh")
    assert commands[1].strip() in (ROOT / ".ci" / "run").read_text()


@pytest.mark.slow
def test_the_first_command_of_the_readme_answers_in_a_fresh_clone(tmp_path: Path) -> None:
    """With nothing there but Python and the clone; nothing but the answer is printed."""
    subprocess.run(["git", "clone", "-q", str(ROOT), str(tmp_path / "clone")], check=True)
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        ["bash", "-c", blocks(README, "sh")[0]],
        cwd=tmp_path / "clone",
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "This is the byoclient emulator, not a model. You asked gpt-4o: Hello\n"


def test_the_limits_in_the_threat_model_are_those_of_the_code() -> None:
    """Of a file, of what its variables bring, and of a file of certificates."""
    said = (ROOT / "SECURITY.md").read_text()
    mib = 1024 * 1024
    assert f"{files.MAX_BYTES // 1024} KiB, {reading.MAX_DEPTH} levels, {reading.MAX_NODES:,} values;" in said
    assert f"Variables bring {variables.MOST_READ // mib} MiB at most" in said
    assert f"files of certificates have {certificates.MAX_BYTES // mib} MiB at most" in said


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "docs/emulator.md", "CHANGELOG.md"])
def test_links_inside_the_project_lead_somewhere(page: str) -> None:
    """Relative ones."""
    for link in re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text()):
        assert link.startswith("https://") or (ROOT / page).parent.joinpath(link).exists(), link
