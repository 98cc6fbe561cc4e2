"""Bad input, end to end on the real build: each one clear message, its exit code, no hang, no
half-written file, later seeds unaffected.

Goal: nothing that a user's project, scenario, capsule or command line can hold makes the command
hang, show a traceback, answer with the wrong code or disturb what comes after. Method: small
projects in a folder of their own; `hostile/` is one Worker that does one wrong thing for each path.
"""

from __future__ import annotations

import json
import random
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Iterator

import pytest
from conftest import Ended
from real import Real

HERE = Path(__file__).resolve().parent

WRANGLER = """name = "small"
main = "src/index.ts"
compatibility_date = "2025-09-01"
"""
WITH_OBJECT = """
[[durable_objects.bindings]]
name = "BOX"
class_name = "Box"
"""
MIGRATION = """
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Box"]
"""
FINE = 'export default { fetch() { return new Response("fine"); } };\n'


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    folder = Real(tmp_path)
    yield folder
    folder.forget_bundles()


def no_leftovers(folder: Path) -> None:
    """Whatever is in runs/ is whole: capsules that parse, and nothing under a temporary name."""
    for path in (folder / "runs").glob("*"):
        if path.name == "explore.jsonl":
            assert all(json.loads(line)["orrery"] == 1 for line in path.read_text().splitlines())
            continue
        assert path.name.endswith(".capsule.json"), path
        json.loads(path.read_text())


# --- projects that cannot be loaded: exit 2, one message that says where ---

# fmt: off
BROKEN_PROJECTS = {
    "toml": ("wrangler.toml", "name = \n", FINE, ["wrangler.toml:1"]),
    "toml_types": ("wrangler.toml", 'name = 7\nmain = "src/index.ts"\n', FINE, ["wrangler.toml", "name"]),
    "toml_unknown_key": ("wrangler.toml", WRANGLER + "[[durable_objcts.bindings]]\n", FINE, None),
    "toml_binary": ("wrangler.toml", "\x00\x01\ufffe\x7f", FINE, ["wrangler.toml:1"]),
    "jsonc": ("wrangler.jsonc", '{ "name": "small", // fine\n  "main": \n}\n', FINE, ["wrangler.jsonc:3"]),
    "jsonc_cut": ("wrangler.jsonc", '{ "name": "small", "main": "src/ind', FINE, ["wrangler.jsonc:1"]),
    "jsonc_deep": ("wrangler.jsonc", "[" * 100_000, FINE, ["wrangler.jsonc:1"]),
    "no_main": ("wrangler.toml", WRANGLER.replace("index.ts", "other.ts"), FINE, ["src/other.ts"]),
    "syntax": ("wrangler.toml", WRANGLER, "export default {\n  fetch( { return 1 }\n};\n", ["src/index.ts:2"]),
    "import": ("wrangler.toml", WRANGLER, 'import x from "no-such-package";\nexport default x;\n',
               ["src/index.ts:1", "no-such-package"]),
    "missing_class": ("wrangler.toml", WRANGLER + WITH_OBJECT + MIGRATION, FINE, ["does not export", "Box"]),
    "no_migration": ("wrangler.toml", WRANGLER + WITH_OBJECT,
                     FINE + "export class Box {}\n", ["BOX", "Box", "migration"]),
    "startup_throws": ("wrangler.toml", WRANGLER, '\nconst a: any = null;\n\na.b();\n' + FINE,
                       ["fails while it starts", "TypeError", "src/index.ts:4"]),
    "startup_loop": ("wrangler.toml", WRANGLER, "\nfor (;;) {}\n" + FINE,
                     ["Script startup exceeded CPU time limit", "src/index.ts:2"]),
    "startup_push": ("wrangler.toml", WRANGLER,
                     "const a: any[] = [];\nfor (;;) a.push({ n: a.length });\n" + FINE,
                     ["fails while it starts", "limit"]),
    "startup_recursion": ("wrangler.toml", WRANGLER,
                          "function f(): any { return f() + 1; }\n\nf();\n" + FINE,
                          ["Maximum call stack size exceeded", "src/index.ts:1"]),
    "startup_throws_null": ("wrangler.toml", WRANGLER, "throw null;\n" + FINE, ["fails while it starts", "null"]),
    "startup_rejects": ("wrangler.toml", WRANGLER, 'await Promise.reject(new Error("no"));\n' + FINE,
                        ["fails while it starts", "Error: no"]),
    "startup_never": ("wrangler.toml", WRANGLER, "await new Promise(() => {});\n" + FINE,
                      ["fails while it starts"]),
}
# fmt: on


