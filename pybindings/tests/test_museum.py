"""Goal: the harness finds what it found when the record was made. Method: one new try of each way to each flaw, with seeds that
no recorded try had, held against the record (orrery/hunting.py); and that measure itself, on tries made up."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from orrery import false_alarms, hunting, museum, places
from orrery.outcome import Outcome
from orrery.scenario import load_scenarios
from real import Real


@pytest.fixture(scope="module")
def flaw() -> museum.Flaw:
    return museum.read_flaws()[0]


def tried(flaw: museum.Flaw, seeds: int | None, most: int = 1000) -> hunting.Try:
    """A try that needed so many seeds, or found nothing in `most`."""
    one = hunting.Try(flaw, "watched", 1, most)
    while one.wants_more:
        job = one.job("any")
        rule = flaw.watched.rules[0] if one.asked == seeds else "CRASH"
        failures = [{"rule": rule, "reason": ""}]
        one.hear(Outcome(job["seed"], "swarm", "fail", failures=failures, cpu_seconds=0.5))
    return one


def test_new_tries_find_each_flaw_as_soon_as_the_record_says(tmp_path: Path) -> None:
    done = Real(tmp_path).run("museum", "--resample", "--json", seconds=600)
    assert done.code == 0, json.loads(done.out)["reasons"] if done.out else done.err


def test_the_record_keeps_the_bounds() -> None:
    """At least 50 flaws and 15 faulty apps, each found in every try, half of them usually within 20 seeds, under a rule that
    counts for it."""
    record = {flaw["name"]: flaw for flaw in json.loads(museum.RECORD.read_text())["flaws"]}
    flaws = museum.read_flaws()
    assert sum(bool(flaw.weaken) for flaw in flaws) >= 50 and sum(bool(flaw.twin) for flaw in flaws) >= 15
    assert set(record) == {flaw.name for flaw in flaws}
    medians = []
    for flaw in flaws:
        for name, way in flaw.ways().items():
            kept = record[flaw.name][name]
            assert len(kept["tries"]) == kept["found"] == hunting.TRIES, f"{flaw.name} ({name})"
            assert max(kept["tries"]) <= hunting.MOST_SEEDS and kept["rule"] in way.rules
        medians.append(record[flaw.name]["watched"]["seeds"]["median"])
    assert sum(median <= hunting.FEW_SEEDS for median in medians) * 2 >= len(medians)


def test_the_right_twin_of_each_faulty_app_is_among_those_that_must_not_alarm() -> None:
    apps = [flaw for flaw in museum.read_flaws() if not flaw.weaken]
    files = museum.all_files()
    for flaw in apps:
        path, _, name = flaw.twin.partition("::")
        assert places.ROOT / path in files and flaw.twin not in false_alarms.LONG
        (twin,) = [scenario for scenario in load_scenarios(places.ROOT / path) if scenario.name == name]
        faulty = {scenario.name: scenario for scenario in load_scenarios(places.ROOT / flaw.watched.target.partition("::")[0])}
        assert twin.expect is None and faulty[flaw.name].expect in flaw.watched.rules


def test_a_flaw_that_is_found_later_than_chance_explains_makes_the_harness_weaker(flaw: museum.Flaw) -> None:
    record = {(flaw.name, "watched"): [1, 2, 1, 1, 3] * 4}
    assert hunting.weaker(record, [tried(flaw, 1)]) == []
    assert hunting.weaker(record, [tried(flaw, 8)]) == [], "bad luck"
    (said,) = hunting.weaker(record, [tried(flaw, 200)])[:1]
    assert f"{flaw.name} (watched) took 200 seeds; the record's median of 20 tries is 1" in said
    (said,) = hunting.weaker(record, [tried(flaw, None)])[:1]
    assert "was not found in 1000 seeds" in said
    assert "is not in the record" in hunting.weaker({}, [tried(flaw, 1)])[0]


def test_many_flaws_that_are_found_a_little_later_make_the_harness_weaker(flaw: museum.Flaw) -> None:
    record = {(flaw.name, "watched"): [1] * 18 + [2, 2]}
    assert hunting.weaker(record, [tried(flaw, 4)]) == []
    (said,) = hunting.weaker(record, [tried(flaw, 4)] * 6)
    assert "all flaws together" in said


def test_honest_tries_are_not_called_weaker(flaw: museum.Flaw) -> None:
    """Record and new tries drawn from the same distributions: an alarm is as rare as it is meant to be."""
    chance = random.Random(7)

    def needed(rate: float) -> int:
        seeds = 1
        while chance.random() > rate and seeds < 1000:
            seeds += 1
        return seeds

    alarms = 0
    for _ in range(300):
        rates = [chance.choice([0.9, 0.5, 0.1, 0.02]) for _ in range(20)]
        chances = [
            hunting.chance_of_needing([needed(rate) for _ in range(hunting.TRIES)], needed(rate)) for rate in rates
        ]
        alarms += min(chances) < hunting.UNLIKELY_ALONE or hunting.chance_together(chances) < hunting.UNLIKELY_TOGETHER
    assert alarms <= 2


def test_the_chance_of_a_try_is_that_of_counting(flaw: museum.Flaw) -> None:
    """P(at least s seeds), the rate drawn evenly and kept when it gives the recorded tries: by simulation."""
    chance = random.Random(3)
    longer = kept = 0
    while kept < 4000:
        rate = chance.random()
        draws = [1 if chance.random() < rate else 2 for _ in range(3)]
        if draws[:2] != [1, 1]:
            continue
        kept += 1
        longer += draws[2] > 1
    assert abs(longer / kept - hunting.chance_of_needing([1, 1], 2)) < 0.03


def test_a_try_counts_up_to_its_first_find_in_whatever_order_runs_end(flaw: museum.Flaw) -> None:
    one = hunting.Try(flaw, "watched", 101, 10)
    jobs = [one.job("any") for _ in range(3)]
    find = [{"rule": flaw.watched.rules[0], "reason": "why"}]
    for job, failures in ((jobs[2], find), (jobs[1], find), (jobs[0], [])):
        assert not one.over
        one.hear(Outcome(job["seed"], "swarm", "fail", failures=failures, cpu_seconds=0.25))
    assert one.over and one.result() == {
        "seeds": 2, "seconds": 0.5, "seed": 102, "rule": flaw.watched.rules[0], "reason": "why"
    }  # fmt: skip


ROUNDS = """
import json
from pathlib import Path
from orrery import false_alarms, museum
from orrery.pool import Pool

