"""The lean server, started and told what to break: used as the emulator is."""

from __future__ import annotations

import json
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

PROGRAM = Path(__file__).with_name("lean_server.py")
API_KEY = "any-key"
FILE = """\
model: gpt-4o
client_provider: azure_openai
async_client_provider: azure_openai
options:
  azure_endpoint: {url}
  api_version: 2025-04-01-preview
  api_key: {key}
"""


class FaultServer:
    """A process that answers as the emulator does, with faults of the same names, and counts what it executed."""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port, self.control_port = map(int, self._process.stdout.readline().split())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """End it as a region ends: without a word."""
        self._process.kill()
        self._process.communicate()

    @property
    def url(self) -> str:
        """An `azure_endpoint`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def file(self) -> str:
        """A YAML file for it; more lines are more options."""
        return FILE.format(url=self.url, key=API_KEY)

    def break_answers(self, **fault: Any) -> None:
        """Do what `Emulator.break_answers` does; one that hangs is executed first."""
        control(self.control_port, "/break", fault)

    def mend(self) -> None:
        """End it."""
        control(self.control_port, "/mend")

    def clear(self) -> None:
        """Forget what was executed, and begin `connections_opened` and `requests` at 0 again."""
        control(self.control_port, "/clear")

    @property
    def executed(self) -> dict[str, int]:
        """How often each id was executed: also where the answer was lost, not where it was refused."""
        found: dict[str, int] = control(self.control_port, "/state")["executed"]
        return found

    @property
    def connections(self) -> int:
        """How many are open now."""
        return int(control(self.control_port, "/state")["connections"])

    @property
    def connections_opened(self) -> int:
        """How many were accepted."""
        return int(control(self.control_port, "/state")["connections_opened"])

    @property
    def requests(self) -> int:
        """How many requests came: all attempts."""
        return int(control(self.control_port, "/state")["requests"])


def control(port: int, path: str, body: Any = None) -> dict[str, Any]:
    """Ask the control port of a lean server; return its report."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("POST", path, json.dumps(body))
        answer = connection.getresponse()
        report: dict[str, Any] = json.loads(answer.read())
        return report
    finally:
        connection.close()
