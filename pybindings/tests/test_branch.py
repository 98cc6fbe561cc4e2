"""Branches on the real build: futures drawn anew from a moment, by fork, and had again without forking."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator

import pytest
from real import ROOT, Real

from orrery.branching import decisive, steepest, wilson
from orrery.capsule import checksum

#: Fails when the second answer comes late; until then chance decides, from then on nothing does.
COIN = f"""import orrery

@orrery.scenario(app={str(ROOT / "scenarios" / "inventory" / "app")!r}, pops=["FRA", "IAD", "SIN"], faults_over="10s")
async def coin(world):
    client = world.client("Hanoi")
    await world.sleep("1s")
    await client.get("/skus/lamp")
    lost = world.random.randrange(2) == 0 or world.seed == 7
    world.note("the coin fell")
    for _ in range(5):
        await client.get("/skus/lamp")
        await world.sleep("200ms")
    assert not lost, "tails"
"""


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    folder = Real(tmp_path)
    yield folder
    folder.forget_bundles()


def capsule_of(real: Real, seed: int, faults: str = "none") -> tuple[Path, int]:
    """A capsule of the coin's run, and how many events it has."""
    real.write("coin.py", COIN)
    run = real.run("run", "coin.py", "--seed", seed, "--faults", faults, "--json")
    (scenario,) = run.json["scenarios"]
    return real.folder / scenario["failures"][0]["capsule"], scenario["events"]


def tails(branch: dict[str, Any]) -> bool:
    return "SCENARIO-ASSERT" in branch["rules"]


