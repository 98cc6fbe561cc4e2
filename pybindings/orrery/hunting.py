"""How many seeds it takes to find a planted flaw, tried often enough to know it within bounds.

One try runs seeds n, n + 1, ... of the weakened platform until a run breaks a rule that counts for the flaw. A run fails or does
not by its seed alone, so the seeds that a try needs are drawn from a geometric distribution, and a later try can be held
against recorded ones exactly (`chance_of_needing`).
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass, field
from typing import Any, Callable, Iterable, Sequence

from orrery.museum import PRESET, Flaw, Way
from orrery.outcome import Outcome
from orrery.pool import Pool, Worker
from orrery.targets import parse_target

#: A flaw is found within so many seeds in each try, and half of the flaws usually within so few.
MOST_SEEDS, FEW_SEEDS = 1000, 20
#: Tries that the record holds, and the ranks (from 1) of 20 between which the true median lies with 95.9 %:
#: the chance that of 20 draws at most five, or at least fifteen, are below it is 2 x 0.0207.
TRIES = 20
LOW_RANK, HIGH_RANK = 6, 15
#: A new try is weaker than the record when so long a search is as unlikely as this: for one way, for all together.
UNLIKELY_ALONE, UNLIKELY_TOGETHER = 1e-6, 1e-4


@dataclass(eq=False)  # a try is the one it is
class Try:
    """Seeds `first`, `first` + 1, ... of one way to find one flaw."""

    flaw: Flaw
    way_name: str
    first: int
    most: int = MOST_SEEDS
    asked: int = 0
    seconds: dict[int, float] = field(default_factory=dict)  # of processors, by seed
    failures: dict[int, dict[str, Any]] = field(default_factory=dict)  # those that count, by seed

    @property
    def way(self) -> Way:
        return self.flaw.ways()[self.way_name]

    def job(self, scenario: str) -> dict[str, Any]:
        """The next run."""
        self.asked += 1
        return {
            "scenario": scenario,
            "faults": PRESET,
            "weaken": self.flaw.weaken,
            "monitors": self.way_name == "watched",
            "seed": self.first + self.asked - 1,
        }

    def hear(self, outcome: Outcome) -> None:
        """A run's end. Failing in another way (a crash of the weakened run, say) does not count."""
        self.seconds[outcome.seed] = outcome.cpu_seconds
        for failure in outcome.failures:
            if failure["rule"] in self.way.rules:
                self.failures.setdefault(outcome.seed, failure)

    @property
    def wants_more(self) -> bool:
        return not self.failures and self.asked < self.most

    @property
    def over(self) -> bool:
        return not self.wants_more and len(self.seconds) == self.asked

    def result(self) -> dict[str, Any]:
        """{"seeds": how many it took, or None if not found; "seconds" of processor time; "seed", "rule", "reason" of the find}"""
        seed = min(self.failures, default=None)
        seconds = sum(took for ran, took in self.seconds.items() if seed is None or ran <= seed)
        if seed is None:
            return {"seeds": None, "seconds": seconds, "seed": None, "rule": None, "reason": None}
        found = self.failures[seed]
        return {
            "seeds": seed - self.first + 1,
            "seconds": seconds,
            "seed": seed,
            "rule": found["rule"],
            "reason": found["reason"],
        }


def make_tries(flaws: Iterable[Flaw], numbers: range, most: int = MOST_SEEDS) -> list[Try]:
    """The tries of these numbers, each with seeds of its own, of every way to find every flaw."""
    return [
        Try(flaw, name, 1 + number * MOST_SEEDS, most)
        for flaw in flaws
        for name in flaw.ways()
        for number in numbers
    ]


def run_tries(pool: Pool, tries: Sequence[Try], heard: Callable[[int, str], None]) -> None:
    """Runs them all; `heard` is told how many are over, and of which flaw one just was."""
    over = 0
    for target in dict.fromkeys(each.way.target for each in tries):
        worker = pool.open(parse_target(target).load())
        for each in _run_of_target(pool, worker, [each for each in tries if each.way.target == target]):
            over += 1
            heard(over, each.flaw.name)
        pool.close(worker)


