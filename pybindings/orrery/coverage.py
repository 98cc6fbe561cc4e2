"""What many runs have reached together, and an estimate of how much they have not.

A *thing* is whatever a run can be the first to show: a block of the app's code, a rare situation of the platform (a
probe), a kind of fault, a rule exercised, a pair of events one after the other. Counted is in how many runs each was
seen: of things seen in one run only, there are likely more that no run has shown yet (Good and Turing, 1953; Chao's
lower bound for the number of what is unseen).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Iterable

#: A thing: its family ("app", "probe", "fault", "rule", "pair") and what it is within it.
Thing = tuple[str, Any]


@dataclass
class Reached:
    """What runs of one scenario have reached. `app` and `probes` are what there is to reach, as the worker describes
    it; either may be empty."""

    app: dict[str, Any] = field(default_factory=dict)
    probes: list[str] = field(default_factory=list)
    runs: int = 0
    seen: Counter[Thing] = field(default_factory=Counter)
    #: The run (from 1) that was the last to show something new.
    last_new: int = 0

    def add(self, result: dict[str, Any]) -> int:
        """Takes in a run's result; returns how many things it was the first to show."""
        self.runs += 1
        things = set(_things(result))
        new = sum(1 for thing in things if thing not in self.seen)
        self.seen.update(things)
        if new:
            self.last_new = self.runs
        return new

    def new_next(self) -> float:
        """How many new things the next run is expected to show: below 1, the chance that it shows any."""
        once = sum(1 for count in self.seen.values() if count == 1)
        return once / self.runs if self.runs else 1.0

    def unseen(self) -> int:
        """How many things that such runs can show have not been seen; at least so many (Chao2)."""
        once = sum(1 for count in self.seen.values() if count == 1)
        twice = sum(1 for count in self.seen.values() if count == 2)
        return round((self.runs - 1) / self.runs * once * (once - 1) / (2 * (twice + 1))) if self.runs else 0

    def code(self) -> tuple[int, int, list[str]]:
        """(blocks of the user's own code that ran, all of them, "src/index.ts:12" of those that never did)."""
        ran = total = 0
        never = []
        for label, described in self.app.items():
            for number, (source, line) in enumerate(described["places"]):
                if source < 0 or "node_modules/" in described["sources"][source]:
                    continue
                total += 1
                if ("app", (label, number)) in self.seen:
                    ran += 1
                else:
                    never.append((described["sources"][source], line))
        return ran, total, [f"{source}:{line}" for source, line in sorted(set(never))]

    def situations(self) -> tuple[int, int, list[str]]:
        """(rare situations of the platform that occurred, all of them, those that never did)."""
        never = [text for text in self.probes if ("probe", text) not in self.seen]
        return len(self.probes) - len(never), len(self.probes), never

    def document(self) -> dict[str, Any]:
        """For the result document."""
        ran, blocks, lines = self.code()
        occurred, situations, never = self.situations()
        families = Counter(family for family, _ in self.seen)
        return {
            "runs": self.runs,
            "things": dict(sorted(families.items())),
            "code": {"ran": ran, "of": blocks, "never": lines},
            "situations": {"occurred": occurred, "of": situations, "never": never},
            "last_new_run": self.last_new,
            "new_next_run": round(self.new_next(), 4),
            "unseen_at_least": self.unseen(),
        }


def _things(result: dict[str, Any]) -> Iterable[Thing]:
    for name, family in (("faults", "fault"), ("rules", "rule")):
        for key in result.get(name, {}):
            yield family, key
    coverage = result.get("coverage") or {}
    for label, bits in coverage.get("app", {}).items():
        for number in _bits(bits):
            yield "app", (label, number)
    for text in coverage.get("probes", ()):
        yield "probe", text
    for pair in coverage.get("pairs", ()):
        yield "pair", pair


def _bits(digits: str) -> Iterable[int]:
    """The numbers of the bits set: four a hexadecimal digit, the lowest first."""
    for place, digit in enumerate(digits):
        value = int(digit, 16)
        for bit in range(4):
            if value >> bit & 1:
                yield place * 4 + bit
