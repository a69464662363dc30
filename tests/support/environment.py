"""Fresh virtual environments, with the test packages installed by pip, and how programs are run in them."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import byoclient

PACKAGES = Path(__file__).parents[1] / "packages"
KEPT_VARIABLES = ("PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT")


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and how programs are run in it."""

    folder: Path

    @property
    def python(self) -> str:
        return str(self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))

    @property
    def purelib(self) -> Path:
        base = str(self.folder)
        return Path(sysconfig.get_path("purelib", "venv", {"base": base, "platbase": base}))

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run this environment's Python with none of this process's variables that matter."""
        kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
        return subprocess.run(
            [self.python, *arguments],
            env={**kept, **variables},
            cwd=self.folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=120,
        )

    def byoclient(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """Run the command line."""
        return self.run("-m", "byoclient", *arguments, **variables)

    def probe(self, *files: str, trust: str = "", **variables: str) -> dict[str, Any]:
        """Run `packages/probe.py`, a program that loads files and asks with each."""
        trusted = ("--trust", trust) if trust else ()
        process = self.run(str(PACKAGES / "probe.py"), *trusted, *files, **variables)
        assert (process.returncode, process.stderr) == (0, "")
        report: dict[str, Any] = json.loads(process.stdout)
        return report

    def install(self, sources: Path, *names: str) -> None:
        """Let pip build and install packages; everything that they need is there already."""
        folders = [str(sources / name) for name in names]
        offline = ("--no-index", "--no-deps", "--no-build-isolation")
        process = self.run("-m", "pip", "--isolated", "install", "--quiet", *offline, *folders)
        assert process.returncode == 0, process.stderr

    def show(self, *folders: str | Path) -> None:
        """Make folders with installed distributions visible here."""
        with (self.purelib / "shown.pth").open("a", encoding="utf-8") as lines:
            lines.writelines(f"{folder}\n" for folder in folders)


def fresh_environment(folder: Path) -> Environment:
    """Return an environment of its own that sees byoclient, and what it needs, in the running one."""
    venv.create(folder, with_pip=importlib.util.find_spec("pip") is None)
    environment = Environment(folder)
    running = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    environment.show(*sorted(running), Path(byoclient.__file__).parents[1])
    return environment
