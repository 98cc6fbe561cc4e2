"""Determinism: the same seeds in two unlike processes, compared by lane, and where they part."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, Callable

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


#: What is recorded before a checkpoint too: a step of the loop may announce some events at once.
_SLACK = 256
#: How a run is looked at: "first" and "again" in alike processes, "second" in the unlike one.
Ask = Callable[[str, dict[str, Any]], Outcome]


def locate(ask: Ask) -> dict[str, Any]:
    """Where two runs part, and why perhaps. `ask` has a run once more, with what is added to its job.

    The first look compares checkpoints; the second records what lies between the last equal one and the first that
    differs, in both and in two more processes like the first. Runs that part elsewhere each time are
    looked at again. Gives {"difference", "events" (lines), "guess"}.
    """
    text = None
    for _ in range(4):  # what does not come each time may come the next
        looks = [ask(who, {"lanes": True}) for who in ("first", "second")]
        text = difference(*looks)
        if text is not None:
            break
    text = text or "a lane differs, but no longer"
    start, end = _between(*looks)
    for _ in range(4):
        job = {"lanes": True, "window": [max(0, start - _SLACK), end]}
        seen = {who: ask(who, job) for who in ("first", "second", "again", "once more")}
        before, after = _between(seen["first"], seen["second"])
        if before >= start or start == 0:
            break
        start, end = before, after
    windows = {who: outcome.result.get("window") for who, outcome in seen.items()}
    if not all(windows.values()):
        return {"difference": text, "events": [], "guess": "a run did not live to be looked at"}
    one, two, *alike = windows.values()
    at = _first_unlike(one["events"], two["events"])
    if at is None:
        lines = ["the runs are equal now: this time they did not part"]
        return {"difference": text, "events": lines, "guess": "it does not come each time"}
    guess = guess_cause(one["events"], two["events"], [other["events"] for other in alike], at)
    return {"difference": text, "events": _context(one, two, at), "guess": guess}


def _between(one: Outcome, two: Outcome) -> tuple[int, int | None]:
    """The last checkpoint that is equal in both, and the first that is not (None: the end), as counts of events."""
    equal = 0
    checkpoints = (outcome.result.get("checkpoints", []) for outcome in (one, two))
    for first, second in zip(*checkpoints):
        if first != second:
            return equal, max(first[0], second[0])
        equal = first[0]
    return equal, None


def _key(event: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(event[name] for name in ("at_us", "lane", "kind", "cause", "text", "data"))


def _first_unlike(one: list[dict[str, Any]], two: list[dict[str, Any]]) -> int | None:
    """The index of the first event that differs."""
    for index, (first, second) in enumerate(zip(one, two)):
        if _key(first) != _key(second):
            return index
    return None if len(one) == len(two) else min(len(one), len(two))


def guess_cause(
    one: list[dict[str, Any]],
    two: list[dict[str, Any]],
    alike: list[list[dict[str, Any]]],
    at: int,
) -> str:
    """What may have made two runs part at event `at`, from what they look like there and whether processes like
    the first one part from it too, at the same instant."""
    places = (_first_unlike(one, other) for other in alike)
    if not any(
        place is not None and (place <= at or place < len(one) and at < len(one) and one[place]["at_us"] == one[at]["at_us"])
        for place in places
    ):
        return (
            "it differs only in the unlike environment: locale, time zone, hash seed, variants of the C library's "
            "functions for other processors, or what ran before in that process"
        )
    if at >= min(len(one), len(two)):
        return "one run ends where the other goes on: something beyond the seed decides whether it ends"
    groups = [_same_instant(events, at) for events in (one, two)]
    if Counter(groups[0]) == Counter(groups[1]):
        return (
            "the same events of one instant in another order: the iteration order of an unordered container or of "
            "pointers"
        )
    first, second = one[at], two[at]
    if [first[name] for name in ("at_us", "lane", "kind")] == [
        second[name] for name in ("at_us", "lane", "kind")
    ]:
        numbers = [_NUMBER.findall(event["text"] + event["data"]) for event in (first, second)]
        unlike = [pair for pair in zip(*numbers) if pair[0] != pair[1]]
        if unlike and all(_like_address(number) for pair in unlike for number in pair):
            return (
                "numbers differ that look like addresses, between equal processes too: an address, or memory that was "
                "read before it was written"
            )
        return "the same event with another content, between equal processes too: chance or time from outside the world"
    return "the runs do different things from here: look at the decisions drawn just before"


_NUMBER = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,16}\b|\b\d+\b")


def _like_address(number: str) -> bool:
    """Whether it is of the size of an address, or of a page's number (allocators keep those in freed memory)."""
    try:
        value = int(number, 10 if number.isdecimal() else 16)
    except ValueError:
        return False
    return value >= 1 << 24


def _same_instant(events: list[dict[str, Any]], at: int) -> list[tuple[Any, ...]]:
    """What the events around index `at` say that happen at the same instant."""
    when = events[at]["at_us"]
    low = high = at
    while low > 0 and events[low - 1]["at_us"] == when:
        low -= 1
    while high < len(events) and events[high]["at_us"] == when:
        high += 1
    return [tuple(event[name] for name in ("lane", "kind", "text")) for event in events[low:high]]


def _context(one: dict[str, Any], two: dict[str, Any], at: int) -> list[str]:
    """What was before the first event that differs and the event itself, in both runs; the chain of causes that led
    to it; the decisions drawn meanwhile."""
    length = max(len(window["events"]) for window in (one, two))
    number = next(
        window["events"][at]["event"] for window in (one, two) if at < len(window["events"])
    )
    assert at < length
    lines = [f"first difference at event {number:,}"]
    for name, window in (("first ", one), ("second", two)):
        events = window["events"]
        for index in range(max(0, at - CONTEXT_EVENTS), min(at + 1, len(events))):
            mark = "->" if index == at else "  "
            lines.append(f"{name} {mark} {_line(events[index])}")
        if at >= len(events):
            lines.append(f"{name} -> nothing more")
            continue
        lines += [f"{name}    {line}" for line in _chain(events, at)]
    drawn = [_drawn(window, at) for window in (one, two)]
    for name, mine, other in zip(("first ", "second"), drawn, reversed(drawn)):
        for key, value in mine[-CONTEXT_EVENTS * 2 :]:
            mark = "  " if (key, value) in other else "->"
            lines.append(f"{name} {mark} drawn: {key} = {value}")
    return lines


def _chain(events: list[dict[str, Any]], at: int) -> list[str]:
    """What led to an event, the nearest first: the place that scheduled each step, and what that step said last."""
    said = {event["cause"]: event for event in events[:at]}
    lines = []
    for cause, site in events[at].get("chain") or [[events[at]["cause"], "a beginning, or before what was recorded"]]:
        text = f": {_line(said[cause])}" if cause in said else ""
        lines.append(f"from {site} ({cause}){text}")
    return lines


def _drawn(window: dict[str, Any], at: int) -> list[tuple[str, int]]:
    """Decisions between the first event shown and the one that differs."""
    events = window["events"]
    if not events:
        return []
    low = events[max(0, min(at, len(events) - 1) - CONTEXT_EVENTS)]["event"]
    high = events[min(at, len(events) - 1)]["event"]
    return [
        (decision["key"], decision["value"])
        for decision in window["decisions"]
        if low <= decision["event"] <= high
    ]


def _line(event: dict[str, Any]) -> str:
    return f"{event['at_us'] / 1e6:.6f}  {event['lane']}  {event['kind']}  {event['text']}"
