"""Guided exploring: runs made from the fault plans of runs that showed something new.

Chance draws each run's faults anew. The guide also remembers the plans of runs that reached what none had reached before
(coverage.py: blocks of the app, rare situations, kinds of faults, pairs of events), and gives out runs that have such a
plan again, or parts of two of them, under a new seed: other delays, other order, the same or a mixed misfortune. Plans
are decisions (`swarm.*`, keys without the seed in them), so a guided run is a seed and some overrides, and a failure of
one has a capsule like any other.

Whether that beats chance is what compare.py measures.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any, Iterator

from orrery.exploration import Run
from orrery.outcome import Outcome

#: What a guided run's job asks for: its decisions at these sites.
SITES = "swarm."
#: Of all runs, those left to pure chance: plans must come from somewhere.
CHANCE_PERCENT = 50
#: Of the slots of a plan, each: taken from a second plan, or drawn anew.
MIXED_PERCENT, ANEW_PERCENT = 25, 15
PLANS_MAX = 256

#: The decisions of one fault's slot, by key.
Slot = dict[str, int]


@dataclass
class Plan:
    """The faults of a run that showed something new, by slot, and how often it was used again."""

    slots: dict[str, Slot]
    new: int
    used: int = 0

    def weight(self) -> float:
        return self.new / (1 + self.used) ** 2


class Guide:
    """Gives out runs, and is told how each ended. Chance of its own, from `seed`; the world's is not touched."""

    def __init__(self, faults: str, seeds: Iterator[int], seed: int = 1) -> None:
        self._faults = faults
        self._seeds = seeds
        self._random = random.Random(seed)
        self._plans: list[Plan] = []

    def runs(self) -> Iterator[Run]:
        """As many runs as there are seeds."""
        for seed in self._seeds:
            extra: dict[str, Any] = {"decisions": SITES}
            if self._plans and self._random.randrange(100) >= CHANCE_PERCENT:
                slots = self._made()
                extra["overrides"] = [
                    {"key": key, "value": value} for slot in slots.values() for key, value in slot.items()
                ]
            yield Run(self._faults, seed, extra)

    def take(self, outcome: Outcome, new: int) -> None:
        """Keeps the plan of a run that was the first to show `new` things."""
        decisions = outcome.result.get("decision_list")
        if not new or not decisions:
            return
        slots: dict[str, Slot] = {}
        for key, value, *_ in decisions:
            slots.setdefault(key.split("/")[1], {})[key] = value
        self._plans.append(Plan(slots, new))
        if len(self._plans) > PLANS_MAX:
            self._plans.remove(min(self._plans, key=Plan.weight))

    def _made(self) -> dict[str, Slot]:
        one, other = self._chosen(), self._chosen()
        slots = {}
        for name, slot in one.slots.items():
            roll = self._random.randrange(100)
            if roll < ANEW_PERCENT:
                continue
            mixed = roll < ANEW_PERCENT + MIXED_PERCENT and name in other.slots
            slots[name] = other.slots[name] if mixed else slot
        return slots

    def _chosen(self) -> Plan:
        chosen = self._random.choices(self._plans, [plan.weight() for plan in self._plans])[0]
        chosen.used += 1
        return chosen
