"""Running scenarios from Python, for instance from a pytest test. Each call uses worker processes
of its own."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable

from orrery import capsule as capsules
from orrery.exploration import Plan, run_plans
from orrery.outcome import Summary
from orrery.pool import DEADLINE_S, Pool
from orrery.scenario import Scenario, scenario_of
from orrery.targets import Target, parse_target


@dataclass
class Result:
    """What came of it. Truthy when it passed. `failures` are dicts as in the result document."""

    verdict: str
    hash: str
    events: int = 0
    simulated_us: int = 0
    failures: list[dict[str, Any]] = field(default_factory=list)
    document: dict[str, Any] = field(default_factory=dict)
    #: The trace file (SQLite), where one was asked for.
    trace: Path | None = None

    def __bool__(self) -> bool:
        return self.verdict == "pass"

    def broke(self, rule: str) -> bool:
        """Whether the run broke this rule."""
        return any(failure["rule"] == rule for failure in self.failures)

    def told(self) -> str:
        """The failures and the story of the first, for an assertion's message."""
        told = [f"{failure['rule']}: {failure['reason']}" for failure in self.failures]
        return "\n".join([*told, *(f"   {line}" for line in self.story)])

    @property
    def story(self) -> list[str]:
        """The story of the first failure; empty when there is none."""
        return self.failures[0].get("story", []) if self.failures else []


def _target(scenario: Any) -> Target:
    if isinstance(scenario, (str, Path)):
        return parse_target(str(scenario))
    found: Scenario = scenario if isinstance(scenario, Scenario) else scenario_of(scenario)
    return Target("scenario", found.path, found.name)


def _run(
    target: Target,
    runs: Callable[[dict[str, Any]], list[tuple[str, int]]],
    job: dict[str, Any],
    jobs: int | None,
    out: str | Path | None,
    deadline_s: float,
) -> Result:
    with Pool(jobs, deadline_s) as pool:
        worker = pool.open(target.load())
        plans = []
        for scenario in worker.scenarios:
            chosen = runs(scenario)
            summary = Summary(scenario["name"], scenario["target"], planned=len(chosen))
            plans.append(
                Plan(worker, scenario, iter(chosen), summary, Path(out) if out else None, job)
            )
        run_plans(pool, [lambda: plans], lambda _: None)
    documents = [plan.summary.document() for plan in plans]
    first = documents[0]
    from orrery.errors import worst

    return Result(
        verdict=worst([document["verdict"] for document in documents]),
        hash=first["hash"],
        events=first["events"],
        simulated_us=first["simulated_us"],
        failures=list(
            itertools.chain.from_iterable(document["failures"] for document in documents)
        ),
        document={"orrery": 1, "scenarios": documents},
    )


def run(
    scenario: Any,
    seed: int = 1,
    faults: str = "none",
    *,
    weaken: dict[str, Any] | None = None,
    out: str | Path | None = None,
    deadline_s: float = DEADLINE_S,
) -> Result:
    """One seed of a scenario (the decorated function, or a target as on the command line)."""
    return _run(
        _target(scenario), lambda _: [(faults, seed)], {"weaken": weaken or {}}, 1, out, deadline_s
    )


def explore(
    scenario: Any,
    seeds: int | None = None,
    faults: str | None = None,
    *,
    jobs: int | None = None,
    weaken: dict[str, Any] | None = None,
    out: str | Path | None = None,
    deadline_s: float = DEADLINE_S,
) -> Result:
    """Many seeds; one failure of each kind is told, with the number of its runs as `count`."""

    def runs(settings: dict[str, Any]) -> list[tuple[str, int]]:
        return [
            (faults or settings["faults"], seed)
            for seed in range(1, (seeds or settings["seeds"]) + 1)
        ]

    return _run(_target(scenario), runs, {"weaken": weaken or {}}, jobs, out, deadline_s)


def replay(
    capsule: str | Path,
    trace: str | Path | None = None,
    *,
    near: str | Path | None = None,
    deadline_s: float = DEADLINE_S,
) -> Result:
    """A capsule's run again: a file, or the text of one. The verdict is "drift" when it is not the same run; `failures`
    are those of the run as it is now. The capsule's target is looked for as it is named, beside the file `near` (the
    capsule itself, if it is one), and in the checkout."""
    from orrery.cli.replay import replay as replay_once

    if isinstance(capsule, str) and capsule.lstrip().startswith("{"):
        wanted = capsules.parse(capsule, "in this text")
        beside = Path(near) if near is not None else Path.cwd() / "capsule"
    else:
        wanted = capsules.read(Path(capsule))
        beside = Path(near) if near is not None else Path(capsule)
    with Pool(1, deadline_s) as pool:
        _, outcome = replay_once(pool, wanted, beside, trace=Path(trace) if trace else None)
    same = not wanted.expect.get("hash") or wanted.expect["hash"] == outcome.hash
    return Result(
        verdict=outcome.verdict if same else "drift",
        hash=outcome.hash,
        events=outcome.events,
        simulated_us=outcome.simulated_us,
        failures=outcome.failures,
        trace=Path(trace) if trace else None,
    )
