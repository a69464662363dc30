"""httpx2 or httpx, whichever the installed openai uses: 3.x the first, 2.x the second; the names in them are alike."""

from __future__ import annotations

import sys
from typing import Any

import openai

_roots = (base.__module__.partition(".")[0] for base in openai.DefaultHttpxClient.__mro__)

httpx: Any = sys.modules[next(root for root in _roots if root in ("httpx", "httpx2"))]
