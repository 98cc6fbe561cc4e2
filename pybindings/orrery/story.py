"""Which lines of a run's story a failure shows.

The world tells the story of the whole run, one line an event, each beginning with its time in
seconds. For a history that no order explains, what happened between the first question and the last
answer of its witness is what matters; for everything else, what happened last. Shrinking makes runs
shorter; this only chooses lines.
"""

from __future__ import annotations

import re
from typing import Any

LINES_MAX = 40
_HEAD = 12
_TIME = re.compile(r"\s*(\d+)\.(\d{6})\b")


def focus(story: list[str], history: list[dict[str, Any]], witness: Any) -> list[str]:
    """At most LINES_MAX lines about a failure; what is left out is counted in its place."""
    operations = witness.get("operations", []) if isinstance(witness, dict) else []
    refused = refused_before(history, operations)
    between = window(history, [*operations, *refused])
    if between is not None:
        askers = {str(operation.get("p", "")).partition("#")[0] for operation in [*operations, *refused]}
        story = [line for line in story if _within(line, *between) and _concerns(line, askers)]
    answers = [f" {operation['text']}" for operation in operations if operation.get("text")]
    room = max(LINES_MAX - len(answers), _HEAD + 1)
    if len(story) > room:
        head = _HEAD if between is not None else 0
        tail = room - head
        left_out = f"  ... {len(story) - room:,} lines"
        story = [*story[:head], left_out, *story[len(story) - tail :]]
    if answers:
        story = [*story, " the answers that no order explains:", *answers[:LINES_MAX]]
    if refused:
        story = [*story, " refused before, so that it should not be seen:"]
    return [*story, *(f" {operation['text']}" for operation in refused)]


def refused_before(
    history: list[dict[str, Any]], operations: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The last refused operation with the value that a witness's answer shows, on the same key: no
    part of the contradiction, for it did not happen, but likely where that value came from."""
    found: dict[int, dict[str, Any]] = {}
    for operation in operations:
        begin = operation.get("line", 0) - 1
        end = _end_of(history, begin)
        if end is None or history[end].get("e") != "ok" or history[end].get("v") is None:
            continue
        for index in range(end - 1, -1, -1):
            line = history[index]
            if (line.get("e"), line.get("k")) != ("invoke", history[begin].get("k")):
                continue
            last = _end_of(history, index)
            if line.get("v") != history[end]["v"] or last is None or history[last].get("e") != "fail":
                continue
            text = f"#{index} {line['p']} {line.get('f')} {line.get('k')} {line['v']}"
            found[index] = {"line": index + 1, "p": line["p"], "text": text}
            break
    return [found[index] for index in sorted(found)]


def _end_of(history: list[dict[str, Any]], begin: int) -> int | None:
    """The line that ends the operation which began at an index: its process's next."""
    if not 0 <= begin < len(history):
        return None
    process = history[begin].get("p")
    return next((i for i in range(begin + 1, len(history)) if history[i].get("p") == process), None)


def chain_story(failure: dict[str, Any], story: list[str]) -> list[str]:
    """The end of the story, and who waits for whom; the lines of the chain leave the failure."""
    chain = [f"   {line}" for line in failure.pop("lines", [])]
    if not chain:
        return story
    return [*story[-max(LINES_MAX - len(chain), _HEAD) :], " who waits for whom:", *chain]


def window(
    history: list[dict[str, Any]], operations: list[dict[str, Any]]
) -> tuple[int, int] | None:
    """From the first invocation to the last answer of some operations of a history, in
    microseconds.

    An operation's `line` is that of its invocation, counted from 1; its end is its process's next
    line.
    """
    times = []
    for operation in operations:
        begin = operation.get("line", 0) - 1
        if not 0 <= begin < len(history) or "t" not in history[begin]:
            continue
        times.append(history[begin]["t"])
        end = _end_of(history, begin)
        if end is not None:
            times.append(history[end]["t"])
    return (min(times), max(times)) if times else None


def _concerns(line: str, clients: set[str]) -> bool:
    """Lines of other clients than those of the witness only distract."""
    lane = line.split(maxsplit=2)[1:2]
    return not lane or not lane[0].startswith("client/") or lane[0] in clients


def _within(line: str, from_us: int, to_us: int) -> bool:
    match = _TIME.match(line)
    return match is None or from_us <= int(match[1]) * 1_000_000 + int(match[2]) <= to_us
