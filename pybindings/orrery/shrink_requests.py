"""Shrinking by requests: which need not leave, alone, in pairs, or with other chance; and how a capsule says so briefly."""

from __future__ import annotations

from typing import Any, Generator, Sequence

from orrery.shrink_case import AT_ONCE, Anew, Case, Facts, Shrinking, leave_out, site_of

#: So few requests are a small run. Of more than these, the last few and then spans are tried with chance drawn anew, in so
#: many ways.
FEW, WAYS_OF_FEW, WAYS, MOST_SPANS = 9, 60, 6, 8
#: Up to so many are tried in pairs.
MOST_IN_PAIRS = 40


def fewer_requests(case: Case, facts: Facts) -> Generator[list[Case], Any, Case]:
    """Requests that need not leave: whole clients, then one by one."""
    asked = {op["key"] for op in facts.operations}
    left = [op for op in facts.operations if not op["dropped"]]
    by_load = [
        {"key": key, "client": ""} for key, value, _, _ in facts.decisions
        if site_of(key) == "client.leaves" and key not in asked and value >= 1
    ]
    clients = sorted({op["client"] for op in left})

    def with_clients(kept: list[str]) -> Case:
        return without(case, facts, [op for op in left if op["client"] not in kept])

    kept_clients = yield from leave_out(clients, with_clients, all_at_once=bool(by_load))
    case = with_clients(kept_clients)
    rest = [op for op in left if op["client"] in kept_clients] + by_load

    def with_requests(kept: list[dict[str, Any]]) -> Case:
        keys = {op["key"] for op in kept}
        return without(case, facts, [op for op in rest if op["key"] not in keys])

    return with_requests((yield from leave_out(rest, with_requests, False)))


def without(case: Case, facts: Facts, operations: Sequence[dict[str, Any]]) -> Case:
    """The case in which these requests do not leave. Who waits for one of them waits as long as it took before, so that the
    others happen when they did; unless no request leaves but those that are named, each with its instant."""
    changed = case.values()
    only_those = changed.get(facts.limit_of_all) == 0
    for op in operations:
        if only_those and op["client"]:
            changed.pop(op["key"], None)
        else:
            changed[op["key"]] = -op.get("took_us", 0)
    return case.using(changed)


def only_those(case: Case, facts: Facts) -> Generator[list[Case], Any, Case]:
    """No requests but those that leave now, each no sooner than it did: what tries again, or goes on for longer, brings no
    others."""
    every = facts.limit_of_all
    if not every or case.values().get(every) == 0:
        return case
    asked = {op["key"] for op in facts.operations}
    changed = {key: value for key, value in case.overrides if key not in asked}
    for op in facts.operations:
        if not op["dropped"]:
            changed[op["key"]] = max(2, op.get("sent_us", op["asked_us"]))
    fewer = case.using({**changed, every: 0})
    if (yield [fewer]) == 0:
        return fewer
    return case


def fewer_by_pairs(case: Case, facts: Facts) -> Generator[list[Case], Any, Case]:
    """Requests of which either alone is needed and both together are not, where there are not too many."""
    left = [op for op in facts.operations if not op["dropped"]]
    if not FEW < len(left) <= MOST_IN_PAIRS:
        return case
    pairs = [(left[i], left[j]) for i in range(len(left)) for j in range(i + 1, len(left))]
    gone: list[dict[str, Any]] = []
    while pairs:
        tried = [(pair, without(case, facts, [*gone, *pair])) for pair in pairs[:AT_ONCE]]
        first = yield [fewer for _, fewer in tried]
        if first is None:
            pairs = pairs[AT_ONCE:]
            continue
        gone += tried[first][0]
        pairs = [pair for pair in pairs[first + 1 :] if pair[0] not in gone and pair[1] not in gone]
    return without(case, facts, gone)


def fewer_anew(case: Case, facts: Facts) -> Shrinking:
    """Where many requests hold each other up, because the failure needs just this chance after them: fewer of them, and the
    chance drawn anew."""
    left = [op for op in facts.operations if not op["dropped"]]
    if len(left) <= FEW:
        return case
    # The first request is often what everything else waits for.
    tries = [(left[1:-few], WAYS_OF_FEW) for few in range(FEW // 2, FEW, 2)]
    for share in (2, 4, MOST_SPANS):
        size = -(-len(left) // share)
        tries += [(left[at : at + size], WAYS) for at in range(0, len(left), size)]
    for unneeded, ways in tries:
        drawn: Case | None = yield Anew(without(case, facts, unneeded), ways)
        if drawn is not None and (yield [drawn]) == 0:
            return drawn
    return case


def briefly(case: Case, facts: Facts) -> Generator[list[Case], Any, Case]:
    values = case.values()
    by_client: dict[str, list[dict[str, Any]]] = {}
    for op in facts.operations:
        by_client.setdefault(op["client"], []).append(op)
    every = facts.limit_of_all
    own_limit = {
        client: (key, max((n for n, op in enumerate(ops, 1) if not op["dropped"]), default=0))
        for client, ops in by_client.items()
        if (key := f"client.operations/{client_cause(client)}/0") in facts.usual
    }
    dropping = [client for client in own_limit if any(op["dropped"] for op in by_client[client])]
    if not dropping or values.get(every) == 0:
        return case

    def limited(clients: list[str], at_once: bool) -> Case:
        """The first requests of each client, without those of them that are not needed."""
        changed = dict(values)
        for client in clients:
            key, most = own_limit[client]
            for number, op in enumerate(by_client[client], 1):
                if op["dropped"] and number > most:
                    changed.pop(op["key"], None)
                elif op["dropped"]:
                    changed[op["key"]] = 0
            if most > 0 if at_once else most < len(by_client[client]):
                changed[key] = most
        if at_once:
            changed[every] = 0
        return case.using(changed)

    ways = [limited(dropping, False), *([limited(list(own_limit), True)] if every else [])]
    for fewer in sorted(ways, key=lambda way: len(way.overrides)):
        if len(fewer.overrides) < len(case.overrides) and (yield [fewer]) == 0:
            return fewer
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
