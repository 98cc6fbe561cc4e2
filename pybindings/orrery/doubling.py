"""Each run twice, in two unlike processes, compared by hash.

The second worker lives under another TZ, LANG and PYTHONHASHSEED, with the C library's FMA and AVX2
variants masked, and gets its runs in the reverse order. Runs are given out in blocks, forwards to the one
worker and backwards to the other, so that memory stays the same however many there are. A run answers by its
verdict, its hash and a hash over its lanes only; what differs is had again by whoever wants to know more
(drift.py).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator

from orrery.drift import UNLIKE_ENVIRONMENT, difference
from orrery.exploration import Plan
from orrery.outcome import DRIFT as DRIFT_RULE
from orrery.outcome import Outcome, signature
from orrery.pool import Pool, Worker
from orrery.report import Reporter
from orrery.targets import Target

DRIFT = "drift"

#: Runs given out to each of the two before the next ones are looked at.
BLOCK = 512
#: A run: (scenario, faults, seed).
Key = tuple[str, str, int]


@dataclass
class Pair:
    """The two workers that have each run once."""

    first: Worker
    second: Worker

    @staticmethod
    def open(pool: Pool, found: Target) -> "Pair":
        """Starts both; UserError when the target does not load."""
        load = found.load()
        return Pair(pool.open(load), pool.open(load, UNLIKE_ENVIRONMENT))

    def close(self, pool: Pool) -> None:
        pool.close(self.first)
        pool.close(self.second)


@dataclass
class Doubled:
    """What the doubled runs of one scenario and preset came to."""

    scenario: str
    faults: str
    doubled: int = 0
    events: int = 0
    lanes: int = 0
    drifts: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)

    def add(self, one: Outcome) -> None:
        """Takes the first of two runs in."""
        self.doubled += 1
        self.events += one.events
        self.lanes += one.result.get("lanes", 0)
        self.verdicts[one.verdict] = self.verdicts.get(one.verdict, 0) + 1

    def document(self) -> dict[str, Any]:
        return {**vars(self), "verdicts": dict(sorted(self.verdicts.items()))}


def double(
    pool: Pool,
    pair: Pair,
    keys: Iterable[Key],
    job: Callable[[Key], dict[str, Any]],
    heard: Callable[[int], None],
) -> Iterator[tuple[Key, Outcome, Outcome]]:
    """Runs every key twice and gives its two ends, block by block. `job` makes what a worker is asked;
    `heard` is told of every end (how many runs, of two each key)."""
    left = iter(keys)
    while block := list(itertools.islice(left, BLOCK)):
        orders = [
            (worker, key)
            for both in zip(block, reversed(block))
            for worker, key in zip((pair.first, pair.second), both)
        ]
        waiting = iter(orders)
        ended: dict[Key, dict[bool, Outcome]] = {key: {} for key in block}
        more = True
        for _ in range(len(orders)):
            while more and pool.free:
                order = next(waiting, None)
                more = order is not None
                if order is not None:
                    worker, key = order
                    pool.submit(worker, {**job(key), "brief": True, "second": worker is pair.second})
            end = pool.next()
            assert end is not None
            asked, outcome = end
            key = (asked["scenario"], asked["faults"], asked["seed"])
            ended[key][asked["second"]] = outcome
            heard(1)
        for key in block:
            yield key, ended[key][False], ended[key][True]


def equal(one: Outcome, two: Outcome) -> bool:
    """Whether two runs of a key were the same, in the whole and in every lane."""
    return (one.verdict, one.hash, one.result.get("lanes_hash")) == (
        two.verdict,
        two.hash,
        two.result.get("lanes_hash"),
    )


class SecondTime:
    """The runs of a suite's plan, kept to be had again: by run, what the first time came to."""

    def __init__(self, file: Path, plan: Plan) -> None:
        self.file = file
        self.plan = plan
        self.firsts: dict[Key, tuple[str, str]] = {}
        self.doubled = 0
        plan.watch = self._note

    def _note(self, job: dict[str, Any], outcome: Outcome) -> None:
        self.firsts[(job["scenario"], job["faults"], job["seed"])] = (outcome.verdict, outcome.hash)

    def compare(self, key: Key, second: Outcome) -> None:
        """A second time that is not the first is a failure of the plan's scenario."""
        self.doubled += 1
        verdict, hashed = self.firsts[key]
        if (verdict, hashed) == (second.verdict, second.hash):
            return
        first = Outcome(key[2], key[1], verdict, hashed)
        reason = f"{difference(first, second)}: look with ./orrery selfcheck"
        summary = self.plan.summary
        summary.verdicts.append(DRIFT)
        summary.failures.append(
            {
                "rule": DRIFT_RULE,
                "reason": reason,
                "story": [],
                "signature": signature(DRIFT_RULE, *key),
                "seed": key[2],
                "faults": key[1],
            }
        )


def run_again(
    ends: list[SecondTime], jobs: int | None, deadline_s: float, weaken: dict[str, Any], reporter: Reporter
) -> None:
    """Runs everything once more in unlike processes, from the last to the first."""
    total = sum(len(end.firsts) for end in ends)
    done = 0
    with Pool(jobs, deadline_s, UNLIKE_ENVIRONMENT) as pool:
        for file, group in itertools.groupby(reversed(ends), key=lambda end: end.file):
            by_name = {end.plan.scenario["name"]: end for end in group}
            worker = pool.open(Target("scenario", file.resolve()).load())
            keys = [key for end in by_name.values() for key in reversed(end.firsts)]
            waiting = iter(keys)
            for _ in keys:
                while pool.free and (key := next(waiting, None)) is not None:
                    name, preset, seed = key
                    job = {"scenario": name, "faults": preset, "seed": seed, "weaken": weaken}
                    pool.submit(worker, {**job, "brief": True})
                end = pool.next()
                assert end is not None
                asked, outcome = end
                key = (asked["scenario"], asked["faults"], asked["seed"])
                by_name[asked["scenario"]].compare(key, outcome)
                done += 1
                reporter.update(done, total, asked["scenario"])
            pool.close(worker)
