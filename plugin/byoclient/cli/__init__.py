"""The command line `byoclient`.

Exit statuses: 0 done; 1 a file, provider, credential or request failed; 2 the command was typed wrongly;
130 interrupted.
"""

from __future__ import annotations

import signal
import sys


def main() -> None:
    """Run the command line; the console script `byoclient`."""
    try:
        status: int | str = _status()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the process is ending anyway; let it end quietly
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        status = 130
    sys.exit(status)


def _status() -> int | str:
    try:
        from byoclient.cli.commands import run
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        return "The command line needs click. Type: pip install 'byoclient[cli]'"
    return run()
