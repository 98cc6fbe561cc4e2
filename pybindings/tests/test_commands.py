"""Commands as a user runs them: exit codes, messages, documents, files."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree

import pytest

GOOD = 'r = await world.client().post("/inc")\nassert r.status == 200'


def test_run_passes_and_prints_one_json_document(bench):
    bench.scenario(GOOD)
    ended = bench.run("run", "scenario.py", "--json")
    scenario = ended.json["scenarios"][0]
    assert ended.code == 0 and ended.json["orrery"] == 1 and ended.json["verdict"] == "pass"
    assert (
        scenario["name"] == "one"
        and len(scenario["hash"]) == 64
        and scenario["events"] == 2
        and scenario["failures"] == []
    )
    assert not (bench.folder / "runs").exists()


def test_print_in_a_scenario_does_not_get_into_the_document(bench):
    bench.scenario('print("hello from inside")\n' + GOOD)
    ended = bench.run("run", "scenario.py", "--json")
    assert "hello from inside" in ended.json["scenarios"][0]["output"]


@pytest.mark.parametrize(
    "body, code, rule, reason",
    [
        ("assert world.now > 1, 'too early'", 11, "SCENARIO-ASSERT", "scenario.py:5: too early"),
        ("assert world.now > 1", 11, "SCENARIO-ASSERT", "scenario.py:5: assert world.now > 1"),
        ("world.check.that(False, 'sold twice', rule='APP-1')", 11, "APP-1", "sold twice"),
        ('await world.client().get("/rule")', 11, "DO-OG-2", "a response left too early"),
        (
            "world.history.invoke('p','add').ok(1); world.history.invoke('q','add').ok(1)\nworld.check.linearizable(world.history, model='counter')",
            11,
            "DO-LIN-1",
            "two adds both answered 1",
        ),
        ("world.check.linearizable(model='slow')", 14, "UNKNOWN", "budget"),
        ('await world.client().get("/never")', 12, "LIVE-1", "GET /never"),
        ("raise KeyError('stock')", 2, "SCENARIO-ERROR", "scenario.py:5: KeyError: 'stock'"),
        ("import sys\nsys.exit(3)", 2, "SCENARIO-ERROR", "SystemExit"),
        ("import asyncio\nawait asyncio.sleep(1)", 2, "SCENARIO-ERROR", "world.sleep"),
        ("import time\ntime.sleep(1)", 2, "SCENARIO-ERROR", "real time"),
        (
            "import time\nawait world.sleep(3)\nassert time.monotonic() == 3.0 and time.time_ns() == 1767225603 * 10**9\nassert 0, 'simulated'",
            11,
            "SCENARIO-ASSERT",
            "simulated",
        ),
        ("world.client('Atlantis')", 2, "SCENARIO-ERROR", "no such city: Atlantis"),
        ("await world.sleep('soon')", 2, "SCENARIO-ERROR", "not a span of time"),
        ('await world.client().get("/crash")', 10, "CRASH", "SIGABRT"),
        ("import os\nos._exit(7)", 10, "CRASH", "code 7"),
        ("def deep(): deep()\ndeep()", 2, "SCENARIO-ERROR", "RecursionError"),
    ],
)
def test_each_way_to_end_has_its_code_and_one_clear_reason(bench, body, code, rule, reason):
    bench.scenario(body)
    ended = bench.run("run", "scenario.py", "--json")
    failure = ended.json["scenarios"][0]["failures"][0]
    assert (ended.code, failure["rule"]) == (code, rule)
    assert reason in failure["reason"]
    capsule = json.loads((bench.folder / failure["capsule"]).read_text())
    assert capsule["seed"] == 1 and capsule["expect"]["rule"] == rule


@pytest.mark.parametrize(
    "content, message",
    [
        ("import orrery\ndef (", "scenario.py:2: invalid syntax"),
        ("import orrery\n1/0", "scenario.py:2: ZeroDivisionError"),
        ("import orrery\n", "holds no @orrery.scenario"),
        ("import orrery\n@orrery.scenario\ndef f(world): pass", "must be an `async def`"),
        (
            "import orrery\n@orrery.scenario(faults='hail')\nasync def f(world): pass",
            "faults='hail'",
        ),
        ("import orrery\n@orrery.scenario(seeds=0)\nasync def f(world): pass", "seeds=0"),
        (
            "import orrery\n@orrery.scenario(app='nowhere')\nasync def f(world): pass",
            "no such project folder",
        ),
        ("import sys\nsys.exit(0)", "sys.exit"),
    ],
)
def test_a_file_that_does_not_load_is_one_message(bench, content, message):
    (bench.folder / "scenario.py").write_text(content + "\n")
    ended = bench.run("run", "scenario.py")
    assert ended.code == 2 and message in ended.err and ended.out == ""


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["run"], "Missing argument"),
        (["run", "nowhere.py"], "no such target"),
        (["run", "scenario.py::two"], "has no scenario 'two'; it has: one"),
        (["run", "scenario.py", "--seed", "-1"], "--seed"),
        (["run", "scenario.py", "--faults", "hail"], "--faults"),
        (["frobnicate"], "No such command"),
        (["run", "empty"], "has no wrangler"),
        (["run", "scenario.py", "--requests", "x"], "for project folders"),
        (["perf", "x"], "orrery perf is not in this build yet"),
        (["explore", "scenario.py", "--cluster", "a"], "not in this build yet"),
        (["explore", "scenario.py", "--shard", "3/2"], "--shard"),
        (["suite", "nowhere"], "no such folder"),
        (["replay", "none.json"], "cannot read capsule"),
        (["query", "none.sqlite", "SELECT 1"], "no such trace"),
        (["check", "none.jsonl", "--model", "register"], "cannot read history"),
        (["run", "scenario.py", "--deadline", "soon"], "not a span"),
    ],
)
def test_bad_usage_is_one_message_and_code_2(bench, arguments, message):
    bench.scenario(GOOD)
    (bench.folder / "empty").mkdir()
    ended = bench.run(*arguments)
    assert ended.code == 2 and message in ended.err and ended.out == ""


def test_every_command_explains_itself(bench):
    listed = bench.run("--help")
    for name in (
        "run",
        "suite",
        "explore",
        "replay",
        "branch",
        "selfcheck",
        "query",
        "check",
        "rules",
        "bench",
        "doctor",
        "test",
    ):
        assert name in listed.out
        assert bench.run(name, "--help").out.startswith("Usage: orrery " + name)


def test_a_project_folder_runs_with_requests_from_a_file(bench):
    (bench.folder / "wrangler.toml").write_text("name = 'toy'\n")
    (bench.folder / "index.js").write_text("export default {}\n")
    (bench.folder / "r.jsonl").write_text(
        '{"at":"1s","method":"POST","url":"/inc","city":"Hanoi"}\n{"at":"2s","url":"/gone"}\n'
    )
    ended = bench.run("run", ".", "--requests", "r.jsonl", "--for", "10s", "--json")
    scenario = ended.json["scenarios"][0]
    assert ended.code == 0 and scenario["simulated_us"] == 10_000_000
    assert [
        (answer["city"], answer["sent_us"], answer.get("body"), answer.get("error"))
        for answer in scenario["responses"]
    ] == [
        ("Hanoi", 1_000_000, "1", None),
        ("Frankfurt", 2_000_000, None, "Network connection lost."),
    ]


def test_a_project_that_does_not_compile_names_the_place(bench):
    (bench.folder / "wrangler.toml").write_text("name = 'toy'\n")
    (bench.folder / "index.js").write_text("syntax error\n")
    ended = bench.run("run", ".")
    assert (
        ended.code == 2
        and "index.js:3:7: Unexpected end of file" in ended.err
        and "close the brace" in ended.err
    )


def test_a_broken_wrangler_file_is_one_message(bench):
    (bench.folder / "wrangler.toml").write_text("broken\n")
    ended = bench.run("run", ".")
    assert ended.code == 2 and "wrangler.toml:1: this is not TOML" in ended.err


def test_explore_groups_failures_and_counts_them(bench):
    bench.scenario(
        'for _ in range(3):\n    r = await world.client().get("/value")\nassert r.ok, "lost"'
    )
    ended = bench.run(
        "explore", "scenario.py", "--seeds", "10", "--faults", "swarm", "--json", "--jobs", "3"
    )
    (failure,) = ended.json["scenarios"][0]["failures"]
    assert (
        ended.code == 11 and failure["count"] == 5 and failure["seed"] % 2 == 1 and failure["story"]
    )
    assert [path.name for path in (bench.folder / "runs").glob("*.capsule.json")] == [
        f"one-{failure['seed']}.capsule.json"
    ]


def test_shards_share_the_seeds_without_overlap(bench):
    bench.scenario(GOOD)
    counts = [
        bench.run("explore", "scenario.py", "--seeds", "10", "--shard", f"{part}/3", "--json").json[
            "scenarios"
        ][0]["seeds"]
        for part in (1, 2, 3)
    ]
    assert counts == [4, 3, 3]


def test_a_spent_budget_is_code_14_and_an_endless_exploration_is_not(bench):
    bench.scenario(GOOD)
    short = bench.run("explore", "scenario.py", "--seeds", "1000000", "--budget", "300ms", "--json")
    endless = bench.run("explore", "scenario.py", "--budget", "300ms", "--json")
    assert (short.code, short.json["verdict"]) == (14, "unknown")
    assert endless.code == 0 and endless.json["scenarios"][0]["seeds"] > 0


def test_a_capsule_replays_to_the_same_hash(bench):
    bench.scenario(
        'for _ in range(3):\n    r = await world.client().get("/value")\nassert r.ok, "lost"'
    )
    failure = bench.run("run", "scenario.py", "--seed", "7", "--faults", "swarm", "--json").json[
        "scenarios"
    ][0]["failures"][0]
    ended = bench.run("replay", failure["capsule"], "--json", "--trace", "t.sqlite")
    assert ended.code == 11 and ended.json["same"] is True
    assert ended.json["failures"][0]["signature"] == failure["signature"]
    rows = bench.run("query", "t.sqlite", "SELECT count(*) AS n FROM event", "--json").json["rows"]
    assert rows == [{"n": ended.json["events"]}]
    assert bench.run("query", "t.sqlite", "DELETE FROM event").code == 2
    assert not [path for path in bench.folder.iterdir() if path.name.startswith(".orrery")]


def test_a_replay_can_stop_early(bench):
    bench.scenario("await world.sleep(10)\nassert False")
    bench.run("run", "scenario.py")
    ended = bench.run("replay", "runs/one-1-none.capsule.json", "--until", "3s", "--json")
    assert ended.code == 0 and ended.json["simulated_us"] == 3_000_000


def test_a_replay_of_a_changed_scenario_is_drift(bench):
    bench.scenario('await world.client().get("/value")\nassert False')
    bench.run("run", "scenario.py")
    bench.scenario(
        'await world.client().get("/value")\nawait world.client().get("/value")\nassert False'
    )
    ended = bench.run("replay", "runs/one-1-none.capsule.json")
    assert ended.code == 13 and "NOT the same run" in ended.out


def test_selfcheck_finds_no_drift_where_the_environment_is_read(bench):
    bench.scenario('r = await world.client().get("/env")\nprint(hash("x"))')
    ended = bench.run(
        "selfcheck",
        "scenario.py",
        "--seeds",
        "3",
        "--json",
        GLIBC_TUNABLES="glibc.cpu.hwcaps=-FMA,-AVX2,-AVX2_Usable,-FMA_Usable",
    )
    assert ended.code == 0 and ended.json["checked"] == 3, ended.out


def test_selfcheck_finds_drift_and_its_first_event(bench):
    bench.scenario('await world.client().get("/value")\nawait world.client().get("/drift")')
    ended = bench.run("selfcheck", "scenario.py", "--seeds", "2", "--json")
    drift = ended.json["drifts"][0]
    assert ended.code == 13 and "lane pop:FRA differs" in drift["difference"]
    assert drift["events"][0] == "first difference at event 4"


def test_check_says_what_the_checker_says(bench):
    for text, code in (("{}", 0), ('{"v":"stale"}', 11), ('{"v":"hard"}', 14)):
        (bench.folder / "h.jsonl").write_text(text + "\n")
        ended = bench.run("check", "h.jsonl", "--model", "register")
        assert ended.code == code
        assert ("line 1: client/2 reads 1" in ended.out) == (code == 11)
    (bench.folder / "h.jsonl").write_text("{}\nnope\n")
    ended = bench.run("check", "h.jsonl", "--model", "register")
    assert ended.code == 2 and "h.jsonl, line 2: not JSON" in ended.err


def test_the_whole_suite_fails_when_no_run_exercises_a_rule(bench):
    bench.scenario(GOOD, file="scenarios/a/scenario.py", name="right")
    assert bench.run("suite", "--json").json["unexercised"] == []
    (bench.folder / "unwatched").touch()
    whole, part = bench.run("suite"), bench.run("suite", "--seeds", "2")
    assert whole.code == 11 and "no run exercised DO-IG-1" in whole.out
    assert part.code == 0, "a part of the suite need not exercise all"


def test_suite_runs_all_and_counts_expected_findings_as_passes(bench):
    bench.scenario(GOOD, file="scenarios/a/scenario.py", name="right")
    bench.scenario(
        'for _ in range(3):\n    r = await world.client().get("/value")\nassert r.ok',
        '@orrery.scenario(seeds=4, expect="SCENARIO-ASSERT")',
        file="scenarios/b/scenario.py",
        name="twin",
    )
    ended = bench.run("suite", "--junit", "out/j.xml", "--json")
    right, twin = ended.json["scenarios"]
    assert ended.code == 0 and (right["seeds"], right["verdict"]) == (5, "pass")
    assert (
        twin["verdict"] == "pass"
        and twin["expected"] == "SCENARIO-ASSERT"
        and twin["failures"][0]["capsule"]
    )
    assert right["never"] == ["probe"]
    suite = ElementTree.parse(bench.folder / "out" / "j.xml").getroot().find("testsuite")
    assert suite.attrib["tests"] == "2" and suite.attrib["failures"] == "0"


def test_an_expected_finding_that_does_not_come_fails(bench):
    bench.scenario(
        GOOD, '@orrery.scenario(seeds=2, expect="DO-LIN-1")', file="scenarios/a/scenario.py"
    )
    ended = bench.run("suite", "scenarios", "--junit", "j.xml")
    assert ended.code == 11 and "DO-LIN-1 was to be found" in ended.out
    assert "was not found in 3 seeds" in (bench.folder / "j.xml").read_text()


def test_a_file_that_does_not_load_fails_alone(bench):
    bench.scenario(GOOD, file="scenarios/b/scenario.py")
    (bench.folder / "scenarios" / "a").mkdir()
    (bench.folder / "scenarios" / "a" / "scenario.py").write_text("1/0\n")
    ended = bench.run("suite", "--json")
    verdicts = {
        scenario["target"].partition("::")[0]: scenario["verdict"]
        for scenario in ended.json["scenarios"]
    }
    assert ended.code == 2 and verdicts == {
        "scenarios/b/scenario.py": "pass",
        "scenarios/a/scenario.py": "error",
    }


def test_junit_survives_what_xml_cannot_say(bench):
    bench.scenario(
        r'assert False, "\x00\x1b[31m <&> ]]> \ud800 \ufffe"', file="scenarios/a/scenario.py"
    )
    ended = bench.run("suite", "--junit", "j.xml", "--seeds", "1")
    case = ElementTree.parse(bench.folder / "j.xml").getroot().find("testsuite/testcase")
    assert ended.code == 11 and "<&> ]]>" in case.find("failure").attrib["message"]


def test_a_later_seed_is_not_touched_by_a_crash_before_it(bench):
    bench.scenario(
        'if world.seed == 2:\n    await world.client().get("/crash")\n' + GOOD,
        "@orrery.scenario(seeds=4)",
    )
    ended = bench.run("explore", "scenario.py", "--json", "--jobs", "1", "--faults", "none")
    scenario = ended.json["scenarios"][0]
    assert (
        ended.code == 10
        and scenario["seeds"] == 4
        and [failure["seed"] for failure in scenario["failures"]] == [2]
    )


def test_a_doubled_suite_says_when_a_second_time_is_another_run(bench):
    bench.scenario(GOOD, file="scenarios/a/scenario.py", name="right")
    bench.scenario('await world.client().get("/drift")', file="scenarios/b/scenario.py", name="left")
    ended = bench.run("suite", "scenarios", "--double", "--seeds", "3", "--json")
    by_name = {found["name"]: found for found in ended.json["scenarios"]}
    assert ended.code == 13 and ended.json["doubled"] == 8
    assert by_name["right"]["verdict"] == "pass" and by_name["left"]["verdict"] == "drift"
    assert {failure["rule"] for failure in by_name["left"]["failures"]} == {"DRIFT"}
    assert bench.run("suite", "scenarios", "--seeds", "3").code == 0
