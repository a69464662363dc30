"""httpx2 or httpx, whichever the installed openai uses: 3.x the first, 2.x the second; the names in them are alike.

So are those in httpcore2 and httpcore, on which they stand.
"""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import openai

_roots = (base.__module__.partition(".")[0] for base in openai.DefaultHttpxClient.__mro__)

httpx: Any = sys.modules[next(root for root in _roots if root in ("httpx", "httpx2"))]

if httpx.__name__ == "httpx2":
    import httpcore2 as _httpcore
else:
    import httpcore as _httpcore  # type: ignore[no-redef]  # the same names

httpcore: Any = _httpcore


def speaks_http2() -> bool:
    """Whether the library behind HTTP/2 is installed."""
    return importlib.util.find_spec("h2") is not None
