"""Many runs of scenarios: which jobs to give out next, and what their ends mean.

A Plan is one scenario's queue of runs. A run that fails is had again in a fresh child with
recording on: the second time gives the story, and must give the same hash, or the verdict is drift.
Only then is a capsule written. A run that keeps only hashes names a failure by little more than its rule;
up to SIGNED_MAX failures of each such name are had again to get their signatures (signatures.py), and the
first of each signature is recorded; the others are only counted.

Where runs come from is the caller's: a list of seeds, kept capsules, or a generator that has learned from the runs
before (`Plan.watch` tells it of each).
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator, Mapping, NamedTuple

from orrery.capsule import Capsule
from orrery.errors import UserError
from orrery.outcome import DRIFT, Outcome, Summary, capsule_path, signature
from orrery.places import shown
from orrery.pool import Pool, Worker
from orrery.targets import Target


#: Of so many failures that look alike to a run that keeps only hashes the signatures are looked up; further ones count as
#: being like the first.
SIGNED_MAX = 20


class Run(NamedTuple):
    """How a run is asked for; a plain (faults, seed) will do."""

    faults: str
    seed: int
    #: What its job says beyond the plan's own: overrides, base, ...
    extra: Mapping[str, Any] = {}


@dataclass
class Plan:
    """The runs of one scenario that are still to be had, and the summary of those that were."""

    worker: Worker
    scenario: dict[str, Any]
    runs: Iterator[Run | tuple[str, int]]
    summary: Summary
    out: Path | None
    common: dict[str, Any] = field(default_factory=dict)
    stop_at_failure: bool = False
    under_way: int = 0
    outcomes: list[Outcome] = field(default_factory=list)
    keep_outcomes: bool = False
    #: How the runs of kept capsules ended, by path.
    kept_ends: dict[str, str] = field(default_factory=dict)
    #: Told of each run that was asked for (and not of its recording), with its job.
    watch: Callable[[dict[str, Any], Outcome], None] | None = None
    #: Failures to have again: what the first time came to, and how ("record", "record without source lines", "sign").
    _again: deque[tuple[Outcome, str]] = field(default_factory=deque)
    #: By what a failure looks like: the signature of the first of them that was recorded; how many wait for it.
    _signed: dict[str, str] = field(default_factory=dict)
    _unsigned: dict[str, int] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)
    _reported: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: What the first time came to, of recordings under way, by the number of the run in this plan.
    _firsts: dict[int, Outcome | None] = field(default_factory=dict)
    _given: int = 0
    _stopped: bool = False

    def next_job(self) -> dict[str, Any] | None:
        """The next job to submit; None when this plan has none (now)."""
        if self._again:
            first, how = self._again.popleft()
            return self._job(Run(first.faults, first.seed, first.extra), how, first)
        if self._stopped:
            return None
        for run in self.runs:
            return self._job(Run(*run))
        self._stopped = True
        return None

    def _job(
        self,
        run: Run,
        how: str = "",
        first: Outcome | None = None,
    ) -> dict[str, Any]:
        self._given += 1
        job = {
            **self.common,
            **run.extra,
            "scenario": self.scenario["name"],
            "seed": run.seed,
            "faults": run.faults,
            "run": self._given,
            "extra": dict(run.extra),
        }
        job["record"] = how.startswith("record") or bool(job.get("record"))
        if how == "sign":
            job["causes"] = True
        if how == "record without source lines":
            job["positions"] = False
        self.under_way += 1
        # What the first time came to travels with the job in this process only (see `take`).
        self._firsts[self._given] = first
        return job

    def kinds(self) -> list[dict[str, Any]]:
        """One failure of each kind so far, with how many runs failed so as `count`."""
        return list(self._reported.values())

    @property
    def done(self) -> bool:
        return self._stopped and not self._again and not self.under_way

    def stop(self) -> None:
        """No further run is begun (recordings of failures still are)."""
        self._stopped = True

    def take(self, job: dict[str, Any], outcome: Outcome) -> None:
        """Takes the end of a run in."""
        self.under_way -= 1
        first = self._firsts.pop(job["run"])
        if outcome.result.get("moments"):
            self._take_branches(job, outcome)
            return
        outcome.extra = job["extra"]
        if first is None and self.watch is not None:
            self.watch(job, outcome)
        tell = True
        if first is not None:
            if job.get("causes") and (differs(first, outcome) or _kind(outcome) not in self._reported):
                self._again.append((first, "record"))  # what is new is told, and so is a drift
                return
            if differs(first, outcome) and job["record"] and job.get("positions", True):
                # Looking up source lines takes memory, which a run at its limit feels.
                self._again.append((first, "record without source lines"))
                return
            outcome = compared(first, outcome)
            tell = self._count(outcome)
            looks = _kind(first)
            if looks not in self._signed:
                self._signed[looks] = _kind(outcome)
                self._count(outcome, self._unsigned.pop(looks, 0))
        elif outcome.failed:
            looks = _kind(outcome)
            if self.stop_at_failure:
                self.stop()
            if job["record"]:
                tell = self._count(outcome)
            else:
                self._counts[looks] = self._counts.get(looks, 0) + 1
                # What needs no signature but its own looks is not asked for more than once.
                if self._counts[looks] <= SIGNED_MAX and self._signed.get(looks) != looks:
                    how = "record" if self._counts[looks] == 1 else "sign"
                    self._again.append((outcome, how))
                    return
                tell = False
                if looks in self._signed:
                    self._reported[self._signed[looks]]["count"] += 1
                else:
                    self._unsigned[looks] = self._unsigned.get(looks, 0) + 1
        self.summary.add(outcome, tell)
        if self.keep_outcomes:
            self.outcomes.append(outcome)
        if self.summary.satisfied:
            self.stop()

    def _take_branches(self, job: dict[str, Any], prefix: Outcome) -> None:
        """A run that was forked at a moment and ended there: each branch is a run."""
        rest = {key: value for key, value in job["extra"].items() if key not in ("branch", "deadline_s")}
        for moment in prefix.result["moments"]:
            for branch in moment["branches"]:
                redraw = {"at_step": moment["at_step"], "seed": branch["seed"]}
                extra = {**rest, "redraw": [*rest.get("redraw", []), redraw]}
                self._given += 1
                self.under_way += 1
                self._firsts[self._given] = None
                self.take({**job, "run": self._given, "extra": extra}, Outcome.of(job, branch))

    def _count(self, outcome: Outcome, runs: int = 1) -> bool:
        """Counts runs that fail like this one; True if it is the first that does: then its capsule is written."""
        if not outcome.failures:
            return True
        kind = _kind(outcome)
        if kind in self._reported:
            self._reported[kind]["count"] += runs
            return False
        outcome.failures[0]["count"] = runs
        self._reported[kind] = outcome.failures[0]
        self._write(outcome)
        return True

    def _write(self, outcome: Outcome) -> None:
        if self.out is None:
            return
        path = capsule_path(self.out, self.summary.name, outcome)
        capsule_of(self, outcome).write(path)
        for failure in outcome.failures:
            failure["capsule"] = shown(path)


def _kind(outcome: Outcome) -> str:
    return outcome.failures[0]["signature"] if outcome.failures else outcome.verdict


def differs(first: Outcome, second: Outcome) -> bool:
    """Whether a recorded run is not the run it repeats."""
    return second.verdict == "pass" or bool(
        first.hash and second.hash and first.hash != second.hash
    )


def compared(first: Outcome, second: Outcome) -> Outcome:
    """The recorded run, or a drift when it is not the run it repeats."""
    if differs(first, second):
        reason = (
            f"the same seed did not give the same run: first {first.verdict} with hash {first.hash[:16] or '-'}, "
            f"then {second.verdict} with hash {second.hash[:16] or '-'}"
        )
        failure = {
            "rule": DRIFT,
            "reason": reason,
            "story": [],
            "signature": signature(DRIFT, first.seed),
        }
        second.failures = [dict(failure, seed=first.seed, faults=first.faults)]
        second.verdict = "drift"
    return second


def capsule_of(plan: Plan, outcome: Outcome) -> Capsule:
    """The capsule that brings a run of this plan back."""
    job = {**plan.common, **outcome.extra, "seed": outcome.seed, "faults": outcome.faults}
    return capsule_for(plan.summary.target, plan.scenario, plan.worker.build, job, outcome)


def capsule_for(
    target: str, scenario: dict[str, Any], build: str, job: dict[str, Any], outcome: Outcome
) -> Capsule:
    """The capsule that brings the run of a job back, and expects what it came to."""
    first = outcome.failures[0] if outcome.failures else {}
    expect: dict[str, Any] = {"verdict": outcome.verdict}
    expect.update({key: first[key] for key in ("rule", "signature") if key in first})
    if outcome.hash:
        expect.update(hash=outcome.hash, events=outcome.events)
    as_they_are = ("base", "overrides", "weaken", "requests", "for_us", "redraw", "pops", "until_rule", "until_us")
    return Capsule(
        target=target,
        seed=job["seed"],
        faults=job["faults"],
        app=scenario.get("app", ""),
        build=build,
        expect=expect,
        beside=job.get("with", []),
        schedule=schedule_of(job),
        **{key: job[key] for key in (*as_they_are, "monitors", "sweep") if key in job},
    )


def schedule_of(job: dict[str, Any]) -> str | None:
    """What a capsule of this job says of its schedule: nothing when it is first in, first out."""
    schedule = job.get("schedule")
    return None if schedule == "fifo" else schedule


#: What `run_plans` asks for the plans of one worker when there is room for its runs.
Source = Callable[[], list[Plan]]


def file_source(pool: Pool, file: Path, plan: Callable[[Worker, dict[str, Any]], Plan | None]) -> Source:
    """Opens a scenario file's worker and plans its scenarios; one of which `plan` says None is left out."""

    def open_file() -> list[Plan]:
        worker = pool.open(Target("scenario", file.resolve()).load())
        plans = [made for scenario in worker.scenarios if (made := plan(worker, scenario)) is not None]
        if not plans:
            pool.close(worker)
        return plans

    return open_file


