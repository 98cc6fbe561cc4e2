"""selfcheck on three drifts planted in the world: each is found, placed at its event, and guessed right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from real import ROOT, Real

from orrery.drift import guess_cause

LONG = f"""import orrery

@orrery.scenario(app={str(ROOT / "scenarios" / "flash_sale" / "app")!r}, pops=["FRA", "SIN", "IAD"], faults="none")
async def long(world):
    for _ in range(120):
        await world.client("Paris").post("/sale/lamp")
        await world.sleep("40ms")
"""
ORDER = "the iteration order of an unordered container or of pointers"
MEMORY = "an address, or memory that was read before it was written"


@pytest.mark.parametrize(
    ("plant", "guess"),
    [("drift_unordered", ORDER), ("drift_address", ORDER), ("drift_uninitialised", MEMORY)],
)
def test_each_planted_drift_is_found_placed_and_guessed(tmp_path: Path, plant: str, guess: str) -> None:
    real = Real(tmp_path)
    real.write("long.py", LONG)
    done = real.run("selfcheck", "long.py", "--seeds", "2", "--plant", plant, "--json", seconds=120)
    assert done.code == 13 and done.json["drift_count"] >= 1, done.out
    drift = done.json["drifts"][0]
    first = [line for line in drift["events"] if line.startswith("first  -> ")]
    assert "planted.drift" in first[0] and " 4.000000 " in first[0], drift["events"]
    assert any("from planted.drift" in line or "from a beginning" in line for line in drift["events"])
    # More than one checkpoint lies before it: only what follows the last equal one was recorded.
    assert int(drift["events"][0].rpartition(" ")[2].replace(",", "")) > 1024, drift["events"][0]
    assert "equal to event" in drift["difference"]
    assert guess in drift["guess"], drift
    told = real.run("selfcheck", "long.py", "--seeds", "1", "--plant", plant, seconds=120)
    assert "DRIFT  long  seed 1 none" in told.out and "perhaps: " in told.out
    real.forget_bundles()


def test_without_a_plant_the_same_runs_do_not_drift(tmp_path: Path) -> None:
    real = Real(tmp_path)
    real.write("long.py", LONG)
    assert real.run("selfcheck", "long.py", "--seeds", "1").code == 0
    refused = real.run("selfcheck", "long.py", "--seeds", "1", "--plant", "weeds", "--json")
    assert refused.json["scenarios"][0]["verdicts"] == {"error": 1}
    real.forget_bundles()


def event(text: str, at_us: int = 5, kind: str = "k", lane: str = "l") -> dict[str, Any]:
    return {"event": 1, "at_us": at_us, "lane": lane, "kind": kind, "cause": "c", "text": text, "data": ""}


def test_what_differs_only_in_the_unlike_process_is_put_to_its_environment() -> None:
    one, two = [event("a"), event("b")], [event("a"), event("c")]
    assert "unlike environment" in guess_cause(one, two, [one, one], 1)
    assert "chance or time" in guess_cause(one, two, [[event("a"), event("d")]], 1)
    swapped = [event("b"), event("a")]
    assert ORDER in guess_cause(one, swapped, [one, swapped], 0)
    assert ORDER not in guess_cause(one, [event("b", 5), event("a", 6)], [swapped], 0)
    far = [event("at 94105214251008")], [event("at 93825003155904")]
    assert MEMORY in guess_cause(*far, [[event("at 94105214251009")]], 0)
    assert "different things" in guess_cause([event("a")], [event("a", kind="x")], [[event("b")]], 0)
    # The first of an instant may happen to be equal in a process like the first one.
    assert ORDER in guess_cause([*one, event("c")], [event("c"), *one], [[*one[:1], event("c"), one[1]]], 0)
