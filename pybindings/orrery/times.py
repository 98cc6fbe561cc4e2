"""Spans of time as users write them ("1.5s", 3, timedelta) and as the world counts them: whole
microseconds.

No floating point survives in here: a float is read through its shortest decimal form, so 0.1 is
100,000 us.
"""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Union

from orrery.files import brief

Span = Union[str, int, float, timedelta]

_UNITS_US = {
    "us": 1,
    "ms": 1_000,
    "s": 1_000_000,
    "m": 60_000_000,
    "min": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
}
_PART = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(us|ms|min|s|m|h|d)?\s*")
MAX_US = 2**62


def parse_us(span: Span) -> int:
    """Microseconds of a span: "5s", "1m30s", "250ms", "14d"; a bare number is seconds. Never
    negative.

    Raises ValueError with a message that quotes the span.
    """
    if isinstance(span, bool):
        raise ValueError(f"not a span of time: {brief(repr(span))}")
    if isinstance(span, timedelta):
        us = span // timedelta(microseconds=1)
    elif isinstance(span, (int, float)):
        try:
            us = int((Decimal(repr(span)) * 1_000_000).to_integral_value(ROUND_HALF_EVEN))
        except (ArithmeticError, ValueError):
            raise ValueError(f"not a span of time: {brief(repr(span))}") from None
    elif isinstance(span, str):
        us = _parse_text(span)
    else:
        raise ValueError(f"not a span of time: {brief(repr(span))}")
    if us < 0:
        raise ValueError(f"a span of time cannot be negative: {brief(repr(span))}")
    if us > MAX_US:
        raise ValueError(f"a span of time beyond what the world counts: {brief(repr(span))}")
    return us


def _parse_text(text: str) -> int:
    total = Decimal(0)
    position = 0
    parts = 0
    while position < len(text):
        match = _PART.match(text, position)
        if not match:
            break
        number, unit = match.groups()
        if unit is None and (parts or match.end() < len(text)):
            break
        total += Decimal(number) * _UNITS_US[unit or "s"]
        position = match.end()
        parts += 1
    if not parts or position < len(text):
        raise ValueError(
            f'not a span of time: {brief(repr(text))} (write "5s", "250ms", "1m30s", "2h", "14d")'
        )
    return int(total.to_integral_value(ROUND_HALF_EVEN))


def parse_rate(rate: str | int | float) -> tuple[int, int]:
    """A rate as (count, microseconds): "200/s" -> (200, 1000000), "90/m"; a bare number is per
    second."""
    if isinstance(rate, (int, float)) and not isinstance(rate, bool):
        rate = f"{Decimal(repr(rate)):f}/s"
    match = re.fullmatch(r"\s*(\d+)(?:\.(\d+))?\s*/\s*(us|ms|s|m|min|h|d)\s*", str(rate))
    if not match or not int(match[1] + (match[2] or "")):
        raise ValueError(f'not a rate: {rate!r} (write "200/s", "90/m")')
    fraction = (match[2] or "").rstrip("0")
    return int(match[1] + fraction), _UNITS_US[match[3]] * 10 ** len(fraction)


def show_us(us: int) -> str:
    """Seconds with six decimals, as stories print time: 4112 -> '0.004112'."""
    return f"{us // 1_000_000}.{us % 1_000_000:06d}"


def show_span(us: int) -> str:
    """A short span for messages: '250 ms', '30 s', '5 min'."""
    for unit, size in (
        ("d", 86_400_000_000),
        ("h", 3_600_000_000),
        ("min", 60_000_000),
        ("s", 1_000_000),
        ("ms", 1_000),
    ):
        if us >= size and us % size == 0:
            return f"{us // size} {unit}"
    return f"{show_us(us)} s" if us >= 1_000_000 else f"{us} us"
