"""Makes a failing run small: delta debugging over its list of decisions, in four directions - operations (requests that
need not leave), faults (that need not begin), the schedule (jitter that may be the usual), configuration (points of
presence, loads) - then values towards the usual, until nothing can be left out by itself.

`Shrinking` only says what to try next and is told what became of it, so that the same capsule comes to the same result
however the runs were spread over processes, and so that it can be tested without a world. Who runs the candidates is
`shrink_run.py`; what is written in the end `shrink_write.py`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Generator, Sequence

#: Candidates asked for at once: some are run in vain when an earlier one will do.
AT_ONCE = 4
#: Sites of draws that say which faults a run meets, and of what only shrinking changes.
_PLAN = "swarm."
_GIVEN = ("client.leaves", "client.operations", "clients.operations", "fault.", "load.clients", "load.length_us",
          "load.slot_us")


@dataclass(frozen=True)
class Case:
    """A run in the base of defaults: what differs from them, and where it stops."""

    overrides: tuple[tuple[str, int], ...]
    pops: tuple[str, ...] = ()
    until_rule: str = ""

    @staticmethod
    def of(overrides: dict[str, int], pops: Sequence[str] = (), until_rule: str = "") -> "Case":
        return Case(tuple(sorted(overrides.items())), tuple(pops), until_rule)

    def values(self) -> dict[str, int]:
        return dict(self.overrides)

    def using(self, overrides: dict[str, int]) -> "Case":
        return replace(self, overrides=tuple(sorted(overrides.items())))

    def job(self) -> dict[str, Any]:
        """What a job says to run it."""
        job: dict[str, Any] = {
            "base": "default",
            "overrides": [{"key": key, "value": value} for key, value in self.overrides],
        }
        if self.pops:
            job["pops"] = list(self.pops)
        if self.until_rule:
            job["until_rule"] = self.until_rule
        return job

    def name(self) -> str:
        """A hash of it, the same on every machine."""
        text = json.dumps([self.overrides, self.pops, self.until_rule])
        return hashlib.sha256(text.encode()).hexdigest()[:20]


@dataclass
class Facts:
    """What a run lists of itself (the result's `decision_list`, `operations` and `plan`)."""

    decisions: list[list[Any]]
    operations: list[dict[str, Any]]
    plan: list[dict[str, Any]]
    usual: dict[str, int] = field(default_factory=dict)

    @staticmethod
    def of(result: dict[str, Any]) -> "Facts":
        decisions = result.get("decision_list", [])
        return Facts(
            decisions,
            result.get("operations", []),
            [fault for fault in result.get("plan", []) if fault["begun"]],
            {key: usual for key, _, usual, _ in decisions},
        )

    def different(self) -> dict[str, int]:
        """Every decision that was not the usual one."""
        return {key: value for key, value, usual, _ in self.decisions if value != usual}


#: Is told of each batch of cases which is the first that fails in the same way (None: none does), and of each request
#: for facts (a single Case, not in a list) the facts. Gives the smallest case.
Shrinking = Generator["list[Case] | Case", Any, Case]


def site_of(key: str) -> str:
    return key.rsplit("/", 2)[0]


def cause_of(key: str) -> str:
    return key.rsplit("/", 2)[1]


def is_schedule(key: str) -> bool:
    """Whether a decision is one of chance in the world, not of the plan of faults and not given by a case."""
    return not site_of(key).startswith((_PLAN, *_GIVEN))


def shrink(start: Case, pops: Sequence[str], rule: str = "", passes: int = 4) -> Shrinking:
    """The generator to drive. start: fails, with every decision that was not the usual. pops: the scenario's, if it says
    any. rule: the one whose breach by an event may end the run, if it is such a rule."""
    case = start
    if rule:
        shorter = replace(case, until_rule=rule)
        if (yield [shorter]) == 0:
            case = shorter
    case = yield from _schedule(case)
    facts: Facts = yield case
    case = yield from _faults(case, facts)
    for _ in range(passes):
        before = case
        facts = yield case
        case = yield from _met(case, facts)
        case = yield from _operations(case, facts)
        case = yield from _schedule(case)
        case = yield from _faults(case, facts)
        case = yield from _pops(case, pops)
        case = yield from _loads(case, facts)
        facts = yield case
        case = yield from _values(case, facts)
        if case == before:
            break
    return case


def compact(case: Case) -> Shrinking:
    """The generator that says the same in fewer words: "only the client's first n requests leave" for a list of those
    that do not. A few cases only."""
    facts: Facts = yield case
    return (yield from _compact(case, facts))


# --- leaving items of a list out ---


def leave_out(
    items: Sequence[Any], make: Callable[[list[Any]], Case], all_at_once: bool = True
) -> Generator[list[Case], Any, list[Any]]:
    """The items that must stay: none of them can be left out by itself. `make` gives the case that keeps some."""
    kept = list(items)
    if not kept:
        return kept
    if all_at_once and (yield [make([])]) == 0:
        return []
    size = max(1, len(kept) // 2)
    while True:
        removed = yield from _one_pass(kept, size, make)
        if size == 1:
            if not removed:
                return kept
        elif not removed or size > len(kept) // 2:
            size = max(1, min(size // 2, len(kept) // 2))


def _one_pass(
    kept: list[Any], size: int, make: Callable[[list[Any]], Case]
) -> Generator[list[Case], Any, bool]:
    """Tries to leave out each run of `size` items, the last first: what comes late is less often the reason."""
    removed = False
    end = len(kept)
    while end > 0:
        spans = []
        at = end
        while at > 0 and len(spans) < AT_ONCE:
            spans.append((max(0, at - size), at))
            at = max(0, at - size)
        # A list of one has been tried without it where `make([])` was.
        first = yield [make(kept[:begin] + kept[until:]) for begin, until in spans]
        if first is None:
            end = at
            continue
        begin, until = spans[first]
        del kept[begin:until]
        removed = True
        end = begin
    return removed


# --- the four directions ---


def _schedule(case: Case) -> Generator[list[Case], Any, Case]:
    """Jitter and order: the usual wherever it will do; whole sites first."""
    values = case.values()
    chances = [key for key in values if is_schedule(key)]
    if not chances:
        return case
    sites = sorted({site_of(key) for key in chances})

    def without(keys: set[str]) -> Case:
        return case.using({k: v for k, v in values.items() if k not in keys})

    def with_sites(kept: list[str]) -> Case:
        return without({key for key in chances if site_of(key) not in kept})

    kept_sites = yield from leave_out(sites, with_sites)
    rest = [key for key in chances if site_of(key) in kept_sites]
    gone = set(chances) - set(rest)
    kept = yield from leave_out(rest, lambda keys: without(gone | (set(rest) - set(keys))), False)
    return without(set(chances) - set(kept))


def _faults(case: Case, facts: Facts) -> Generator[list[Case], Any, Case]:
    """Faults that need not begin, drawn or asked for."""
    values = case.values()
    drawn = {fault["drawn"] for fault in facts.plan}
    plan_keys = [key for key in values if site_of(key).startswith(_PLAN)]
    # Draws about faults that there are not.
    idle = {key for key in plan_keys if cause_of(key) not in drawn}
    if idle:
        fewer = case.using({k: v for k, v in values.items() if k not in idle})
        if (yield [fewer]) == 0:
            case, values = fewer, fewer.values()
            plan_keys = [key for key in values if site_of(key).startswith(_PLAN)]

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
    own = [k for k in values if cause_of(k) == fault["drawn"] and site_of(k).startswith(_PLAN)]
    for key in own:
        del values[key]
    for site in ("fault.at_us", "fault.lasts_us", "fault.begins"):
        values.pop(f"{site}/{fault['cause']}/0", None)
    if not own:
        values[f"fault.begins/{fault['cause']}/0"] = 0


def _operations(case: Case, facts: Facts) -> Generator[list[Case], Any, Case]:
    """Requests that need not leave: whole clients, then one by one. Who waits for one that is kept back waits as long as
    it took before, so that the others happen when they did."""
    values = case.values()
    took = {op["key"]: op.get("took_us", 0) for op in facts.operations}
    left = [op for op in facts.operations if not op["dropped"]]
    by_load = [
        key for key, value, _, _ in facts.decisions
        if site_of(key) == "client.leaves" and key not in took and value >= 1
    ]

    def without(keys: set[str]) -> Case:
        changed = dict(values)
        for key in keys:
            changed[key] = -took.get(key, 0)
        return case.using(changed)

    keys = [op["key"] for op in left] + by_load
    clients = sorted({op["client"] for op in left})
    mine = {client: {op["key"] for op in left if op["client"] == client} for client in clients}

    def with_clients(kept: list[str]) -> Case:
        return without(set().union(*(mine[client] for client in clients if client not in kept), set()))

    kept_clients = yield from leave_out(clients, with_clients, all_at_once=bool(by_load))
    gone = set().union(*(mine[client] for client in clients if client not in kept_clients), set())
    rest = [key for key in keys if key not in gone]
    kept = yield from leave_out(rest, lambda some: without(gone | (set(rest) - set(some))), False)
    return without(set(keys) - set(kept))


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
        if site_of(key).startswith(_GIVEN) or abs(value) < 2:
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


def _compact(case: Case, facts: Facts) -> Generator[list[Case], Any, Case]:
    by_client: dict[str, list[dict[str, Any]]] = {}
    for op in facts.operations:
        by_client.setdefault(op["client"], []).append(op)
    values = case.values()
    limit = {
        key: key_site for key, key_site in ((k, site_of(k)) for k in facts.usual) if key_site == "client.operations"
    }
    every = next((key for key in facts.usual if site_of(key) == "clients.operations"), "")
    own_limit = {}
    for client, ops in by_client.items():
        cause = client_cause(client)
        key = f"client.operations/{cause}/0"
        if key in limit:
            own_limit[client] = (key, max((n for n, op in enumerate(ops, 1) if not op["dropped"]), default=0))

    def limited(clients: list[str], at_once: bool) -> Case:
        changed = dict(values)
        for client in clients:
            key, most = own_limit[client]
            for number, op in enumerate(by_client[client], 1):
                if op["dropped"] and number > most:
                    changed.pop(op["key"], None)
                elif op["dropped"]:
                    changed[op["key"]] = 0
            if most < len(by_client[client]) and (most > 0 or not at_once):
                changed[key] = most
            elif at_once and most > 0:
                changed[key] = most
        if at_once:
            changed[every] = 0
        return case.using(changed)

    dropping = [c for c in own_limit if any(op["dropped"] for op in by_client[c])]
    if not dropping:
        return case
    if every and len(limited(list(own_limit), True).overrides) < len(limited(dropping, False).overrides):
        if (yield [limited(list(own_limit), True)]) == 0:
            return limited(list(own_limit), True)
    if (yield [limited(dropping, False)]) == 0:
        return limited(dropping, False)
    for client in dropping:
        fewer = limited([client], False)
        if (yield [fewer]) == 0:
            case, values = fewer, fewer.values()
    return case


def client_cause(name: str) -> str:
    """The cause under which a client's own limit is decided: hash_name of sim/core/hash.h."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = ((value ^ byte) * 0x100000001B3) % 2**64
    return f"{value:016x}"
