"""Takes one figure in this process; the emulator is in the one that started it, at the other end of the pipes."""

from __future__ import annotations

import json
import logging
import sys
from typing import Any

from bench.identity_figures import figures, outages
from bench.identity_figures.sides import Ours, Plain, Where

FIGURES: dict[str, Any] = {
    "cold": figures.cold,
    "revoked": figures.revoked,
    "stall": figures.stall,
    "short_life": figures.short_life,
    "cached": figures.cached,
    "outage": outages.outage,
    "cold_outage": outages.cold_outage,
    "cold_outage_async": outages.cold_outage_async,
}


def tell(name: str, **arguments: Any) -> Any:
    """Read an attribute of the emulator, or call it."""
    print(json.dumps({"name": name, "arguments": arguments}), flush=True)
    return json.loads(sys.stdin.readline())


def main() -> None:
    """Take the figure that the arguments name, as JSON: side, kind, figure, its arguments, where the emulator is."""
    asked = json.loads(sys.argv[1])
    logging.disable()  # azure-identity warns of each failure
    side = (Plain if asked["side"] == "plain" else Ours)(Where(**asked["where"]), asked["kind"])
    try:
        found = FIGURES[asked["figure"]](side, tell, *asked["arguments"])
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
    print(json.dumps({"found": found}), flush=True)


main()
