"""How long a branch and a staged test take from the wish to the child's first event (rows of `orrery bench`)."""

from __future__ import annotations

import re
from statistics import median
from typing import Any, Iterator

from orrery import places
from orrery.outcome import Outcome
from orrery.pool import Pool
from orrery.targets import Target

FORKS = 50
#: The scenario has grown by then, and idles.
_GROWN_US = 120_000_000
_FILE = places.ROOT / "pybindings" / "bench" / "forks.py"


def rows(pattern: str) -> Iterator[dict[str, Any]]:
    """The rows whose names match."""
    for name, measure in (("Fork/branch/200MB", _branch), ("Fork/stage", _stage)):
        if re.search(pattern, name):
            yield measure(name)


def _branch(name: str) -> dict[str, Any]:
    """A world of 200 MB, forked at one moment; each branch ends at its first event."""
    asked = {"moments": [{"us": _GROWN_US}], "times": FORKS, "jobs": 1, "deadline_s": 60}
    with Pool(1) as pool:
        worker = pool.open(Target("scenario", _FILE, "grown").load())
        job = {"scenario": "grown", "seed": 1, "faults": "none"}
        outcome = pool.run(worker, {**job, "branch": {**asked, "stop": True, "measure": True}})
    moments = outcome.result.get("moments") or [{"branches": [], "resident_mb": 0}]
    told = [branch for branch in moments[0]["branches"] if "first_event_us" in branch]
    spent = median(branch["cpu_us"] for branch in told) / 1000 if told else 0.0
    more = {"cpu_time": spent, "resident_mb": moments[0]["resident_mb"]}
    return _row(name, [branch["first_event_us"] for branch in told], more)


def _stage(name: str) -> dict[str, Any]:
    """A deployed world with WebSockets open, forked for test after test."""
    with Pool(1) as pool:
        worker = pool.open(Target("scenario", _FILE).load())
        job = {"scenario": "next_test", "seed": 1, "faults": "none", "stage": True}
        pool.run(worker, job)  # which sets it up
        outcomes = [pool.run(worker, job) for _ in range(FORKS)]
    took = [outcome.result["fork_us"] for outcome in outcomes if "fork_us" in outcome.result]
    whole = median(outcome.seconds for outcome in outcomes) * 1000
    return _row(name, took, {"whole_test_ms": whole})


def _row(name: str, took_us: list[int], more: dict[str, Any]) -> dict[str, Any]:
    if len(took_us) < FORKS:
        message = f"{len(took_us)} of {FORKS} forks told their time"
        return {"name": name, "error_occurred": True, "error_message": message}
    middle = median(took_us) / 1000
    return {
        "name": name,
        "program": "orrery bench",
        "iterations": FORKS,
        "real_time": middle,
        "cpu_time": middle,
        "time_unit": "ms",
        "wall_ms": middle,
        "p90_ms": sorted(took_us)[FORKS * 9 // 10] / 1000,
        **more,
    }
