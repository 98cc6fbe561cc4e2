"""What one run, and what many runs of one scenario, came to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orrery.errors import worst

#: Rules of the command line itself, for failures that no rule of the platform describes.
SCENARIO_ASSERTION = "SCENARIO-ASSERT"
SCENARIO_ERROR = "SCENARIO-ERROR"
LIVENESS = "LIVE-1"
CRASH = "CRASH"
NOT_METERED = "NOT-METERED"
DRIFT = "DRIFT"


def signature(*parts: object) -> str:
    """A short stable name of a way to fail: equal parts, equal signature, on every machine."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:16]


@dataclass
class Outcome:
    """One job's end. `result` is what the child said (see job.py); the parent fills it in for
    children that died or had to be killed."""

    seed: int
    faults: str
    verdict: str
    hash: str = ""
    events: int = 0
    simulated_us: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)
    seconds: float = 0.0
    #: Of processors; the real time where it is not known (a run that a stage forked).
    cpu_seconds: float = 0.0
    #: What the run's job said beyond scenario, seed and faults (exploration.Run).
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        return self.verdict != "pass"

    @staticmethod
    def of(job: dict[str, Any], result: dict[str, Any]) -> "Outcome":
        return Outcome(
            seed=job["seed"],
            faults=job["faults"],
            verdict=result["verdict"],
            hash=result.get("hash", ""),
            events=result.get("events", 0),
            simulated_us=result.get("simulated_us", 0),
            failures=[
                dict(failure, seed=job["seed"], faults=job["faults"])
                for failure in result.get("failures", [])
            ],
            result=result,
            seconds=result.get("seconds", 0.0),
            cpu_seconds=result.get("cpu_seconds", result.get("seconds", 0.0)),
        )


def ended_by(job: dict[str, Any], verdict: str, rule: str, reason: str, output: str) -> Outcome:
    """The outcome of a run whose process did not live to tell: crashed, or was killed at its
    deadline."""
    lines = [line for line in output.splitlines() if line.strip()][-12:]
    where = next(
        (line for line in lines if "Fatal" in line or "CHECK" in line or "rror" in line), ""
    )
    failure = {
        "rule": rule,
        "reason": reason,
        "story": lines,
        "signature": signature(rule, reason, where),
    }
    return Outcome.of(job, {"verdict": verdict, "failures": [failure], "output": output})


def _place(outcome: Outcome) -> tuple[int, bool, bool]:
    return outcome.seed, outcome.faults != "none", bool(outcome.extra)


@dataclass
class Summary:
    """Everything seen of one scenario, in the shape of the result document."""

    name: str
    target: str
    expected: str | None = None
    seeds: int = 0
    verdicts: list[str] = field(default_factory=list)
    failures: list[dict[str, Any]] = field(default_factory=list)
    found: dict[str, Any] | None = None
    first: Outcome | None = None
    rules: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    never: set[str] | None = None
    events: int = 0
    simulated_us: int = 0
    seconds: float = 0.0
    planned: int = 0

    @staticmethod
    def of(scenario: dict[str, Any], planned: int) -> "Summary":
        """Of no runs yet, out of so many, of a scenario as its worker describes it."""
        return Summary(scenario["name"], scenario["target"], scenario.get("expect"), planned=planned)

    def add(self, outcome: Outcome, tell: bool = True) -> None:
        """Takes one run in. A failure of the expected rule counts as found, not as a failure.
        tell=False: the like of its failures is listed already."""
        self.seeds += 1
        self.events += outcome.events
        self.simulated_us += outcome.simulated_us
        self.seconds += outcome.seconds
        # Whichever of several runs at once ends first: the document is of the lowest seed, without faults where it is both.
        if outcome.hash and (self.first is None or _place(outcome) < _place(self.first)):
            self.first = outcome
        for name in ("rules", "faults"):
            for key, count in outcome.result.get(name, {}).items():
                getattr(self, name)[key] = getattr(self, name).get(key, 0) + count
        if "never" in outcome.result:
            never = set(outcome.result["never"])
            self.never = never if self.never is None else self.never & never
        if not outcome.failed:
            self.verdicts.append("pass")
            return
        wanted = [
            failure
            for failure in outcome.failures
            if self.expected and failure["rule"] == self.expected
        ]
        if wanted and len(wanted) == len(outcome.failures):
            self.found = self.found or wanted[0]
            self.verdicts.append("pass")
        else:
            self.verdicts.append(outcome.verdict)
        if tell:
            self.failures.extend(outcome.failures)

    @property
    def satisfied(self) -> bool:
        """True once an expected finding has been found: further seeds can add nothing."""
        return self.found is not None

    def verdict(self) -> str:
        seen = worst(self.verdicts)
        if seen == "pass" and self.expected and not self.satisfied:
            return "unknown" if self.seeds < self.planned else "fail"
        if seen == "pass" and not self.satisfied and self.seeds < self.planned:
            return "unknown"
        return seen

    def document(self) -> dict[str, Any]:
        keys = ("seed", "faults", "rule", "signature", "reason", "story", "chain", "capsule", "count")
        return {
            "name": self.name,
            "target": self.target,
            "seeds": self.seeds,
            "verdict": self.verdict(),
            "expected": self.expected,
            "failures": [
                {key: failure[key] for key in keys if key in failure} for failure in self.failures
            ],
            "hash": self.first.hash if self.first else "",
            "events": self.first.events if self.first else 0,
            "simulated_us": self.first.simulated_us if self.first else 0,
            "events_total": self.events,
            "simulated_us_total": self.simulated_us,
            "seconds": round(self.seconds, 3),
            "rules": dict(sorted(self.rules.items())),
            "faults": dict(sorted(self.faults.items())),
            "never": sorted(self.never or ()),
        }


def capsule_path(out: Path, name: str, outcome: Outcome) -> Path:
    """Where a failure's capsule goes: the seed alone names it where that says enough."""
    mark = "" if outcome.faults == "swarm" else f"-{outcome.faults}"
    if outcome.extra.get("redraw"):
        mark += f"-branch-{outcome.extra['redraw'][-1]['seed']}"
    if schedule := outcome.result.get("schedule"):
        mark += f"-{schedule}".replace(":", "")
    return out / f"{name}-{outcome.seed}{mark}.capsule.json"