@pytest.mark.parametrize("faults", ["none", "swarm"])
def test_a_branch_from_scratch_is_the_forked_one(real: Real, faults: str) -> None:
    capsule, events = capsule_of(real, 1 if faults == "none" else 7, faults)
    done = real.run("branch", capsule, "--at-event", events // 3, "--times", 8, "--json")
    (moment,) = done.json["moments"]
    assert done.code == 0 and done.json["rule"] == "SCENARIO-ASSERT" and moment["times"] == 8
    hashes = [branch["hash"] for branch in moment["branches"]]
    assert len(set(hashes)) == 8, "futures are drawn anew, each another way"
    assert json.loads(capsule.read_text())["expect"]["hash"] not in hashes
    kept = json.loads((real.folder / done.json["capsule"]).read_text())
    branch = next(branch for branch in moment["branches"] if tails(branch))
    assert kept["redraw"] == [{"at_step": moment["at_step"], "seed": branch["seed"]}]
    assert kept["expect"]["hash"] == branch["hash"]
    again = real.run("replay", done.json["capsule"], "--json")
    assert again.json["same"] is True and again.json["hash"] == branch["hash"]


def test_a_branch_of_a_branch_is_had_again_too(real: Real) -> None:
    capsule, events = capsule_of(real, 1)
    first = real.run("branch", capsule, "--at-event", events // 4, "--times", 8, "--json", "--out", "one")
    second = real.run(
        "branch", first.json["capsule"], "--at-event", events // 2, "--times", 8, "--json", "--out", "two"
    )
    kept = json.loads((real.folder / second.json["capsule"]).read_text())
    assert len(kept["redraw"]) == 2
    assert real.run("replay", second.json["capsule"], "--json").json["same"] is True


def test_what_happened_stays_and_what_comes_is_open(real: Real) -> None:
    capsule, events = capsule_of(real, 1)
    early = real.run("branch", capsule, "--at", "10ms", "--times", 24, "--json").json["moments"][0]
    late = real.run("branch", capsule, "--at-event", events - 10, "--times", 6, "--json").json["moments"][0]
    assert 4 <= early["failed_same"] <= 20 and early["low"] < 0.5 < early["high"]
    assert late["failed_same"] == 6 and all(tails(branch) for branch in late["branches"])


def test_the_ladder_finds_the_moment_from_which_the_failure_is_inevitable(real: Real) -> None:
    capsule, _ = capsule_of(real, 1)
    done = real.run("branch", capsule, "--times", 12, "--moments", 6, "--json", seconds=200)
    moments = done.json["moments"]
    events = [moment["at_event"] for moment in moments]
    assert events == sorted(set(events)) and len(moments) > 6
    # The toss is drawn at the first answer; the world announces the note right after it.
    texts = [event["text"] for event in done.json["before"]]
    assert any("the coin fell" in text or "200" in text for text in texts), texts
    at = done.json["inevitable"]["at_event"]
    after = events.index(at)
    assert all(moment["failed_same"] == 12 for moment in moments[after:])
    assert at - events[after - 1] <= 10, "closer looks have narrowed it down"
    shown = real.run("branch", capsule, "--times", 5, "--moments", 6, seconds=200)
    assert "inevitable from 1." in shown.out and "of branches from here" in shown.out


def test_a_moment_that_the_run_does_not_reach_is_said(real: Real) -> None:
    capsule, _ = capsule_of(real, 1)
    done = real.run("branch", capsule, "--at", "1h")
    assert done.code == 2 and "there is no such moment" in done.err


def test_wilson_is_right_at_the_ends_too() -> None:
    assert wilson(0, 20)[0] == 0 and round(wilson(0, 20)[1], 3) == 0.161
    assert round(wilson(10, 20)[0], 3) == 0.299 and round(wilson(10, 20)[1], 3) == 0.701
    assert wilson(20, 20)[1] == 1


def test_only_changes_beyond_chance_are_steps() -> None:
    def moment(failed: int) -> dict[str, Any]:
        verdicts = ["fail"] * failed + ["pass"] * (20 - failed)
        return {"branches": [{"verdict": verdict, "rules": []} for verdict in verdicts]}

    assert steepest([moment(8), moment(12), moment(9)], None) is None
    assert steepest([moment(2), moment(3), moment(15), moment(14)], None) == 1
    assert decisive([moment(2), moment(15), moment(15), moment(20), moment(20)], None) == 2
    assert decisive([moment(19), moment(20)], None) is None


def test_explore_takes_each_seed_to_a_moment_once_and_forks_it_there(real: Real) -> None:
    real.write("coin.py", COIN)
    done = real.run(
        "explore", "coin.py", "--prefix", "500ms", "--futures", 6, "--seeds", 2, "--faults", "none", "--json"
    )
    (scenario,) = done.json["scenarios"]
    assert done.code == 11 and scenario["seeds"] == 12, done.out
    (failure,) = scenario["failures"]
    assert 0 < failure["count"] < 12 and failure["story"], "some futures fail, not all"
    kept = json.loads((real.folder / failure["capsule"]).read_text())
    assert len(kept["redraw"]) == 1 and "branch" in failure["capsule"]
    assert real.run("replay", failure["capsule"], "--json").json["same"] is True
    # A seed whose run is over before is one run.
    over = real.run("explore", "coin.py", "--prefix", "1h", "--futures", 6, "--seeds", 2, "--faults", "none", "--json")
    assert over.json["scenarios"][0]["seeds"] >= 2


def test_a_branch_that_spins_is_ended_at_its_deadline(real: Real) -> None:
    real.write("spin.py", COIN.replace('    assert not lost, "tails"', "    while lost:\n        pass").replace(" or world.seed == 7", ""))
    real.write("coin.py", COIN.replace('assert not lost, "tails"', 'assert False, "always"'))
    run = real.run("run", "coin.py", "--faults", "none", "--json").json["scenarios"][0]
    capsule = json.loads((real.folder / run["failures"][0]["capsule"]).read_text())
    capsule.update(target="spin.py::coin", expect={})
    del capsule["checksum"]
    capsule["checksum"] = checksum(capsule)
    path = real.write("spin.capsule.json", json.dumps(capsule))
    done = real.run("branch", path, "--at", "500ms", "--times", 6, "--deadline", "2s", "--json")
    verdicts = [branch["verdict"] for branch in done.json["moments"][0]["branches"]]
    assert set(verdicts) == {"not metered", "pass"} and len(verdicts) == 6, verdicts
