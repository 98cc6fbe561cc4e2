"""What shrinking tries, and what it is told: runs in the base of defaults, what a run lists of itself, and how items of a
list are left out."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import Any, Callable, Generator, Sequence

#: Candidates asked for at once: some are run in vain when an earlier one will do.
AT_ONCE = 4
#: Sites of draws that say which faults a run meets, and of what only shrinking changes.
PLAN = "swarm."
GIVEN = ("client.leaves", "client.operations", "clients.operations", "fault.", "load.clients", "load.length_us",
          "load.slot_us")


@dataclass(frozen=True)
class Case:
    """A run in the base of defaults: what differs from them, and where it stops. seed: of what has no defaults, the
    scenario's and the Workers' own chance; None: the capsule's."""

    overrides: tuple[tuple[str, int], ...]
    pops: tuple[str, ...] = ()
    until_rule: str = ""
    seed: int | None = None

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
        if self.seed is not None:
            job["seed"] = self.seed
        return job

    def name(self) -> str:
        """A hash of it, the same on every machine."""
        text = json.dumps([self.overrides, self.pops, self.until_rule, self.seed])
        return hashlib.sha256(text.encode()).hexdigest()[:20]


@dataclass
class Facts:
    """What a run lists of itself (the result's `decision_list`, `operations` and `plan`)."""

    decisions: list[list[Any]]
    operations: list[dict[str, Any]]
    plan: list[dict[str, Any]]
    usual: dict[str, int] = field(default_factory=dict)
    #: The decision how many requests of each client leave; empty: it is not asked for.
    limit_of_all: str = ""

    @staticmethod
    def of(result: dict[str, Any]) -> "Facts":
        decisions = result.get("decision_list", [])
        return Facts(
            decisions,
            result.get("operations", []),
            [fault for fault in result.get("plan", []) if fault["begun"]],
            {key: usual for key, _, usual, _ in decisions},
            next((key for key, *_ in decisions if site_of(key) == "clients.operations"), ""),
        )

    def different(self) -> dict[str, int]:
        """Every decision that was not the usual one."""
        return {key: value for key, value, usual, _ in self.decisions if value != usual}


@dataclass(frozen=True)
class Anew:
    """A case with all that it leaves to chance drawn, not the usual, in one of several ways; in every second of them the
    scenario's own chance is another, too."""

    case: Case
    ways: int


#: Is told of each batch of cases which is the first that fails in the same way (None: none does), of each request for
#: facts (a single Case, not in a list) the facts, and of each `Anew` the case that says how the first way that fails so
#: was drawn (None: none does). Gives the smallest case.
Shrinking = Generator["list[Case] | Case | Anew", Any, Case]


def site_of(key: str) -> str:
    return key.rsplit("/", 2)[0]


def cause_of(key: str) -> str:
    return key.rsplit("/", 2)[1]


def is_schedule(key: str) -> bool:
    """Whether a decision is one of chance in the world, not of the plan of faults and not given by a case."""
    return not site_of(key).startswith((PLAN, *GIVEN))


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
