"""Runs what shrinking asks for: candidates in forked children, several at once, judged in the order in which they were
asked for, so that the result does not depend on which ended first.

Only a failure of the same rule with the same signature counts, and only under a plan of faults that a system could
survive, if that of the capsule was one. What became of each candidate is written down beside the output as it is known;
asked again (after Ctrl-C, or with more time), it is not run again.
"""

from __future__ import annotations

import json
import time
from collections import deque
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Callable

from orrery.capsule import Capsule
from orrery.errors import UserError
from orrery.exploration import differs
from orrery.outcome import Outcome
from orrery.pool import Pool, Worker
from orrery.shrink import begins, compact, drop_fault, shrink
from orrery.shrink_case import Anew, Case, Facts, Shrinking, is_schedule

VARIANTS = 50
#: How much longer than the failing run a candidate may go on, where its end is a breach by an event.
_LONGER, _AT_LEAST_US = 2, 2_000_000
#: For saying the result in fewer words, however little time is left.
_GRACE_S = 15.0


@dataclass(frozen=True)
class Goal:
    """The way to fail that must stay."""

    rule: str
    signature: str
    survivable: bool

    def met_by(self, outcome: Outcome) -> bool:
        if self.survivable and outcome.result.get("unsurvivable"):
            return False
        return self.failure(outcome) is not None

    def failure(self, outcome: Outcome) -> dict[str, Any] | None:
        return next(
            (
                failure
                for failure in outcome.failures
                if failure["rule"] == self.rule and failure["signature"] == self.signature
            ),
            None,
        )


@dataclass
class Progress:
    """What a person is told while it goes on."""

    runs: int = 0
    known: int = 0
    left: int = 0
    asked: int = 0
    events: int = 0


@dataclass
class Shrunk:
    """The result."""

    case: Case
    goal: Goal
    outcome: Outcome
    facts: Facts
    original: Outcome
    original_facts: Facts
    #: Kept faults, and what happens without each.
    without: list[tuple[dict[str, Any], str]] = field(default_factory=list)
    #: How many of the re-seeded variants fail by the same rule.
    variants: tuple[int, int] = (0, 0)
    complete: bool = True
    #: Where a run that is to end by a breach ends without one.
    until_us: int | None = None
    runs: int = 0
    seconds: float = 0.0