@pytest.mark.parametrize("case", BROKEN_PROJECTS)
def test_a_project_that_cannot_load_is_one_message_and_code_2(real: Real, case: str) -> None:
    file, config, source, words = BROKEN_PROJECTS[case]
    real.write(f"app/{file}", config)
    real.write("app/src/index.ts", source)
    real.requests("/")
    ended = real.run("run", "app", "--requests", "requests.jsonl")
    if words is None:  # wrangler itself only warns
        assert ended.code in (0, 2), ended.err
        return
    assert ended.code == 2, (ended.code, ended.out, ended.err)
    assert ended.out == "" and ended.err.count("orrery:") == 1
    for word in words:
        assert word in ended.err, ended.err
    assert not (real.folder / "runs").exists()


def test_a_startup_that_exhausts_the_heap_at_once_is_a_crash(real: Real) -> None:
    real.write("app/wrangler.toml", WRANGLER)
    real.write("app/src/index.ts", "const a = new Array(1e8).fill(0);\n" + FINE)
    ended = real.run("run", "app", "--requests", real.requests("/"))
    assert ended.code == 10 and "JavaScript heap" in ended.err


def test_a_mended_project_runs(real: Real) -> None:
    real.write("app/wrangler.toml", WRANGLER)
    real.requests("/")
    real.write("app/src/index.ts", "export default {")
    assert real.run("run", "app", "--requests", "requests.jsonl").code == 2
    real.write("app/src/index.ts", FINE)
    ended = real.run("run", "app", "--requests", "requests.jsonl")
    assert ended.code == 0 and "fine" in ended.out


# --- Workers that misbehave while they run ---


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    folder = Real(tmp_path_factory.mktemp("hostile"))
    shutil.copytree(HERE / "hostile", folder.folder / "app")
    yield folder
    folder.forget_bundles()


#: Stands for the line of the deed itself in `hostile/src/index.ts`.
HERE_IT_IS = "src/index.ts:<line>"


def place(path: str) -> str:
    """The line of a path's deed; an object's own deeds are told by their paths."""
    deed = re.escape(path.split("/")[-1])
    lines = (HERE / "hostile" / "src" / "index.ts").read_text().splitlines()
    pattern = re.compile(rf'^  (async )?{deed}\(|=== "{deed}"')
    line = next(number for number, line in enumerate(lines, 1) if pattern.search(line))
    return f"src/index.ts:{line}"


