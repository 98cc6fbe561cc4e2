"""Runs in which nothing is wrong: the unflawed platform with right applications, from the suite and from the museum.

Many runs take hours, so they are had in rounds: each gives every scenario the same number of further seeds, and what was counted
can be kept after it and gone on with later, on the same build.
"""

from __future__ import annotations

import json
from functools import partial
from typing import Any, Callable, Iterator

from orrery import museum
from orrery.exploration import Plan, file_source, run_plans
from orrery.files import write_whole
from orrery.outcome import Summary
from orrery.pool import Pool, Worker

RECORD = museum.FOLDER / "unflawed.json"
#: Of half a second a run, mostly load of one kind: a fifth of all time for four of sixty. Theirs are the seeds of the suite.
LONG = (
    "scenarios/votes/scenario.py::god_object",
    "scenarios/votes/scenario.py::sharded_counter",
    "scenarios/storms/scenario.py::reconnect_storm",
    "scenarios/upgrade/scenario.py::one_by_one",
)
ROUND_SEEDS = 50

Progress = Callable[[list[Plan]], None]


def empty(build: str) -> dict[str, Any]:
    """A count before its first run: {"orrery", "command", "verdict", "build", "runs", "alarms", "seeds": of each scenario so far,
    "scenarios": by target {"preset", "runs", "events", "alarms", "failures": [{"rule", "seed", "reason"}]}}."""
    return {
        "orrery": 1,
        "command": "museum",
        "verdict": "pass",
        "build": build,
        "runs": 0,
        "alarms": 0,
        "seeds": 0,
        "scenarios": {},
    }


def kept(build: str) -> dict[str, Any]:
    """What the record holds of this build; of another build nothing counts."""
    if RECORD.exists():
        counted: dict[str, Any] = json.loads(RECORD.read_text(encoding="utf-8"))
        if counted["build"] == build:
            return counted
    return empty(build)


def keep(counted: dict[str, Any]) -> None:
    """Makes a count the record."""
    write_whole(RECORD, json.dumps(counted, indent=1) + "\n")


def add_round(pool: Pool, counted: dict[str, Any], seeds: int, progress: Progress) -> None:
    """Gives every right scenario so many further seeds, under its own preset, with the monitors on, and counts what they came
    to. One that was not counted before gets all that the others had, too."""
    counted["seeds"] += seeds
    sources = [file_source(pool, file, partial(_plan, counted)) for file in museum.all_files()]
    plans = run_plans(pool, sources, progress)
    for plan in plans:
        _add(counted["scenarios"].setdefault(plan.summary.target, _none_yet(plan)), plan)
    counted["runs"] = sum(scenario["runs"] for scenario in counted["scenarios"].values())
    counted["alarms"] = sum(scenario["alarms"] for scenario in counted["scenarios"].values())
    counted["verdict"] = "fail" if counted["alarms"] else "pass"


def _plan(counted: dict[str, Any], worker: Worker, scenario: dict[str, Any]) -> Plan | None:
    """What a scenario lacks of the seeds that are counted; nothing of one that is expected to fail, or LONG."""
    if scenario["expect"] or scenario["target"] in LONG:
        return None
    had = counted["scenarios"].get(scenario["target"], {"runs": 0})["runs"]
    seeds = range(had + 1, counted["seeds"] + 1)
    runs: Iterator[tuple[str, int]] = ((scenario["faults"], seed) for seed in seeds)
    return Plan(worker, scenario, runs, Summary.of(scenario, len(seeds)), None)


def _none_yet(plan: Plan) -> dict[str, Any]:
    return {"preset": plan.scenario["faults"], "runs": 0, "events": 0, "alarms": 0, "failures": []}


def _add(scenario: dict[str, Any], plan: Plan) -> None:
    summary = plan.summary
    scenario["runs"] += summary.seeds
    scenario["events"] += summary.events
    scenario["alarms"] += sum(verdict != "pass" for verdict in summary.verdicts)
    scenario["failures"] += [
        {key: failure[key] for key in ("rule", "seed", "reason")} for failure in summary.failures
    ]