class State:
    """What became of candidates, kept in a file (JSON lines) if a path is given."""

    def __init__(self, path: Path | None, head: dict[str, Any], says: Callable[[str], None]) -> None:
        self.tried: dict[str, tuple[bool, str]] = {}
        self._path = path
        self._file = None
        if path is None:
            return
        lines: list[Any] = []
        try:
            for line in path.read_text(encoding="utf-8").splitlines():
                lines.append(json.loads(line))
        except FileNotFoundError:
            pass
        except (OSError, ValueError):
            lines = lines if lines and lines[0] == head else []  # cut off in the middle of a line
        if lines and lines[0] == head:
            self.tried = {line["case"]: (line["same"], line["seen"]) for line in lines[1:]}
            says(f"goes on where it was: {len(self.tried):,} candidates are known from {path.name}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("w", encoding="utf-8")
        except OSError as error:
            raise UserError(f"cannot write {path}: {error.strerror}") from None
        self._line(head)
        for name, (same, seen) in self.tried.items():
            self._line({"case": name, "same": same, "seen": seen})

    def _line(self, data: dict[str, Any]) -> None:
        if self._file is not None:
            self._file.write(json.dumps(data) + "\n")
            self._file.flush()

    def add(self, name: str, same: bool, seen: str) -> None:
        self.tried[name] = (same, seen)
        self._line({"case": name, "same": same, "seen": seen})

    def forget(self) -> None:
        """Everything was tried: nothing is left to go on with."""
        if self._file is not None and self._path is not None:
            self._file.close()
            self._path.unlink(missing_ok=True)


class Shrinker:
    """Shrinks one capsule with one worker of a pool."""

    def __init__(
        self,
        pool: Pool,
        worker: Worker,
        capsule: Capsule,
        budget_s: float,
        progress: Callable[[Progress], None] = lambda _: None,
        state: Path | None = None,
        says: Callable[[str], None] = lambda _: None,
        rules: tuple[str, ...] = (),
    ) -> None:
        """rules: those that count, if the capsule names none."""
        self._rules = rules
        self._pool, self._worker, self._capsule = pool, worker, capsule
        self._scenario = worker.scenarios[0]
        self._end = time.monotonic() + budget_s
        self._started = time.monotonic()
        self._tell = progress
        self._says = says
        self.progress = Progress()
        self._cut = False
        self._running: set[str] = set()
        self._until_us: int | None = None
        head = {"shrinks": capsule.document()["checksum"], "build": worker.build, "app": self._scenario.get("app", "")}
        self._state = State(state, head, says)
        self._goal: Goal

    # --- runs ---

    def _job(self, case: Case | None, **more: Any) -> dict[str, Any]:
        return self._asking({} if case is None else case.job(), **more)

    def _asking(self, run: dict[str, Any], **more: Any) -> dict[str, Any]:
        """The capsule's run, or the one that a case asks for."""
        job = {**self._capsule.job(), "scenario": self._scenario["name"], "causes": True}
        if run:
            for key in ("pops", "until_rule", "until_us"):
                job.pop(key, None)
        return {**job, **run, **more}

    def _run(self, job: dict[str, Any]) -> Outcome:
        self._pool.submit(self._worker, job)
        while True:
            ended = self._pool.next()
            assert ended is not None
            if not self._take(ended):
                self.progress.runs += 1
                return ended[1]

    def _take(self, ended: tuple[dict[str, Any], Outcome]) -> bool:
        """Takes the end of a candidate in, whoever waits for it; False if the run was none."""
        job, outcome = ended
        if "candidate" not in job:
            return False
        self._running.discard(job["candidate"])
        self.progress.runs += 1
        self.progress.events = outcome.events
        self._state.add(job["candidate"], self._goal.met_by(outcome), self._seen(outcome))
        return True

    def _list(self, case: Case | None, **more: Any) -> Outcome:
        return self._run(self._job(case, decisions=True, **more))

    def _seen(self, outcome: Outcome) -> str:
        if outcome.verdict in ("pass", "stopped") and not outcome.failures:
            return "passes"
        if self._goal.survivable and outcome.result.get("unsurvivable"):
            return "no system survives it"
        first = outcome.failures[0]["rule"] if outcome.failures else outcome.verdict
        same = any(failure["rule"] == self._goal.rule for failure in outcome.failures)
        return f"another failure of {self._goal.rule}" if same else f"another failure, {first}"

    def judge(self, cases: list[Case]) -> int | None:
        """The first of the cases that fails in the same way. Those behind it may have been run in vain; they are known then."""
        return self._first([(case.name(), case.job()) for case in cases])

    def _first(self, candidates: list[tuple[str, dict[str, Any]]]) -> int | None:
        """The same of candidates by name, each with what is asked of the run."""
        names = [name for name, _ in candidates]
        todo = deque(dict.fromkeys(name for name in names if name not in self._state.tried))
        by_name = dict(candidates)

        def first_known() -> int | None:
            """The place of the first that is good, if all before it are known; -1: all are known to be bad."""
            for place, name in enumerate(names):
                if name not in self._state.tried:
                    return None
                if self._state.tried[name][0]:
                    return place
            return -1

        while True:
            self.progress.asked += 1
            known = first_known()
            late = time.monotonic() >= self._end
            if known is not None:
                if known >= 0:
                    self.progress.left = len(candidates[known][1]["overrides"])
                return known if known >= 0 else None
            if late and not self._running & set(names):
                self._cut = True
                return None
            while known is None and not late and todo and self._pool.free:
                name = todo.popleft()
                if name in self._running:
                    continue
                self._running.add(name)
                job = self._asking(by_name[name], candidate=name)
                if self._until_us is not None:
                    job["until_us"] = self._until_us
                self._pool.submit(self._worker, job)
            ended = self._pool.next(timeout_s=0.25)
            self._tell(self.progress)
            if ended is not None:
                self._take(ended)

    # --- the whole ---

    def run(self) -> Shrunk:
        """From the capsule to the smallest run; UserError when the capsule does not fail."""
        original = self._list(None)
        self._goal = self._goal_of(original)
        facts = Facts.of(original.result)
        capsule = self._capsule
        start = Case.of(facts.different(), capsule.pops, capsule.until_rule)
        self.progress.left = len(start.overrides)
        same = self._list(start)
        if differs(original, same) or not self._goal.met_by(same):
            raise UserError(
                "this run is not the same when its decisions are given to it: "
                f"hash {original.hash} with chance, {same.hash} with overrides"
            )
        failure = self._goal.failure(original)
        assert failure is not None
        rule = self._goal.rule if failure.get("slice") and not capsule.until_rule else ""
        if rule or capsule.until_rule:
            at_us = failure.get("at_us", original.simulated_us)
            self._until_us = at_us * _LONGER + _AT_LEAST_US
        pops = self._scenario.get("pops") or capsule.pops
        case = self._drive(shrink(start, pops, rule))
        cut = self._cut
        self._end = max(self._end, time.monotonic() + _GRACE_S)
        case = self._drive(compact(case))
        self._cut = cut
        smallest = self._list(case, record=True)
        if not case.until_rule:
            self._until_us = None
        result = Shrunk(
            case, self._goal, smallest, Facts.of(smallest.result), original, facts, complete=not self._cut
        )
        result.until_us = self._until_us
        self._without(result)
        result.variants = self._variants(case)
        result.runs, result.seconds = self.progress.runs, time.monotonic() - self._started
        if result.complete:
            self._state.forget()
        return result

    def _goal_of(self, outcome: Outcome) -> Goal:
        wanted = self._capsule.expect.get("rule")
        counting = (wanted,) if wanted else self._rules
        failures = [f for f in outcome.failures if not counting or f["rule"] in counting]
        if not failures:
            seen = outcome.failures[0]["rule"] if outcome.failures else outcome.verdict
            raise UserError(f"this capsule does not break {wanted or 'any rule'} now: {seen}")
        return Goal(failures[0]["rule"], failures[0]["signature"], not outcome.result.get("unsurvivable"))

    def _drive(self, shrinking: Shrinking) -> Case:
        answer: Any = None
        try:
            while True:
                asked = shrinking.send(answer)
                if isinstance(asked, list):
                    answer = self.judge(asked)
                elif isinstance(asked, Anew):
                    answer = self._drawn_anew(asked)
                else:
                    answer = Facts.of(self._list(asked).result)
        except StopIteration as end:
            return end.value

    def _drawn_anew(self, asked: Anew) -> Case | None:
        ways = [replace(asked.case, seed=way) if way % 2 == 0 else asked.case for way in range(1, asked.ways + 1)]
        first = self._first(
            [(f"{case.name()}-{way}", {**case.job(), "free_from": way}) for way, case in enumerate(ways, 1)]
        )
        if first is None:
            return None
        drawn = Facts.of(self._list(ways[first], free_from=first + 1).result)
        return ways[first].using(drawn.different())

    def _without(self, result: Shrunk) -> None:
        """What happens without each fault that was kept."""
        values = result.case.values()
        for fault in result.facts.plan:
            if not begins(values, fault):
                continue
            fewer = dict(values)
            drop_fault(fewer, fault)
            name = result.case.using(fewer).name()
            if name not in self._state.tried:
                outcome = self._run(self._job(result.case.using(fewer)))
                self._state.add(name, self._goal.met_by(outcome), self._seen(outcome))
            same, seen = self._state.tried[name]
            result.without.append((fault, "the same failure" if same else seen))

    def _variants(self, case: Case) -> tuple[int, int]:
        """How often the rule breaks when all that is still left to chance is drawn anew: of VARIANTS runs, or of as many
        as there is time for."""
        asked = failed = had = 0
        end = max(self._end, time.monotonic() + _GRACE_S)
        until = {} if self._until_us is None else {"until_us": self._until_us}
        while had < asked or (asked < VARIANTS and time.monotonic() < end):
            while asked < VARIANTS and self._pool.free and time.monotonic() < end:
                asked += 1
                self._pool.submit(self._worker, self._job(case, free_from=asked, **until))
            ended = self._pool.next(timeout_s=0.25)
            if ended is None or self._take(ended):
                continue
            had += 1
            self.progress.runs += 1
            failed += any(failure["rule"] == self._goal.rule for failure in ended[1].failures)
            self._tell(self.progress)
        return failed, had


def chances_kept(case: Case) -> int:
    """How many decisions of chance a case still needs."""
    return sum(is_schedule(key) for key in case.values())