#: path -> (exit code, rule or None, words that the failure or an exception must hold). After it,
#: /ok and an object are asked in the same world, and must answer.
# fmt: off
LIMITS = {
    "loop": (11, "RT-CPU-1", [HERE_IT_IS]),
    "awaitNull": (11, "RT-CPU-1", [HERE_IT_IS]),
    "microtasks": (11, "RT-", ["limit"]),
    "queue": (11, "RT-CPU-1", [HERE_IT_IS]),
    "interval": (11, "RT-CPU-1", [HERE_IT_IS]),
    "finally": (11, "RT-CPU-1", [HERE_IT_IS]),
    "catch": (11, "RT-CPU-1", [HERE_IT_IS]),
    "thenGetter": (11, "RT-CPU-1", [HERE_IT_IS]),
    "errorGetter": (11, "RT-CPU-1", ["CPU"]),
    # Nobody calls it: errors are told as the engine writes them.
    "errorToString": (0, None, ["[object Object]"]),
    "sort": (11, "RT-", ["limit"]),
    "chatter": (11, "RT-CPU-1", [HERE_IT_IS]),
    "regex": (0, None, []),
    "recursion": (11, "RT-STACK-1", [HERE_IT_IS]),
    "json": (11, "RT-STACK-1", ["Maximum call stack"]),
    "push": (11, "RT-MEM-1", ["memory limit"]),
    "double": (11, "RT-MEM-1", ["Invalid string length", HERE_IT_IS]),
    "strings": (11, "RT-MEM-1", ["memory limit"]),
    "buffers": (11, "RT-MEM-1", ["Array buffer allocation failed"]),
    "fill": (10, "CRASH", ["JavaScript heap exhausted"]),
    "stream": (0, None, ["the body is longer than 64 MiB"]),
    "do/loop": (11, "RT-CPU-1", ["do:Thing/x", HERE_IT_IS]),
    "do/awaitNull": (11, "RT-CPU-1", ["do:Thing/x", HERE_IT_IS]),
    "do/microtasks": (11, "RT-", ["do:Thing/x"]),
    "do/recursion": (11, "RT-STACK-1", ["do:Thing/x", HERE_IT_IS]),
    "do/push": (11, "RT-MEM-1", ["do:Thing/x"]),
    "do/putLoop": (11, "RT-CPU-1", ["do:Thing/x"]),
    "do/putPush": (11, "RT-MEM-1", ["do:Thing/x"]),
    "do/section": (11, "RT-CPU-1", ["do:Thing/x"]),
    "do/interval": (11, "RT-CPU-1", ["do:Thing/x"]),
    "do/endlessSql": (11, "RT-CPU-1", ["do:Thing/x", HERE_IT_IS]),
    "getters": (0, None, []),
    "proxy": (0, None, ["trapped", HERE_IT_IS]),
    "throw": (0, None, ["thrown on purpose", HERE_IT_IS]),
    "throwNull": (0, None, ["null"]),
    "rejectText": (0, None, ["a text"]),
    "throwProxy": (0, None, ["uncaught"]),
    "notAResponse": (0, None, ["did not resolve to 'Response'"]),
    "nothing": (0, None, ["did not resolve to 'Response'"]),
    "never": (0, None, ["would never generate a response"]),
    "missing": (0, None, ["reading 'get'", HERE_IT_IS]),
    "unsupported": (0, None, ["CERTIFICATE", "not supported yet", HERE_IT_IS]),
    "evaluate": (0, None, ["Code generation from strings", HERE_IT_IS]),
    "streamError": (0, None, ["in pull", HERE_IT_IS]),
    "unhandled": (0, None, []),
    "do/throw": (0, None, ["thrown on purpose", HERE_IT_IS]),
    "do/sql": (0, None, ["SELEKT"]),
    "do/abort": (0, None, ["no more of this"]),
    "freeze": (0, None, []),
    "remove": (0, None, []),
}
#: The Worker broke its own built-ins: its later events may fail, but each must be answered.
GAMES = ("objectThen", "objectThenNever", "promiseThen", "arrays", "do/objectThen", "do/promiseThen",
         "do/arrays")
# fmt: on


@pytest.fixture(scope="module")
def ran(hostile: Real) -> dict[str, Ended]:
    """Every path asked in a run of its own, two runs at once."""

    def one(path: str) -> tuple[str, Ended]:
        urls = ("/do/put", f"/{path}", "/ok", "/do/get")
        file = hostile.requests(*urls, name=f"{path.replace('/', '-')}.jsonl")
        return path, hostile.run(
            "run", "app", "--requests", file, "--json", "--deadline", "50s", seconds=110
        )

    hostile.run("run", "app", "--requests", hostile.requests("/ok"))  # bundles it
    with ThreadPoolExecutor(2) as threads:
        return dict(threads.map(one, [*LIMITS, *GAMES]))


def told(document: dict[str, Any]) -> str:
    scenario = document["scenarios"][0]
    failures = [failure["reason"] for failure in scenario["failures"]]
    exceptions = [entry["error"] for entry in scenario.get("exceptions", [])]
    answers = [answer["error"] for answer in scenario.get("responses", []) if "error" in answer]
    return "\n".join(failures + exceptions + answers)


@pytest.mark.parametrize("path", LIMITS)
def test_a_misbehaving_worker_is_told_with_its_place_and_later_requests_are_served(
    ran: dict[str, Ended], path: str
) -> None:
    code, rule, words = LIMITS[path]
    document = ran[path].json
    scenario = document["scenarios"][0]
    rules = [failure["rule"] for failure in scenario["failures"]]
    assert ran[path].code == code, (rules, told(document))
    assert len(rules) == (rule is not None) and all(r.startswith(rule or "") for r in rules)
    for word in words:
        assert (place(path) if word == HERE_IT_IS else word) in told(document), told(document)
    assert "RAN" not in str(scenario.get("console", ""))
    if rule != "CRASH":
        _, _, after, kept = scenario["responses"]
        assert (after.get("body"), kept.get("body")) == ("ok", "n=1")


