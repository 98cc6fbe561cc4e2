"""What sweeps and exhaustive searches have in common: jobs by number, taken in their order however many run at once, the
first failure of each signature recorded in a fresh child, and the document at the end.

Unlike a Plan (exploration.py), which job comes next may depend on what the ones before came to. Results are taken in the
order of submission, so that a search is the same with one core and with many.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

from orrery.exploration import capsule_for, compared
from orrery.outcome import Outcome, Summary
from orrery.places import shown
from orrery.pool import Pool, Worker


@dataclass
class Kind:
    """One way to fail: the first job that did, what it came to, and which others did too."""

    job: dict[str, Any]
    outcome: Outcome
    labels: list[str] = field(default_factory=list)


class Search:
    """Runs jobs of one scenario. `label` names a job in what is shown and in the names of capsules."""

    def __init__(
        self,
        pool: Pool,
        worker: Worker,
        scenario: dict[str, Any],
        common: dict[str, Any],
        label: Callable[[dict[str, Any]], str],
        budget_s: float | None = None,
    ) -> None:
        self._pool, self._worker, self._scenario, self._common = pool, worker, scenario, common
        self._label = label
        self._end = None if budget_s is None else time.monotonic() + budget_s
        self._under_way: deque[int] = deque()
        self._ended: dict[int, tuple[dict[str, Any], Outcome]] = {}
        self._next = 0
        self.kinds: dict[str, Kind] = {}
        self.failed = 0
        self.summary = Summary(scenario["name"], scenario["target"], scenario.get("expect"))

    @property
    def out_of_time(self) -> bool:
        return self._end is not None and time.monotonic() >= self._end

    @property
    def room(self) -> bool:
        """Whether a further job may be begun now."""
        return self._pool.free and len(self._under_way) < 4 * self._pool.jobs

    @property
    def busy(self) -> bool:
        return bool(self._under_way)

    def submit(self, job: dict[str, Any]) -> None:
        self._under_way.append(self._next)
        whole = {**self._common, "scenario": self._scenario["name"], "record": False, **job}
        self._pool.submit(self._worker, {**whole, "number": self._next})
        self._next += 1

    def take(self) -> tuple[dict[str, Any], Outcome] | None:
        """The end of the oldest job under way, when it is there; waits a little for some end."""
        if self._under_way and self._under_way[0] not in self._ended:
            heard = self._pool.next(timeout_s=0.25)
            if heard is not None:
                self._ended[heard[0]["number"]] = heard
        if not self._under_way or self._under_way[0] not in self._ended:
            return None
        job, outcome = self._ended.pop(self._under_way.popleft())
        tell = True
        if outcome.failed:
            self.failed += 1
            name = outcome.failures[0]["signature"] if outcome.failures else outcome.verdict
            tell = name not in self.kinds
            self.kinds.setdefault(name, Kind(job, outcome)).labels.append(self._label(job))
        self.summary.add(outcome, tell)
        return job, outcome

    def record(self, out: Path) -> None:
        """Has the first failure of each kind again with recording on, for its story, and writes its capsule."""
        for kind in self.kinds.values():
            self._pool.submit(self._worker, {**kind.job, "record": True})
            heard = None
            while heard is None or heard[0]["number"] != kind.job["number"]:
                heard = self._pool.next()
                assert heard is not None
            first, again = kind.outcome, compared(kind.outcome, heard[1])
            if again.verdict == "drift":
                self.summary.verdicts.append("drift")
            path = out / f"{self.summary.name}-{self._label(kind.job).replace(' ', '-')}.capsule.json"
            build = self._worker.build
            capsule_for(self.summary.target, self._scenario, build, kind.job, again).write(path)
            for told, recorded in zip(first.failures, again.failures):
                # The same dictionaries are in the summary, or were found.
                told.update(recorded, capsule=shown(path), count=len(kind.labels))

    def document(self, whole: bool, **more: Any) -> dict[str, Any]:
        """The scenario's entry in the result document; `whole`: the search saw everything it set out to see."""
        # More planned than had: the verdict of a search cut short is unknown unless it found something.
        self.summary.planned = self.summary.seeds + (0 if whole else 1)
        found = [
            {
                "signature": name,
                "rule": kind.outcome.failures[0]["rule"] if kind.outcome.failures else kind.outcome.verdict,
                "first": kind.labels[0],
                "count": len(kind.labels),
                "labels": kind.labels[:100],
            }
            for name, kind in self.kinds.items()
        ]
        return {**self.summary.document(), "whole": whole, "runs": self.summary.seeds, "kinds": found, **more}
