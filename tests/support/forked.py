"""Programs as processes of their own, without the seconds that each would take to import large libraries.

A process that has imported them forks for each program, which then has its own arguments, environment, directory and
streams, and ends as any Python does. What is about imports, signals or the interpreter's options needs a real start.
"""

from __future__ import annotations

import atexit
import functools
import gc
import importlib
import io
import json
import os
import runpy
import subprocess
import sys
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.tokenizer import tokenizer_folder

ROOT = Path(__file__).parents[2]
COMMAND_LINE = ("byoclient.cli.commands", "byoclient.cli.ask", "byoclient.cli.token", "openai", "azure.identity")
EMULATOR = ("byoclient.emulator.app", "byoclient.emulator.certificates", "byoclient.emulator.serving")


def run(
    *arguments: str, cwd: Path = ROOT, env: Mapping[str, str] = os.environ, imported: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run a program as `python ARGUMENTS` would, and return what it said and its exit status.

    Args:
        arguments: `-m MODULE …`, `-c CODE …` or `SCRIPT …`.
        cwd: its working directory.
        env: its environment.
        imported: modules that are imported beside those of the command line and the emulator.
    """
    if not hasattr(os, "fork"):
        command = [sys.executable, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd, env=env)
    return _started((*COMMAND_LINE, *EMULATOR, *imported)).run(arguments, cwd, env)


class Forks:
    """The process that forks.

    Args:
        modules: what it imports first.
    """

    def __init__(self, modules: tuple[str, ...]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forked", *modules],
            cwd=ROOT,
            env={**os.environ, "TIKTOKEN_CACHE_DIR": str(tokenizer_folder())} if "langroid" in modules else None,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        atexit.register(self._process.communicate)

    def run(self, arguments: tuple[str, ...], cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        """Fork once."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with TemporaryDirectory() as folder:
            said = Path(folder, "out"), Path(folder, "err")
            asked = {"arguments": arguments, "cwd": str(cwd), "env": dict(env), "streams": list(map(str, said))}
            print(json.dumps(asked), file=self._process.stdin, flush=True)
            status = int(self._process.stdout.readline())
            return subprocess.CompletedProcess(arguments, status, *(path.read_text() for path in said))


@functools.cache
def _started(modules: tuple[str, ...]) -> Forks:
    return Forks(modules)


def serve(modules: list[str]) -> dict[str, Any] | None:
    """Fork for each line of standard input; returns in the children what they are asked to be."""
    for name in modules:
        importlib.import_module(name)
    gc.freeze()
    for line in sys.stdin:
        child = os.fork()
        if not child:
            asked: dict[str, Any] = json.loads(line)
            return asked
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    return None


def become(asked: dict[str, Any]) -> None:
    """Be another program."""
    for number, path in enumerate([os.devnull, *asked["streams"]]):
        stream = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  (for as long as the process lives)
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    assert isinstance(sys.stdout, io.TextIOWrapper)
    sys.stdout.reconfigure(encoding=os.environ.get("PYTHONIOENCODING"))
    warnings.simplefilter("error", ResourceWarning)
    first, *sys.argv = asked["arguments"]
    if first == "-m":
        sys.path[0] = asked["cwd"]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    elif first == "-c":
        sys.path[0] = ""
        code, sys.argv[0] = sys.argv[0], "-c"
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv.insert(0, first)
        sys.path[0] = os.path.dirname(first)
        runpy.run_path(first, run_name="__main__")


if __name__ == "__main__":
    program = serve(sys.argv[1:])
    if program is not None:
        become(program)
