"""Makes a failing run small: delta debugging over its list of decisions, in four directions - operations (requests that
need not leave), faults (that need not begin), the schedule (jitter that may be the usual), configuration (points of
presence, loads) - then values towards the usual, until nothing can be left out by itself. Requests have a file of their
own, `shrink_requests.py`; what all share is `shrink_case.py`.

`Shrinking` only says what to try next and is told what became of it, so that the same capsule comes to the same result
however the runs were spread over processes, and so that it can be tested without a world. Who runs the candidates is
`shrink_run.py`; what is written in the end `shrink_write.py`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Generator, Sequence

from orrery.shrink_case import GIVEN, PLAN, Case, Facts, Shrinking, cause_of, is_schedule, leave_out, site_of
from orrery.shrink_requests import briefly, fewer_anew, fewer_by_pairs, fewer_requests, only_those


def shrink(start: Case, pops: Sequence[str], rule: str = "", passes: int = 40) -> Shrinking:
    """The generator to drive. start: fails, with every decision that was not the usual. pops: the scenario's, if it says
    any. rule: the one whose breach by an event may end the run, if it is such a rule."""
    case = start
    if rule:
        shorter = replace(case, until_rule=rule)
        if (yield [shorter]) == 0:
            case = shorter
    # What a run without them never draws need not be tried: whole sites of the schedule, faults and requests come before
    # the thousands of single draws.
    case = yield from _sites(case)
    facts: Facts = yield case
    case = yield from _faults(case, facts)
    case = yield from fewer_requests(case, facts)
    facts = yield case
    case = yield from only_those(case, facts)
    for _ in range(passes):
        before = case
        facts = yield case
        case = yield from _met(case, facts)
        case = yield from _schedule(case)
        facts = yield case
        case = yield from fewer_requests(case, facts)
        case = yield from _faults(case, facts)
        case = yield from _pops(case, pops)
        case = yield from _loads(case, facts)
        facts = yield case
        case = yield from _values(case, facts)
        if case != before:
            continue
        case = yield from fewer_by_pairs(case, facts)
        if case == before:
            case = yield from fewer_anew(case, facts)
        if case == before:
            break
    return case


def compact(case: Case) -> Shrinking:
    """The generator that says the same in fewer words: which requests leave, or that only a client's first n do, for a list
    of those that do not. A few cases only."""
    facts: Facts = yield case
    return (yield from briefly(case, facts))


def _sites(case: Case) -> Generator[list[Case], Any, Case]:
    """Jitter and order: the usual at as many places of the code as will do."""
    chances = {key: site_of(key) for key, _ in case.overrides if is_schedule(key)}

    def with_sites(kept: list[str]) -> Case:
        return case.using({k: v for k, v in case.overrides if k not in chances or chances[k] in kept})

    kept = yield from leave_out(sorted(set(chances.values())), with_sites)
    return with_sites(kept)


def _schedule(case: Case) -> Generator[list[Case], Any, Case]:
    """Jitter and order: the usual wherever it will do; whole places of the code first."""
    case = yield from _sites(case)
    values = case.values()
    chances = [key for key in values if is_schedule(key)]

    def with_chances(kept: list[str]) -> Case:
        gone = set(chances) - set(kept)
        return case.using({k: v for k, v in values.items() if k not in gone})

    return with_chances((yield from leave_out(chances, with_chances, all_at_once=False)))


def _faults(case: Case, facts: Facts) -> Generator[list[Case], Any, Case]:
    """Faults that need not begin, drawn or asked for."""
    values = case.values()
    drawn = {fault["drawn"] for fault in facts.plan}
    plan_keys = [key for key in values if site_of(key).startswith(PLAN)]
    # Draws about faults that there are not.
    idle = {key for key in plan_keys if cause_of(key) not in drawn}
    if idle:
        fewer = case.using({k: v for k, v in values.items() if k not in idle})
        if (yield [fewer]) == 0:
            case, values = fewer, fewer.values()
            plan_keys = [key for key in values if site_of(key).startswith(PLAN)]

    def with_faults(kept: list[dict[str, Any]]) -> Case:
        names = {fault["name"] for fault in kept}
        changed = dict(values)
        for fault in facts.plan:
            if fault["name"] not in names:
                drop_fault(changed, fault)
        return case.using(changed)

    present = [fault for fault in facts.plan if begins(values, fault)]
    kept = yield from leave_out(present, with_faults)
    return with_faults(kept) if len(kept) < len(present) else case


def begins(values: dict[str, int], fault: dict[str, Any]) -> bool:
    return values.get(f"fault.begins/{fault['cause']}/0", 1) != 0


def drop_fault(values: dict[str, int], fault: dict[str, Any]) -> None:
    """Changes overrides so that a fault does not begin: undrawn, if a preset drew it; else kept from beginning."""
    own = [k for k in values if cause_of(k) == fault["drawn"] and site_of(k).startswith(PLAN)]
    for key in own:
        del values[key]
    for site in ("fault.at_us", "fault.lasts_us", "fault.begins"):
        values.pop(f"{site}/{fault['cause']}/0", None)
    if not own:
        values[f"fault.begins/{fault['cause']}/0"] = 0


def _pops(case: Case, pops: Sequence[str]) -> Generator[list[Case], Any, Case]:
    now = list(case.pops or pops)
    if len(now) < 2:
        return case
    kept = yield from leave_out(
        now, lambda some: replace(case, pops=tuple(some or now)), all_at_once=False
    )
    return replace(case, pops=tuple(kept)) if kept and kept != now else case


def _loads(case: Case, facts: Facts) -> Generator[list[Case], Any, Case]:
    """Loads of fewer clients, shorter, slower."""
    for key, value, _, _ in facts.decisions:
        site = site_of(key)
        if site in ("load.clients", "load.length_us"):
            case = yield from _lower(case, key, value, 1)
        elif site == "load.slot_us":
            while (yield [_with(case, key, value * 2)]) == 0 and value < 10**9:
                case, value = _with(case, key, value * 2), value * 2
    return case


def _with(case: Case, key: str, value: int) -> Case:
    return case.using({**case.values(), key: value})


def _lower(case: Case, key: str, value: int, least: int) -> Generator[list[Case], Any, Case]:
    """The value as near to `least` as halving the way brings it."""
    if value > least and (yield [_with(case, key, least)]) == 0:
        return _with(case, key, least)
    step = (value - least) // 2
    while step > max(1, abs(value) // 16):
        if (yield [_with(case, key, value - step)]) == 0:
            value -= step
            case = _with(case, key, value)
        step = min(step // 2, (value - least) // 2)
    return case


def _met(case: Case, facts: Facts) -> Generator[list[Case], Any, Case]:
    """Without overrides that no decision of the run asks for."""
    asked = {key for key, _, _, _ in facts.decisions}
    fewer = case.using({key: value for key, value in case.overrides if key in asked})
    if fewer != case and (yield [fewer]) == 0:
        return fewer
    return case


def _values(case: Case, facts: Facts) -> Generator[list[Case], Any, Case]:
    """What stays different from the usual is brought nearer to it, and to a round number: shorter, earlier."""
    lengths = [
        (f"fault.lasts_us/{fault['cause']}/0", fault["us"])
        for fault in facts.plan
        if fault["us"] > 0 and not any(cause_of(k) == fault["drawn"] for k in case.values())
    ]
    for key, us in lengths:
        case = yield from _lower(case, key, case.values().get(key, us), 1_000)
    for key, value in case.overrides:
        if site_of(key).startswith(GIVEN) or abs(value) < 2:
            continue
        usual = facts.usual.get(key, 0)
        away = value - usual
        for near in _nearer(away):
            if (yield [_with(case, key, usual + near)]) == 0:
                case = _with(case, key, usual + near)
                break
    return case


def _nearer(away: int) -> list[int]:
    """Lesser distances, the least first, and the distance itself rounded down."""
    sign, size = (-1, -away) if away < 0 else (1, away)
    digits = 10 ** max(0, len(str(size)) - 1)
    out = [size // 16, size // 4, size // 2, size // digits * digits]
    return [sign * near for near in dict.fromkeys(out) if 0 < near < size]
