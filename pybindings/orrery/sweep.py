"""Sweeps: the n-th disk call, message, step of a commit or host call fails, for n = 1, 2, 3 ... until none fires.

Chance finds what is likely; a sweep finds the one moment that matters, whichever it is. Each n is one run of the same
seed, so what comes before the failure is the same in all of them.
"""

from __future__ import annotations

from typing import Any, Callable

from orrery.outcome import Outcome
from orrery.pool import Pool, Worker
from orrery.search import Search

Progress = Callable[[Search], None]


def label(job: dict[str, Any]) -> str:
    return f"{job['sweep']['kind']} {job['sweep']['n']}"


def sweep(
    pool: Pool,
    worker: Worker,
    scenario: dict[str, Any],
    job: dict[str, Any],
    asked: dict[str, Any],
    progress: Progress,
    budget_s: float | None = None,
) -> tuple[Search, dict[str, Any]]:
    """Has the runs of one scenario: asked = {"kind", "from", "max"}. Returns the search and what its document
    says besides: how many points there are (None when the sweep did not come to their end), and what each hit."""
    search = Search(pool, worker, scenario, job, label, budget_s)
    n, last = asked["from"], asked["from"] + asked["max"] - 1
    hit: list[dict[str, Any]] = []
    end: int | None = None
    while True:
        while end is None and n <= last and search.room and not search.out_of_time:
            search.submit({"sweep": {"kind": asked["kind"], "n": n}})
            n += 1
        if not search.busy:
            break
        ended = search.take()
        progress(search)
        if ended is None:
            continue
        number, fired = ended[0]["sweep"]["n"], _fired(ended[1])
        if fired:
            hit.append({"n": number, **fired})
        elif fired is not None and end is None:
            end = number - 1
    return search, {"sweep": asked["kind"], "points": end, "hit": hit}


def _fired(outcome: Outcome) -> dict[str, Any] | None:
    """What failed; {} when the run came to its end without reaching the n-th, None when it cannot tell (it crashed)."""
    told = outcome.result.get("sweep")
    if told is None:
        return None
    if not told["fired"]:
        return {}
    failure = outcome.failures[0]["rule"] if outcome.failures else None
    return {"what": told["what"], "at_us": told["at_us"], "verdict": outcome.verdict, "rule": failure}