museum.all_files = lambda: [Path("right/scenario.py"), Path("long/scenario.py")]
false_alarms.LONG = ("long/scenario.py::calm", "long/scenario.py::nervous")
counted = false_alarms.empty("a build")
with Pool(2) as pool:
    for _ in range(2):
        false_alarms.add_round(pool, counted, 3, lambda plans: None)
    del counted["scenarios"]["right/scenario.py::calm"]
    false_alarms.add_round(pool, counted, 0, lambda plans: None)
print(json.dumps(counted))
"""
MOOD = f"""import orrery

APP = {str(museum.FOLDER / "app")!r}

@orrery.scenario(app=APP, faults="none")
async def calm(world):
    await world.sleep("1s")

@orrery.scenario(app=APP, faults="none")
async def nervous(world):
    world.check.that(world.seed != 5, "of nothing", rule="DO-LIN-1")

@orrery.scenario(app=APP, faults="none", expect="DO-LIN-1")
async def faulty(world):
    world.check.that(False, "as expected", rule="DO-LIN-1")
"""


def test_every_right_scenario_gets_as_many_seeds_and_each_alarm_is_counted(tmp_path: Path) -> None:
    real = Real(tmp_path)
    for folder in ("right", "long"):
        (real.folder / folder).mkdir()
        (real.folder / folder / "scenario.py").write_text(MOOD)
    counted = json.loads(real.python(ROUNDS).out)
    assert (counted["runs"], counted["seeds"], counted["alarms"], counted["verdict"]) == (12, 6, 1, "fail")
    nervous, calm = counted["scenarios"].values()  # calm was forgotten, and had all its seeds again
    assert (calm["runs"], calm["alarms"], nervous["runs"]) == (6, 0, 6)
    assert nervous["failures"] == [{"rule": "DO-LIN-1", "seed": 5, "reason": "of nothing"}]