@pytest.mark.parametrize("path", GAMES)
def test_a_worker_that_breaks_its_builtins_is_still_answered(
    ran: dict[str, Ended], path: str
) -> None:
    assert ran[path].code in (0, 11)
    responses = ran[path].json["scenarios"][0]["responses"]
    assert len(responses) == 4 and all("status" in response for response in responses)


def test_capsules_of_misbehaving_workers_are_whole(ran: dict[str, Ended], hostile: Real) -> None:
    no_leftovers(hostile.folder)


def test_an_exception_is_shown_where_it_happened(hostile: Real) -> None:
    ended = hostile.run("run", "app", "--requests", hostile.requests("/throw", name="t.jsonl"))
    assert f"uncaught: Error: thrown on purpose  at Object.throw ({place('throw')}:" in ended.out
    assert "500  error code: 1101" in ended.out


# --- later seeds ---

SEEDS = """import orrery

@orrery.scenario(app="app", faults="none", seeds=3)
async def second_is_bad(world):
    client = world.client(near="Frankfurt")
    await client.post("/do/put")
    if world.seed == 2:
        await client.get("/{bad}")
    response = await client.get("/do/get")
    assert response.text() == "n=1", response.text()
"""


@pytest.mark.parametrize("bad, code, rule", [("loop", 11, "RT-CPU-1"), ("fill", 10, "CRASH")])
def test_other_seeds_pass_beside_a_bad_one(hostile: Real, bad: str, code: int, rule: str) -> None:
    hostile.write("seeds.py", SEEDS.replace("{bad}", bad))
    ended = hostile.run(
        "explore", "seeds.py", "--seeds", "3", "--faults", "none", "--json", "--jobs", "1", "--no-kept"
    )
    scenario = ended.json["scenarios"][0]
    assert (ended.code, scenario["seeds"]) == (code, 3), scenario
    assert [(failure["seed"], failure["rule"]) for failure in scenario["failures"]] == [(2, rule)]
    no_leftovers(hostile.folder)


# --- scenarios ---


@pytest.mark.parametrize(
    "text, words",
    [
        ("import orrery\n1/0\n", ["bad.py:2", "ZeroDivisionError"]),
        ("import orrery\nraise SystemExit(3)\n", ["bad.py", "sys.exit"]),
        ("def (:\n", ["bad.py:1"]),
        ("import no_such_module\n", ["bad.py:1", "no_such_module"]),
        ("import orrery\n", ["holds no @orrery.scenario"]),
        ("import orrery\n@orrery.scenario(app='nowhere')\nasync def x(world): pass\n", ["nowhere"]),
        ("import orrery\n@orrery.scenario(seeds=0)\nasync def x(world): pass\n", ["seeds"]),
        ("\x00", ["bad.py"]),
    ],
)
def test_a_scenario_that_does_not_load_is_one_message_and_code_2(real, text, words) -> None:
    real.write("bad.py", text)
    ended = real.run("run", "bad.py")
    assert ended.code == 2 and ended.out == "" and ended.err.count("orrery: ") == 1, ended.err
    assert all(word in ended.err for word in words), ended.err


@pytest.mark.parametrize(
    "body, code, words",
    [
        ("raise ValueError('oh')", 2, ["bad.py:4", "ValueError: oh"]),
        ("assert 1 == 2, 'numbers'", 11, ["bad.py:4", "numbers"]),
        ("raise SystemExit(0)", 2, ["bad.py:4", "SystemExit"]),
        ("raise KeyboardInterrupt", 2, ["bad.py:4", "KeyboardInterrupt"]),
        ("import asyncio; await asyncio.sleep(1)", 2, ["bad.py:4", "world.sleep"]),
        ("world.client(near='Atlantis')", 2, ["bad.py:4", "Atlantis"]),
        ("world.at('1s').crash('host:XXX/1')", 2, ["bad.py:4", "XXX"]),
        ("def f(): f()\n    f()", 2, ["bad.py:4", "RecursionError"]),
        ("import os; os._exit(0)", 10, ["exited with code 0"]),
        ("import os; os.abort()", 10, ["SIGABRT"]),
        ("while True: pass", 10, ["not metered"]),
    ],
)
def test_a_scenario_that_raises_says_where_and_ends_with_its_code(
    hostile, body, code, words
) -> None:
    hostile.write(
        "bad.py", f"import orrery\n@orrery.scenario(app='app')\nasync def x(world):\n    {body}\n"
    )
    ended = hostile.run("run", "bad.py", "--json", "--deadline", "2s")
    failures = ended.json["scenarios"][0]["failures"]
    assert ended.code == code and len(failures) == 1, (ended.code, failures)
    assert all(word in failures[0]["reason"] for word in words), failures
    no_leftovers(hostile.folder)


