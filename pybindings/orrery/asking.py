"""Asks the Worker of a project many things in one simulated world, and gives what each was answered.

The probes and the generated programs of `conformance` are both of this shape: a request each, the answer a JSON text
that real workerd gives too.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Sequence

from orrery.errors import UserError
from orrery.exploration import Plan
from orrery.outcome import Summary
from orrery.pool import Worker

#: What stands for an answer that is no JSON begins with this.
NO_ANSWER = "no answer"


def plan(worker: Worker, room: Path, asked: Sequence[tuple[str, str | None]], apart_us: int) -> Plan:
    """A world in which the project in `room`, open in `worker`, gets a request for each (path, body), posted where there
    is a body, `apart_us` of simulated time after the one before."""
    (scenario,) = worker.scenarios
    requests = [
        {
            "at_us": number * apart_us,
            "city": "Frankfurt",
            "method": "GET" if body is None else "POST",
            "url": _origin(room) + path,
            "headers": [],
            "body": body,
        }
        for number, (path, body) in enumerate(asked)
    ]
    job = {"requests": requests, "for_us": None, "body_max": 1 << 24}
    summary = Summary(scenario["name"], str(room), planned=1)
    return Plan(worker, scenario, iter([("none", 1)]), summary, None, job, keep_outcomes=True)


def answers(plan: Plan, room: Path) -> dict[str, Any]:
    """What each path was answered in a plan that has run; those that nobody answered are missing."""
    outcome = plan.outcomes[0]
    responses = outcome.result.get("responses")
    if not responses:
        raise UserError(f"{room.name} did not run to their end here: {outcome.failures or outcome.verdict}")
    origin = _origin(room)
    return {r["url"].removeprefix(origin): parsed(r.get("body", r.get("error"))) for r in responses}


def parsed(text: str) -> Any:
    """The value that a JSON text says, or that it is none."""
    try:
        return json.loads(text)
    except ValueError:
        return f"{NO_ANSWER}: {text}"


def _origin(room: Path) -> str:
    return f"https://{room.name}.example.com/"
