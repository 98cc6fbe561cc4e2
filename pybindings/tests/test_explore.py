"""What `explore` reaches, keeps and appends. Goal: its figures are those of the runs. Method: by hand, and over the toy
world."""

from __future__ import annotations

import itertools
import json

from orrery.coverage import Reached
from orrery.outcome import Outcome, Summary


def result(*blocks: int, probes: tuple[str, ...] = ()) -> dict:
    digits = "".join(f"{sum(1 << bit for bit in range(4) if 4 * d + bit in blocks):x}" for d in range(3))
    return {"coverage": {"app": {"shop@v1": digits}, "probes": list(probes)}, "faults": {}, "rules": {}}


APP = {
    "shop@v1": {
        "sources": ["src/index.ts", "node_modules/x/index.js"],
        "places": [[0, 1], [0, 4], [0, 9], [1, 3], [-1, 0]],
    }
}


def test_reached_counts_the_users_own_blocks_and_names_the_lines_that_never_ran():
    reached = Reached(APP, ["a", "b"])
    assert reached.add(result(0, 3, 4, probes=("b",))) == 4
    assert reached.add(result(0, 2)) == 1
    assert reached.code() == (2, 3, ["src/index.ts:4"])
    assert reached.situations() == (1, 2, ["a"])
    assert reached.last_new == 2


def test_good_turing_expects_more_after_things_seen_once_and_nothing_after_all_were_seen_often():
    reached = Reached()
    for probe in ("a", "b", "c", "a"):
        reached.add(result(probes=(probe,)))
    # b and c once, a twice, in four runs.
    assert reached.new_next() == 0.5
    assert reached.unseen() == round(3 / 4 * 2 * 1 / (2 * 2))
    for _ in range(10):
        reached.add(result(probes=("a", "b", "c")))
    assert (reached.new_next(), reached.unseen()) == (0.0, 0)


def test_the_result_says_what_was_reached_and_every_run_is_one_line_of_the_file(bench):
    bench.scenario("await world.sleep('1s')")
    for first in ("1", "4"):
        ended = bench.run("explore", "scenario.py", "--seeds", "3", "--first-seed", first, "--json")
        assert ended.code == 0, ended.err
    coverage = ended.json["scenarios"][0]["coverage"]
    assert coverage["situations"] == {"occurred": 1, "of": 2, "never": ["nothing does this"]}
    # Pair 1 in all three runs, another pair in each.
    assert coverage["things"]["pair"] == 4 and coverage["last_new_run"] == 3
    lines = [json.loads(line) for line in (bench.folder / "runs/explore.jsonl").read_text().splitlines()]
    assert sorted(line["seed"] for line in lines) == [1, 2, 3, 4, 5, 6]
    assert all(line["verdict"] == "pass" and line["hash"] and line["new"] >= 0 for line in lines)


def test_a_kept_capsule_is_run_first_and_told_when_it_passes(bench):
    failing = "assert world.seed != 3, 'three'\nawait world.sleep('1s')"
    bench.scenario(failing)
    assert bench.run("explore", "scenario.py", "--seeds", "5", "--json").code == 11
    again = bench.run("explore", "scenario.py", "--seeds", "1", "--json")
    assert again.code == 11
    assert [kept["verdict"] for kept in again.json["scenarios"][0]["kept"]] == ["fail"]
    assert bench.run("explore", "scenario.py", "--seeds", "1", "--no-kept", "--json").code == 0
    bench.scenario("await world.sleep('1s')")
    mended = bench.run("explore", "scenario.py", "--seeds", "1")
    assert mended.code == 0 and "passes now" in mended.out
    last = [json.loads(line) for line in (bench.folder / "runs/explore.jsonl").read_text().splitlines()[-2:]]
    assert [line["seed"] for line in last if "kept" in line] == [3]


def test_a_results_file_that_cannot_be_written_is_one_message(bench):
    bench.scenario("await world.sleep('1s')")
    (bench.folder / "taken").write_text("")
    ended = bench.run("explore", "scenario.py", "--results", "taken/x.jsonl")
    assert ended.code == 2 and "cannot write" in ended.err


def test_the_hash_of_a_scenario_is_that_of_its_first_seed_whichever_run_ends_first():
    for order in itertools.permutations([("none", 1, "a"), ("swarm", 1, "b"), ("swarm", 2, "c")]):
        summary = Summary("x", "x.py::x", planned=3)
        for faults, seed, run in order:
            summary.add(Outcome(seed, faults, "pass", run, events=seed))
        assert (summary.document()["hash"], summary.document()["events"]) == ("a", 1)
