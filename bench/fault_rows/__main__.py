"""Takes one figure in this process; the server is in another one."""

from __future__ import annotations

import json
import os
import sys

from bench.fault_rows.sides import Run
from bench.fault_rows.table import ALL


def main() -> None:
    """Take the figure that the command line names, and print it as the last line."""
    given = json.loads(sys.argv[1])
    chosen = ALL[given.pop("row")]
    try:
        figure = chosen.take(Run(**given))
    except Exception as error:
        figure = f"{type(error).__name__}: {str(error).splitlines()[0][:80] if str(error) else ''}"
    print(f"\n{figure}", flush=True)
    os._exit(0)  # whatever thread still hangs


main()
