"""The words for who orders what a real system leaves open, and for what a sweep counts (sim/explore/README.md)."""

from __future__ import annotations

import re
from typing import Any

#: As messages name them.
SCHEDULES = "fifo, random, pct:1 to pct:16, pos, portfolio"
SWEEPS = ("disk", "message", "commit-step", "host-call")

_SCHEDULE = re.compile(r"fifo|random|pos|portfolio|pct(:([1-9]|1[0-6]))?")


def is_schedule(text: object) -> bool:
    return isinstance(text, str) and _SCHEDULE.fullmatch(text) is not None


def is_sweep(value: Any) -> bool:
    """{"kind": one of SWEEPS, "n": from 1}"""
    return (
        isinstance(value, dict)
        and set(value) == {"kind", "n"}
        and value["kind"] in SWEEPS
        and type(value["n"]) is int
        and 1 <= value["n"] < 2**63
    )
