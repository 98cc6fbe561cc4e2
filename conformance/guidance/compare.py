"""Does guidance find flaws sooner than pure chance? Seeds to find each flaw, both ways, over several tries.

    python3 conformance/guidance/compare.py [--tries 11] [--most 100] [NAME ...] > conformance/guidance/record.json

A try has seeds of its own and runs them one after another, as one core would, so that the guide has learned from every
run before the next. Each flaw is looked for where the museum hunts it, under the default preset. A flaw that is not found within --most runs counts as found by the last.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import sys
import time
from typing import Any, Iterator

from orrery.coverage import Reached
from orrery.exploration import Run
from orrery.museum import PRESET, Flaw, Way, read_flaws
from orrery.outcome import Outcome
from orrery.pool import Pool, Worker
from orrery.targets import parse_target

from guide import Guide

#: Seeds of try n begin here times n.
APART = 1_000_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--tries", type=int, default=11)
    parser.add_argument("--most", type=int, default=100)
    given = parser.parse_args()
    rows = []
    for flaw in read_flaws():
        if given.names and flaw.name not in given.names:
            continue
        rows.append(compared(flaw, given.tries, given.most))
        print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    wins = sum(row["guided"]["median"] < row["chance"]["median"] for row in rows)
    losses = sum(row["guided"]["median"] > row["chance"]["median"] for row in rows)
    sums = {way: sum(sum(row[way]["seeds"]) for row in rows) for way in ("chance", "guided")}
    document = {"orrery": 1, "tries": given.tries, "most": given.most, "wins": wins, "losses": losses, "runs": sums,
                "flaws": rows}
    json.dump(document, sys.stdout, indent=1)
    print()


def compared(flaw: Flaw, tries: int, most: int) -> dict[str, Any]:
    """Both ways to look for a flaw."""
    row: dict[str, Any] = {"flaw": flaw.name}
    with Pool(2) as pool:
        worker = pool.open({**parse_target(flaw.watched.target).load(), "coverage": True})
        started = time.monotonic()
        for name, guided in (("chance", False), ("guided", True)):
            found = _tries(pool, worker, flaw, tries, most, guided)
            row[name] = {"median": statistics.median(found), "seeds": sorted(found)}
        row["seconds"] = round(time.monotonic() - started, 1)
    return row


def _tries(pool: Pool, worker: Worker, flaw: Flaw, tries: int, most: int, guided: bool) -> list[int]:
    """How many runs each try needed. Two tries are under way at a time."""
    left: Iterator[Try] = (Try(flaw, n, most, guided, worker.probes) for n in range(1, tries + 1))
    under_way: dict[int, Try] = {}
    found = []
    for started in itertools.islice(left, 2):
        under_way[started.number] = started
        pool.submit(worker, started.next_job(worker))
    while under_way:
        ended = pool.next()
        assert ended is not None
        job, outcome = ended
        current = under_way[job["try"]]
        current.take(outcome)
        if current.over:
            found.append(current.runs)
            del under_way[current.number]
            following = next(left, None)
            if following is None:
                continue
            current = under_way[following.number] = following
        pool.submit(worker, current.next_job(worker))
    return found


class Try:
    """One search from fresh."""

    def __init__(self, flaw: Flaw, number: int, most: int, guided: bool, probes: list[str]) -> None:
        self.number, self.runs, self.over = number, 0, False
        self._flaw, self._most = flaw, most
        seeds = iter(range(number * APART, (number + 1) * APART))
        way: Way = flaw.watched
        self._guide = Guide(PRESET, seeds, number) if guided else None
        self._runs = self._guide.runs() if self._guide else (Run(PRESET, seed) for seed in seeds)
        self._reached = Reached({}, probes)
        self._rules = way.rules

    def next_job(self, worker: Worker) -> dict[str, Any]:
        run = next(self._runs)
        return {
            "scenario": worker.scenarios[0]["name"],
            "faults": run.faults,
            "seed": run.seed,
            "weaken": self._flaw.weaken,
            "monitors": True,
            "coverage": self._guide is not None,
            "try": self.number,
            **run.extra,
        }

    def take(self, outcome: Outcome) -> None:
        self.runs += 1
        self.over = self.runs >= self._most or any(failure["rule"] in self._rules for failure in outcome.failures)
        if self._guide is not None:
            self._guide.take(outcome, self._reached.add(outcome.result))


if __name__ == "__main__":
    main()
