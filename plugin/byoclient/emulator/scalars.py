"""Example strings and numbers for a JSON schema; `turn` 0, 1, 2… gives different ones where there is room."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor, gcd, lcm
from typing import Any

from byoclient.emulator.patterns import LONGEST, matching

WORD = "emulator"
FORMATS = {
    "date": "{year}-10-21",
    "date-time": "{year}-10-21T12:00:00Z",
    "time": "12:{minute:02d}:00Z",
    "duration": "PT{turn}H",
    "email": "emulator{n}@example.com",
    "idn-email": "emulator{n}@example.com",
    "hostname": "emulator{n}.example.com",
    "idn-hostname": "emulator{n}.example.com",
    "ipv4": "127.0.0.{last}",
    "ipv6": "::{last:x}",
    "uri": "https://example.com/emulator{n}",
    "uri-reference": "/emulator{n}",
    "iri": "https://example.com/emulator{n}",
    "iri-reference": "/emulator{n}",
    "uri-template": "/emulator{n}",
    "json-pointer": "/emulator{n}",
    "relative-json-pointer": "{turn}",
    "regex": "emulator{n}",
    "uuid": "b70c11e0-0000-4000-8000-{turn:012x}",
}


def strings(schema: dict[str, Any], turn: int) -> Iterator[str]:
    """Yield candidates, best first; the caller takes the first that is valid."""
    least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", LONGEST))
    if "format" in schema and schema["format"] in FORMATS:
        yield formatted(FORMATS[schema["format"]], turn)
    if least <= LONGEST:
        yield fitted(least, most, turn)
    if "pattern" in schema:
        yield from matching(str(schema["pattern"]), turn, min(least, LONGEST))
    known = [*schema.get("examples", ()), schema.get("default")]
    yield from [text for text in known if isinstance(text, str)]


def formatted(template: str, turn: int) -> str:
    """Fill a format's template."""
    return template.format(turn=turn, n=turn or "", year=2024 + turn % 7000, minute=turn % 60, last=1 + turn % 250)


def fitted(least: int, most: int, turn: int) -> str:
    """Return the word, numbered after turn 0, made longer or shorter to fit."""
    number = str(turn) if turn else ""
    room = max(min(max(least, len(WORD) + len(number)), most), 0)
    kept = max(room - len(number), 0)
    return (((WORD + " ") * (kept // len(WORD) + 1))[:kept] + number)[:room]


def number(schema: dict[str, Any], turn: int, *, whole: bool) -> int | float:
    """Return a number within the bounds, on the step if there is one; a wrong one where there is none."""
    low, high = lower(schema), upper(schema)
    step = step_of(schema, whole=whole)
    if step is None:
        return plain(between(low, high, turn))
    if low is None and high is None:
        return plain(step * (turn + (ceil(1 / step) if step <= 1 else 1)))
    if low is None:
        return plain((last_multiple(high, step) - turn) * step)  # type: ignore[arg-type]
    return plain((first_multiple(low, step) + turn) * step)


Bound = tuple[Fraction, bool]  # the value, and whether it is excluded


def lower(schema: dict[str, Any]) -> Bound | None:
    """Return the lower bound."""
    bounds = [(Fraction(str(schema[k])), x) for k, x in (("minimum", False), ("exclusiveMinimum", True)) if k in schema]
    return max(bounds, default=None)


def upper(schema: dict[str, Any]) -> Bound | None:
    """Return the upper bound."""
    bounds = [
        (Fraction(str(schema[k])), not x) for k, x in (("maximum", False), ("exclusiveMaximum", True)) if k in schema
    ]
    lowest = min(bounds, default=None)
    return None if lowest is None else (lowest[0], not lowest[1])


def step_of(schema: dict[str, Any], *, whole: bool) -> Fraction | None:
    """Return what the number is a multiple of: `multipleOf`, and 1 for integers."""
    steps = [Fraction(str(schema["multipleOf"]))] if "multipleOf" in schema else []
    steps += [Fraction(1)] if whole else []
    if not steps:
        return None
    return Fraction(lcm(*(s.numerator for s in steps)), gcd(*(s.denominator for s in steps)))


def first_multiple(bound: Bound, step: Fraction) -> int:
    """Return which multiple is the least above a bound."""
    value, excluded = bound
    return floor(value / step) + 1 if excluded else ceil(value / step)


def last_multiple(bound: Bound, step: Fraction) -> int:
    """Return which multiple is the greatest below a bound."""
    value, excluded = bound
    return ceil(value / step) - 1 if excluded else floor(value / step)


def between(low: Bound | None, high: Bound | None, turn: int) -> Fraction:
    """Return a number between bounds, the nearer to the middle the earlier the turn."""
    if low is not None and high is not None:
        return low[0] + (high[0] - low[0]) / (turn + 2) if high[0] != low[0] else low[0]
    if low is not None:
        return low[0] + 1 + turn
    return Fraction(1 + turn) if high is None else high[0] - 1 - turn


def plain(value: Fraction | int) -> int | float:
    """Return the number as JSON writes it: whole numbers without a point."""
    fraction = Fraction(value)
    return fraction.numerator if fraction.denominator == 1 else float(fraction)
