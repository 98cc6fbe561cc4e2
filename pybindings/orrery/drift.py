"""Determinism: the same seeds in two unlike processes, compared by lane, and where they part."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from orrery.outcome import Outcome

#: The unlike process: what a caller's environment may hold. The worker cleans all of it away but
#: GLIBC_TUNABLES, which makes the C library use other variants of its functions.
UNLIKE_ENVIRONMENT = {
    "TZ": "Asia/Kolkata",
    "LANG": "tr_TR.UTF-8",
    "LC_ALL": "de_DE.UTF-8",
    "PYTHONHASHSEED": "4242",
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2,-AVX2_Usable,-FMA_Usable",
}
CONTEXT_EVENTS = 4


def difference(one: Outcome, two: Outcome) -> str | None:
    """One sentence on how two runs of a seed differ; None when they do not."""
    lanes = [outcome.result.get("lanes", {}) for outcome in (one, two)]
    # Brief results only count their lanes.
    lane = first_lane(*lanes) if all(isinstance(found, dict) for found in lanes) else None
    if (one.verdict, one.hash) == (two.verdict, two.hash):
        return None if lane is None else f"equal hashes, but {lane}"
    text = f"hash {one.hash[:16] or one.verdict} and {two.hash[:16] or two.verdict}"
    if one.events != two.events:
        text += f", {one.events:,} and {two.events:,} events"
    text += _checkpoints(one.result.get("checkpoints", []), two.result.get("checkpoints", []))
    return f"{text}; {lane}" if lane else text


def _checkpoints(one: list[Any], two: list[Any]) -> str:
    """', equal to event N at T s' by the last checkpoint [event, us, hash] that both runs share."""
    shared = None
    for first, second in zip(one, two):
        if first != second:
            break
        shared = first
    return "" if shared is None else f", equal to event {shared[0]:,} at {shared[1] / 1e6:.6f} s"


def first_lane(one: dict[str, Any], two: dict[str, Any]) -> str | None:
    """The lane that parts first (by checkpoint, where lanes have them), as text."""
    differing = []
    for name in sorted(set(one) | set(two)):
        if name not in one or name not in two:
            differing.append(
                (0, name, f"lane {name} is only in the {'first' if name in one else 'second'} run")
            )
        elif one[name] != two[name]:
            number = _checkpoint(one[name], two[name])
            at = f" between checkpoints {number - 1} and {number}" if number is not None else ""
            differing.append(
                (number if number is not None else 2**62, name, f"lane {name} differs{at}")
            )
    if not differing:
        return None
    text = min(differing)[2]
    return f"{text} (and {len(differing) - 1} more)" if len(differing) > 1 else text


def _checkpoint(one: Any, two: Any) -> int | None:
    lists = [lane.get("checkpoints") if isinstance(lane, dict) else lane for lane in (one, two)]
    if not all(isinstance(checkpoints, list) for checkpoints in lists):
        return None
    for number, (first, second) in enumerate(zip(*lists), start=1):
        if first != second:
            return number
    return min(map(len, lists)) + 1


def first_event(one: Path, two: Path) -> list[str]:
    """The first event that differs between two trace files, with what came before it in both."""
    rows = []
    for path in (one, two):
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            rows.append(
                connection.execute(
                    "SELECT t_us, lane, kind, text FROM event ORDER BY seq"
                ).fetchall()
            )
        finally:
            connection.close()
    length = min(map(len, rows))
    at = next((index for index in range(length) if rows[0][index] != rows[1][index]), length)
    if at == length and len(rows[0]) == len(rows[1]):
        return ["the two traces are equal: this time the runs did not part"]
    lines = [f"first difference at event {at + 1}"]
    for name, events in zip(("first ", "second"), rows):
        for index in range(max(0, at - CONTEXT_EVENTS), min(at + 1, len(events))):
            mark = "->" if index == at else "  "
            t_us, lane, kind, text = events[index]
            lines.append(f"{name} {mark} {t_us / 1e6:.6f}  {lane}  {kind}  {text}")
    return lines
