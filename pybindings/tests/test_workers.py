"""Worlds of several Workers, end to end on the real build: how a project's other Workers are found,
and what is said when they are not.

Goal: a project whose bindings name other Workers runs when these can be found, and else is one
message that says what to give, with exit code 2. Method: small projects in a folder of their own.
"""

from __future__ import annotations

import json
from typing import Iterator

import pytest
from pathlib import Path
from real import Real

GATEWAY = """name = "gateway"
main = "src/index.ts"
compatibility_date = "2026-03-01"
services = [{ binding = "AUTH", service = "auth"%s }]
"""
AUTH = """name = "auth"
main = "src/index.ts"
compatibility_date = "2026-03-01"
"""
ASKS = 'export default { async fetch(request, env) { return new Response(await env.AUTH.who("ann")); } };\n'
ANSWERS = """import { WorkerEntrypoint } from "cloudflare:workers";
export default class extends WorkerEntrypoint { who(name) { return `${name} of auth`; } }
"""


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    folder = Real(tmp_path)
    yield folder
    folder.forget_bundles()


def write(real: Real, gateway: str = "gateway", auth: str | None = "auth", more: str = "") -> None:
    real.write(f"{gateway}/wrangler.toml", GATEWAY % more)
    real.write(f"{gateway}/src/index.ts", ASKS)
    if auth is not None:
        real.write(f"{auth}/wrangler.toml", AUTH)
        real.write(f"{auth}/src/index.ts", ANSWERS)
    real.requests("/")


def ask(real: Real, *arguments: str):
    return real.run("run", *arguments, "--requests", "requests.jsonl")


def test_a_worker_next_to_the_project_is_found_by_its_name(real: Real) -> None:
    write(real, auth="some-other-folder-name")
    real.write("broken/wrangler.toml", "name = \n")
    ended = ask(real, "gateway")
    assert ended.code == 0 and "ann of auth" in ended.out, ended.err


def test_a_worker_elsewhere_is_given_by_hand(real: Real) -> None:
    write(real, auth="far/away/auth")
    ended = ask(real, "gateway")
    assert ended.code == 2 and ended.out == ""
    for word in ('"auth"', "AUTH", "--with FOLDER", "(there is gateway)"):
        assert word in ended.err, ended.err
    ended = ask(real, "gateway", "--with", "far/away/auth")
    assert ended.code == 0 and "ann of auth" in ended.out, ended.err


def test_a_capsule_keeps_the_workers_given_by_hand(real: Real) -> None:
    write(real, auth="far/away/auth")
    spins = "export default { async fetch(_, env) { return new Response(await env.AUTH.spin()); } };\n"
    real.write("gateway/src/index.ts", spins)
    real.write("far/away/auth/src/index.ts", ANSWERS.replace("return `${name} of auth`", "for (;;);").replace("who", "spin"))
    ended = ask(real, "gateway", "--with", "far/away/auth")
    assert ended.code == 11, ended.out + ended.err
    assert "/auth@v1" in ended.out  # the story names the Worker
    capsule = next((real.folder / "runs").glob("*.capsule.json"))
    assert json.loads(capsule.read_text())["with"] == ["far/away/auth"]
    assert real.run("replay", str(capsule)).code == 11


# fmt: off
FAULTS = {
    "no such entrypoint": (', entrypoint = "Admin"', [], ['"Admin"', '"auth"', "exports nothing of that name"]),
    "the same Worker twice": ("", ["--with", "auth", "--with", "copy"], ["two Workers are named \"auth\""]),
    "no project": ("", ["--with", "empty"], ["empty", "wrangler"]),
    "no folder": ("", ["--with", "nowhere"], ["nowhere"]),
}
# fmt: on


@pytest.mark.parametrize("case", FAULTS)
def test_what_does_not_fit_together_is_one_message_and_code_2(real: Real, case: str) -> None:
    more, arguments, words = FAULTS[case]
    write(real, more=more)
    real.write("copy/wrangler.toml", AUTH)
    real.write("copy/src/index.ts", ANSWERS)
    (real.folder / "empty").mkdir()
    ended = ask(real, "gateway", *arguments)
    assert ended.code == 2 and ended.out == "" and ended.err.count("orrery:") == 1, ended.err
    for word in words:
        assert word in ended.err, ended.err


def test_a_scenario_names_its_workers(real: Real) -> None:
    write(real, auth="far/auth")
    real.write("scenario.py", """
import orrery

@orrery.scenario(app=["gateway", "far/auth"], pops=["FRA"])
async def both(world):
    assert (await world.client().get("/")).text() == "ann of auth"

@orrery.scenario(app="gateway", pops=["FRA"])
async def one(world):
    pass
""")
    assert real.run("run", "scenario.py").code == 2
    text = (real.folder / "scenario.py").read_text()
    real.write("scenario.py", text.split("@orrery.scenario(app=\"gateway\"")[0])
    ended = real.run("run", "scenario.py")
    assert ended.code == 0, ended.err
    assert real.run("run", "scenario.py", "--with", "far/auth").code == 2


def test_an_object_of_another_worker_is_reached_by_script_name(real: Real) -> None:
    write(real)
    real.write("gateway/wrangler.toml", AUTH.replace("auth", "gateway") + """
[[durable_objects.bindings]]
name = "BOX"
class_name = "Box"
script_name = "auth"
""")
    real.write("gateway/src/index.ts", """
export default { async fetch(_, env) { return new Response(await env.BOX.getByName("a").add()); } };
""")
    real.write("auth/wrangler.toml", AUTH + """
[[durable_objects.bindings]]
name = "BOX"
class_name = "Box"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Box"]
""")
    real.write("auth/src/index.ts", """
import { DurableObject } from "cloudflare:workers";
export class Box extends DurableObject { add() { return "a box of auth"; } }
export default {};
""")
    ended = ask(real, "gateway")
    assert ended.code == 0 and "a box of auth" in ended.out, ended.err
