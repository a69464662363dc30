"""Making the start of a process short."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collections() -> Iterator[None]:
    """Pause the cyclic garbage collector while large libraries are imported.

    An import makes many objects and hardly any garbage, yet makes the collector walk all of them again and again:
    about a tenth of the time of `import openai` (3.54, Python 3.11). A program that turned it off keeps it off.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