def _run_of_target(pool: Pool, worker: Worker, tries: list[Try]) -> Iterable[Try]:
    """Gives each try as it ends. Several go on side by side: one that waits for a run asks for another only if nothing else does."""
    scenario = worker.scenarios[0]["name"]
    open_tries = list(tries)
    while open_tries:
        while pool.free:
            wanting = [each for each in open_tries if each.wants_more]
            if not wanting:
                break
            each = min(wanting, key=lambda one: one.asked - len(one.seconds))
            pool.submit(worker, {**each.job(scenario), "try": tries.index(each)})
        ended = pool.next()
        assert ended is not None
        each = tries[ended[0]["try"]]
        each.hear(ended[1])
        if each.over:
            open_tries.remove(each)
            yield each


def summary(tries: Sequence[Try]) -> dict[str, Any]:
    """What the tries of one way came to: {"found": tries that found it, "tries": [seeds of each], "seeds" and "seconds":
    {"median", "low", "high"} (of those that found it; of TRIES tries, low and high are a 95 % interval of the median, of
    another number the extremes), "seed", "rule", "reason" of the first find}."""
    results = [each.result() for each in tries]
    finds = [result for result in results if result["seeds"] is not None]
    first = finds[0] if finds else results[0]
    return {
        "found": len(finds),
        "tries": [result["seeds"] for result in results],
        "seeds": _spread([result["seeds"] for result in finds]),
        "seconds": _spread([round(result["seconds"], 2) for result in finds]),
        "seed": first["seed"],
        "rule": first["rule"],
        "reason": first["reason"],
    }


def _spread(values: Sequence[float]) -> dict[str, float] | None:
    if not values:
        return None
    ordered = sorted(values)
    low, high = (LOW_RANK, HIGH_RANK) if len(ordered) == TRIES else (1, len(ordered))
    return {
        "median": round(statistics.median(ordered), 2),
        "low": ordered[low - 1],
        "high": ordered[high - 1],
    }


def chance_of_needing(recorded: Sequence[int], seeds: int) -> float:
    """The chance that a try needs `seeds` or more, given those that the recorded tries needed: geometric, its unknown rate
    anything from 0 to 1 beforehand."""
    a, b = len(recorded) + 1, sum(recorded) - len(recorded) + 1
    # P(S > k) = B(a, b + k) / B(a, b), with k = seeds - 1.
    k = seeds - 1
    return math.exp(math.lgamma(b + k) + math.lgamma(a + b) - math.lgamma(b) - math.lgamma(a + b + k))


def chance_together(chances: Sequence[float]) -> float:
    """The chance that independent chances are together as small as these (Fisher's method; the tail of a chi-squared
    distribution with twice as many degrees of freedom, in closed form)."""
    half = -sum(math.log(max(chance, 1e-300)) for chance in chances)
    term = total = math.exp(-half)
    for i in range(1, len(chances)):
        term *= half / i
        total += term
    return min(1.0, total)


def weaker(recorded: dict[tuple[str, str], Sequence[int | None]], again: Sequence[Try]) -> list[str]:
    """Whether new tries of the ways that are recorded (by flaw and way) took longer than chance explains; empty if not, else a
    sentence each."""
    said: list[str] = []
    chances: list[float] = []
    for each in again:
        known = recorded.get((each.flaw.name, each.way_name))
        if known is None:
            said.append(f"{each.flaw.name} ({each.way_name}) is not in the record: `orrery museum {each.flaw.name} --record`")
            continue
        found = [seeds for seeds in known if seeds is not None]
        needed = each.result()["seeds"]
        chance = chance_of_needing(found, needed or each.most)
        chances.append(chance)
        if chance < UNLIKELY_ALONE or needed is None:
            took = f"took {needed} seeds" if needed else f"was not found in {each.most} seeds"
            said.append(
                f"{each.flaw.name} ({each.way_name}) {took}; the record's median of {len(known)} tries is "
                f"{statistics.median(found):g} (chance {chance:.0e})"
            )
    together = chance_together(chances) if chances else 1.0
    if together < UNLIKELY_TOGETHER:
        said.append(f"all flaws together took longer than the record makes believable (chance {together:.0e})")
    return said
