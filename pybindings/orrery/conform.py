"""The probes of `conformance/probes`: the same programs here and, recorded, in real workerd.

An answer must be equal to the recorded one. A known difference has a line in `differences.json` that says why, and
must still be one: a line that is no longer needed is a finding too.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

from orrery import asking, places
from orrery.errors import UserError
from orrery.exploration import run_plans
from orrery.files import read_text
from orrery.pool import DEADLINE_S, Pool
from orrery.targets import Target

ROOM = places.ROOT / "conformance" / "probes"
#: Simulated time between two probes, so that they do not share one isolate's turns.
APART_US = 100_000
#: Themes that begin with one of them run in the Worker of the folder of that name.
OTHERS = ("older", "flagged")


@dataclass(frozen=True)
class Probe:
    """One probe and what became of it. `here` is None when it gave no answer at all."""

    theme: str
    name: str
    recorded: Any
    here: Any
    reason: str | None

    @property
    def verdict(self) -> str:
        if self.here == self.recorded:
            return "same" if self.reason is None else "no longer differs"
        return "differs" if self.reason is None else "known"

    @property
    def good(self) -> bool:
        return self.verdict in ("same", "known")


def recorded_answers(room: Path = ROOM) -> tuple[str, dict[str, dict[str, Any]]]:
    """The version of workerd that answered, and its answers by theme and probe."""
    answers = {}
    versions = set()
    for path in sorted((room / "answers").glob("*.json")):
        document = json.loads(read_text(path, "answers of workerd"))
        versions.add(document["workerd"])
        answers[path.stem] = document["answers"]
    if len(versions) != 1:
        raise UserError(
            f"the answers are of {len(versions)} versions of workerd", hint="Record them all again."
        )
    return versions.pop(), answers


def run_probes(themes: Sequence[str] = (), room: Path = ROOM) -> tuple[str, list[Probe]]:
    """Runs the probes of these themes (none: all) in one world; gives the version of workerd they are compared
    with, and every probe."""
    version, recorded = recorded_answers(room)
    unknown = set(themes) - set(recorded)
    if unknown:
        raise UserError(
            f"no such theme: {', '.join(sorted(unknown))}", hint="Known are " + ", ".join(recorded)
        )
    reasons = json.loads(read_text(room / "differences.json", "known differences"))
    chosen = [
        (theme, name) for theme in recorded if not themes or theme in themes for name in recorded[theme]
    ]
    paths = [f"{theme}/{name}" for theme, name in chosen]
    here = _ask([path for path in paths if not path.startswith(OTHERS)], room)
    for other in OTHERS:
        here |= _ask([path for path in paths if path.startswith(other)], room / other)
    probes = [
        Probe(theme, name, recorded[theme][name], here.get(f"{theme}/{name}"), reasons.get(f"{theme}/{name}"))
        for theme, name in chosen
    ]
    if not themes:
        gone = set(reasons) - {f"{probe.theme}/{probe.name}" for probe in probes}
        if gone:
            raise UserError(f"differences.json names probes that are not there: {', '.join(sorted(gone))}")
    return version, probes


def _ask(paths: list[str], room: Path) -> dict[str, Any]:
    if not paths:
        return {}
    with Pool(1, DEADLINE_S) as pool:
        worker = pool.open(Target("project", room).load())
        plan = asking.plan(worker, room, [(path, None) for path in paths], APART_US)
        run_plans(pool, [lambda: [plan]], lambda _: None)
    return asking.answers(plan, room)
