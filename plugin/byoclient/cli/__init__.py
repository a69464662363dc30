"""The command line `byoclient`.

Exit statuses: 0 done; 1 a file, provider, credential or request failed; 2 the command was typed wrongly;
130 interrupted.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; the console script `byoclient`."""
    try:
        from byoclient.cli.commands import run
    except KeyboardInterrupt:
        sys.exit(130)
    except ModuleNotFoundError as error:
        if error.name != "click":
            raise
        sys.exit("The command line needs click. Type: pip install 'byoclient[cli]'")
    sys.exit(run())
