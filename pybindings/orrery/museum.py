"""The museum: planted flaws (conformance/museum/flaws.json), and how many seeds it takes to find each."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from orrery import places
from orrery.capsule import Capsule
from orrery.errors import UserError
from orrery.pool import Pool
from orrery.shrink_run import Shrinker
from orrery.shrink_write import STORY_MAX, capsule_of, counts, story
from orrery.targets import parse_target

FOLDER = places.ROOT / "conformance" / "museum"
FLAWS = FOLDER / "flaws.json"
#: Of a flaw, so many failing seeds are tried, among so many, until one becomes a short story.
MOST_FAILING, NEXT_SEEDS = 4, 40
RECORD = FOLDER / "record.json"
#: What shrinking made of a failure of each flaw (`orrery museum --shrink --record`).
SHRUNK = FOLDER / "shrunk.json"


@dataclass(frozen=True)
class Way:
    """One way to look for a flaw: what to run, under which faults, which rules count as having found it."""

    target: str
    preset: str
    bound: int
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Flaw:
    """A guarantee switched off, and how it is to be found: by anybody, and by clients alone."""

    name: str
    sentence: str
    weaken: dict[str, Any]
    watched: Way
    clients: Way | None


def read_flaws() -> list[Flaw]:
    """All flaws, in the order of the file."""
    return [
        Flaw(
            entry["name"],
            entry["sentence"],
            entry["weaken"],
            _way(entry["watched"]),
            _way(entry["clients"]) if "clients" in entry else None,
        )
        for entry in json.loads(FLAWS.read_text(encoding="utf-8"))
    ]


def _way(entry: dict[str, Any]) -> Way:
    return Way(entry["target"], entry["preset"], entry["bound"], tuple(entry["rules"]))


def hunt(
    pool: Pool, flaw: Flaw, way: Way, monitors: bool, seeds: int | None = None
) -> dict[str, Any]:
    """Runs seeds 1, 2, ... of a weakened platform until one is found to break a rule that counts.

    Returns {"seed": the first such, or None, "rule", "reason", "seeds": runs had, "seconds",
    "bound"}. Runs that fail in another way (a crash of the weakened run, say) do not count.
    """
    bound = seeds or way.bound
    worker = pool.open(parse_target(way.target).load())
    job = {
        "scenario": worker.scenarios[0]["name"],
        "faults": way.preset,
        "weaken": flaw.weaken,
        "monitors": monitors,
    }
    started = time.monotonic()
    found: dict[int, dict[str, Any]] = {}
    asked = had = 0
    while True:
        while not found and asked < bound and pool.free:
            asked += 1
            pool.submit(worker, {**job, "seed": asked})
        ended = pool.next() if had < asked else None
        if ended is None:
            break
        had += 1
        for failure in ended[1].failures:
            if failure["rule"] in way.rules:
                found.setdefault(ended[1].seed, failure)
    pool.close(worker)
    first = min(found, default=None)
    return {
        "seed": first,
        "rule": found[first]["rule"] if first else None,
        "reason": found[first]["reason"] if first else None,
        "seeds": had,
        "seconds": round(time.monotonic() - started, 1),
        "bound": bound,
    }


def shrink(pool: Pool, flaw: Flaw, seed: int, budget_s: float) -> dict[str, Any]:
    """Makes a failing run of a flaw small, found with the monitors: that of `seed`, or of one of the next few seeds that fail,
    if its story is not a short one. What is kept of the shortest: how large it was and is, its story, what its faults are
    for, how often it fails when chance is drawn anew."""
    best: dict[str, Any] | None = None
    failing = 0
    for tried in range(seed, seed + NEXT_SEEDS):
        try:
            small = shrink_seed(pool, flaw, tried, budget_s)
        except UserError:
            if tried == seed:
                raise
            continue  # this seed does not fail
        failing += 1
        if best is None or small["story_lines"] < best["story_lines"]:
            best = small
        if best["short"] or failing == MOST_FAILING:
            break
    assert best is not None
    return best


def shrink_seed(pool: Pool, flaw: Flaw, seed: int, budget_s: float) -> dict[str, Any]:
    """The same of one seed; UserError if it does not fail."""
    way = flaw.watched
    capsule = Capsule(
        target=way.target, seed=seed, faults=way.preset, weaken=flaw.weaken, monitors=True, expect={}
    )
    worker = pool.open(parse_target(way.target).load())
    try:
        shrunk = Shrinker(pool, worker, capsule, budget_s, rules=way.rules).run()
    finally:
        pool.close(worker)
    small = capsule_of(shrunk, capsule, worker.build, worker.scenarios[0].get("app", ""))
    told = story(shrunk)
    return {
        "name": flaw.name,
        "rule": shrunk.goal.rule,
        "seed": seed,
        "signature": shrunk.goal.signature,
        "steps": (shrunk.goal.failure(shrunk.outcome) or {}).get("steps", []),
        "from": small.shrunk["from"],
        "to": counts(shrunk),
        "story_lines": len(told),
        "short": len(told) <= STORY_MAX,
        "story": told,
        "faults": small.shrunk["faults"],
        "variants": small.shrunk["variants"],
        "complete": shrunk.complete,
        "capsule_bytes": len(small.text().encode()),
        "runs": shrunk.runs,
        "seconds": round(shrunk.seconds, 1),
    }
