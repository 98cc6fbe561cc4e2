"""The museum: planted flaws (conformance/museum/flaws.json), and what shrinking makes of their failures. How they are
looked for is hunting.py."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orrery import places
from orrery.capsule import Capsule
from orrery.errors import UserError
from orrery.pool import Pool
from orrery.scenario import find_scenario_files
from orrery.shrink_run import Shrinker
from orrery.shrink_write import STORY_MAX, capsule_of, counts, story
from orrery.targets import parse_target

FOLDER = places.ROOT / "conformance" / "museum"
FLAWS = FOLDER / "flaws.json"
#: What `orrery explore` takes unless told otherwise.
PRESET = "swarm"
#: Of a flaw, so many failing seeds are tried, among so many, until one becomes a short story.
MOST_FAILING, NEXT_SEEDS = 4, 40
RECORD = FOLDER / "record.json"
#: What shrinking made of a failure of each flaw (`orrery museum --shrink --record`).
SHRUNK = FOLDER / "shrunk.json"


@dataclass(frozen=True)
class Way:
    """One way to look for a flaw: what to run under the default preset, which rules count as having found it."""

    target: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Flaw:
    """A guarantee of the platform switched off (`weaken`), or an application's mistake (`twin` is the right one); and how it is
    to be found: by anybody, and by clients alone."""

    name: str
    sentence: str
    weaken: dict[str, Any]
    twin: str | None
    watched: Way
    clients: Way | None

    def ways(self) -> dict[str, Way]:
        """By name: `watched` runs with the monitors, `clients` without."""
        return {"watched": self.watched} | ({"clients": self.clients} if self.clients else {})


def all_files() -> list[Path]:
    """Every scenario file of the suite and of the museum."""
    return [file for folder in (places.SCENARIOS, FOLDER) for file in find_scenario_files(folder)]


def read_flaws() -> list[Flaw]:
    """All flaws, in the order of the file."""
    return [
        Flaw(
            entry["name"],
            entry["sentence"],
            entry.get("weaken", {}),
            entry.get("twin"),
            _way(entry["watched"]),
            _way(entry["clients"]) if "clients" in entry else None,
        )
        for entry in json.loads(FLAWS.read_text(encoding="utf-8"))
    ]


def _way(entry: dict[str, Any]) -> Way:
    return Way(entry["target"], tuple(entry["rules"]))


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
        target=way.target, seed=seed, faults=PRESET, weaken=flaw.weaken, monitors=True, expect={}
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