def run_plans(
    pool: Pool,
    sources: Iterable[Source],
    progress: Callable[[list[Plan]], None],
    budget_s: float | None = None,
) -> list[Plan]:
    """Runs every plan to its end (or to the end of the budget, after which nothing new is begun).

    sources: each gives the plans of one worker, and is called only when there is room for its runs,
    so that no more workers are alive than are needed. Returns all plans in their order.
    """
    end = None if budget_s is None else time.monotonic() + budget_s
    plans: list[Plan] = []
    left = iter(sources)
    more = True
    while True:
        if end is not None and time.monotonic() >= end:
            for plan in plans:
                plan.stop()
            more = False
        while pool.free:
            job = _next_job(plans)
            if job is not None:
                pool.submit(plans[job["plan"]].worker, job)
            elif more:
                source = next(left, None)
                more = source is not None
                if source is not None:
                    plans.extend(source())
                    progress(plans)
            else:
                break
        _close_finished(pool, plans)
        if all(plan.done for plan in plans) and not more:
            return plans
        heard = pool.next(timeout_s=0.25)
        if heard is not None:
            ended, outcome = heard
            plans[ended["plan"]].take(ended, outcome)
        progress(plans)


def _next_job(plans: list[Plan]) -> dict[str, Any] | None:
    """The next job of the first plan that has one, with that plan's number as `plan`."""
    for number, plan in enumerate(plans):
        job = plan.next_job()
        if job is not None:
            return {**job, "plan": number}
    return None


def _close_finished(pool: Pool, plans: list[Plan]) -> None:
    for worker in {id(plan.worker): plan.worker for plan in plans}.values():
        if all(plan.done for plan in plans if plan.worker is worker):
            pool.close(worker)


def chosen_seeds(seeds: int, first: int = 1, shard: tuple[int, int] = (1, 1)) -> Iterator[int]:
    """Seeds first, first+1, ...: those of shard i of n (every n-th)."""
    index, count = shard
    if not 1 <= index <= count:
        raise UserError(f"--shard {index}/{count} is not one of 1/{count} to {count}/{count}")
    return (seed for seed in range(first, first + seeds) if (seed - first) % count == index - 1)
