"""Real installs by pip, in every style that leaves a module elsewhere than beside its metadata."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Write
from tests.support.environment import fresh_environment

HATCHLING = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
EXACT = HATCHLING + "[tool.hatch.build]\ndev-mode-exact = true\n"
SETUPTOOLS = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
"""
PROJECT = """\
[project]
name = "acme-styles"
version = "1.0"
[project.entry-points."byoclient.client_providers"]
styled = "acme_styles.deep.llm:gateway"
"""
STYLES = {
    "hatchling": (HATCHLING, "src", ["-e"]),
    "hatchling, by the library editables": (EXACT, "src", ["-e"]),
    "setuptools, a src folder": (SETUPTOOLS, "src", ["-e"]),
    "setuptools, flat": (SETUPTOOLS, "", ["-e"]),
    "setuptools, strict": (SETUPTOOLS, "", ["--config-settings", "editable_mode=strict", "-e"]),
    "setuptools, compat": (SETUPTOOLS, "", ["--config-settings", "editable_mode=compat", "-e"]),
    "setuptools, copied": (SETUPTOOLS, "", []),
    "target folder": (HATCHLING, "src", ["--target", "{target}"]),
}


@pytest.mark.slow
@pytest.mark.parametrize("style", STYLES)
def test_a_provider_serves_however_it_was_installed(style: str, tmp_path: Path, write: Write) -> None:
    """Found, imported and called; shadowed by another folder it is refused."""
    backend, root, options = STYLES[style]
    package = tmp_path / "project" / root / "acme_styles"
    (package / "deep").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "deep/llm.py").write_text("def gateway(): return 5\n")
    (tmp_path / "project/pyproject.toml").write_text(backend + PROJECT)
    environment = fresh_environment(tmp_path / "env")
    target = tmp_path / "target"
    command = [option.format(target=target) for option in options]
    offline = ("--no-index", "--no-deps", "--no-build-isolation")
    done = environment.run("-m", "pip", "--isolated", "install", "-q", *offline, *command, str(tmp_path / "project"))
    assert done.returncode == 0, done.stderr
    file = write("model: x\nclient_provider: styled\n")
    loading = f"import byoclient\nbyoclient.load({file!r}).client()"
    served = environment.run("-c", loading, PYTHONPATH=str(target))
    assert "'styled' returned int" in served.stderr
    (tmp_path / "shadow/acme_styles/deep").mkdir(parents=True)
    for name in ("__init__.py", "deep/llm.py"):
        (tmp_path / "shadow/acme_styles" / name).write_text("def gateway(): return 6\n")
    shadow = f"import sys\nsys.path.insert(0, {str(tmp_path / 'shadow')!r})\n"
    assert (
        "which that distribution did not install"
        in environment.run("-c", shadow + loading, PYTHONPATH=str(target)).stderr
    )
