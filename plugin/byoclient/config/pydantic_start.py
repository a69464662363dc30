"""pydantic's `BaseModel`, ready even beside a distribution with broken entry points.

The first model of a process makes pydantic scan all installed distributions for its own plugins, and one with
a bad `entry_points.txt` stops that scan with a bare TypeError (pydantic 2.14: `plugin/_loader.py`). pydantic
does not scan again after a failure, so a first model that may fail keeps the neighbour's fault from everybody
who defines a model later in this process, the openai SDK included; `byoclient list` names the culprit.
"""

from __future__ import annotations

from contextlib import suppress

from pydantic import BaseModel

with suppress(Exception):

    class _First(BaseModel):
        pass


__all__ = ["BaseModel"]