# --- capsules ---


@pytest.fixture(scope="module")
def capsule(hostile: Real) -> bytes:
    ended = hostile.run(
        "run", "app", "--requests", hostile.requests("/loop"), "--json", "--out", "capsules"
    )
    return (hostile.folder / ended.json["scenarios"][0]["failures"][0]["capsule"]).read_bytes()


def test_the_capsule_itself_replays_to_the_same_hash(hostile: Real, capsule: bytes) -> None:
    (hostile.folder / "whole.json").write_bytes(capsule)
    ended = hostile.run("replay", "whole.json", "--json")
    assert ended.code == 11 and ended.json["same"] is True


def test_a_damaged_capsule_is_refused_wherever_the_bit_flipped(
    hostile: Real, capsule: bytes
) -> None:
    chance = random.Random(7)
    damaged = [capsule[: len(capsule) * part // 8] for part in range(8)]
    for at in sorted(chance.sample(range(len(capsule)), 40)):
        flipped = bytearray(capsule)
        flipped[at] ^= 1 << chance.randrange(8)
        damaged.append(bytes(flipped))

    def one(numbered: tuple[int, bytes]) -> str:
        number, content = numbered
        path = hostile.folder / f"damaged-{number}.json"
        path.write_bytes(content)
        ended = hostile.run("replay", path.name)
        ok = ended.code == 2 and path.name in ended.err and ended.err.count("orrery: ") == 1
        if not ok:  # white space between the parts of the document means nothing
            try:
                ok = ended.code == 11 and json.loads(content) == json.loads(capsule)
            except ValueError:
                pass
        return "" if ok else f"{number}: {ended.code} {ended.err}"

    with ThreadPoolExecutor(2) as threads:
        assert not list(filter(None, threads.map(one, enumerate(damaged))))


# --- the command line ---


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["run"], ["Missing argument"]),
        (["run", "nowhere"], ["nowhere"]),
        (["run", "app::x"], ["app::x"]),
        (["run", "seeds.py::nothing"], ["has no scenario 'nothing'", "second_is_bad"]),
        (["run", "app", "--seed", "x"], ["--seed"]),
        (["run", "app", "--seed", str(2**64)], ["--seed"]),
        (["run", "app", "--faults", "hail"], ["--faults"]),
        (["run", "app", "--requests", "none.jsonl"], ["none.jsonl"]),
        (["run", "app", "--requests", "bad.jsonl"], ["bad.jsonl, line 2"]),
        (["run", "app", "--for", "soon"], ["--for"]),
        (["run", "app", "--env", "moon"], ["moon"]),
        (["run", "app", "--frobnicate"], ["--frobnicate"]),
        (["explore", "seeds.py", "--seeds", "0"], ["--seeds"]),
        (["replay", "app"], ["app"]),
        (["query", "bad.jsonl", "SELECT * FROM event"], ["bad.jsonl"]),
        (["check", "bad.jsonl", "--model", "gut-feeling"], ["gut-feeling", "path.py::Name"]),
        (["", ""], ["No such command"]),
        (["run", "\udcff"], ["no such"]),
    ],
)
def test_nonsense_on_the_command_line_is_one_message_and_code_2(hostile, arguments, words) -> None:
    hostile.write("seeds.py", SEEDS.replace("{bad}", "loop"))
    hostile.write("bad.jsonl", '{"url":"/ok"}\n{"url":"/ok","at":"yesterday"}\n')
    ended = hostile.run(*arguments)
    assert ended.code == 2 and ended.out == "", (ended.code, ended.out, ended.err)
    assert ended.err.count("orrery: ") == 1 and all(word in ended.err for word in words), ended.err


@pytest.mark.parametrize(
    "arguments, word",
    [(["--weaken", "gravity=off"], "gravity"), (["--requests", "where.jsonl"], "Atlantis")],
)
def test_what_only_the_world_can_refuse_is_code_2_too(hostile, arguments, word) -> None:
    hostile.write("where.jsonl", '{"url":"/ok","city":"Atlantis"}\n')
    ended = hostile.run("run", "app", *arguments)
    assert ended.code == 2 and word in ended.out and ended.out.count("SCENARIO-ERROR") == 1
