"""Workers KV end to end on the real build: the binding's interface, propagation, looking in from outside.

Goal: what platform.md 10 says, seen from a Worker and from a scenario. Method: the Worker in `kv/`, one case a
path, run by the scenario beside it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Iterator

import pytest
from real import Real, beside


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    yield from beside(tmp_path, "kv")


def test_every_case_of_the_binding(real: Real) -> None:
    done = real.run("run", "kv/scenario.py", "--faults", "none", "--json")
    document = json.loads(done.out)
    failures = [f for s in document["scenarios"] for f in s["failures"]]
    assert done.code == 0, [f["reason"] for f in failures] or done.err


def test_a_run_with_kv_is_the_same_twice(real: Real) -> None:
    done = real.run("selfcheck", "kv/scenario.py", "--seeds", "3")
    assert done.code == 0, done.out + done.err


def test_another_city_sees_a_change_when_its_cache_looks_again_and_the_delay_is_over(real: Real) -> None:
    real.write(
        "kv/late.py",
        """
import orrery

@orrery.scenario(app=".", pops=["FRA", "SIN"])
async def late(world):
    near, far = world.client(near="Frankfurt"), world.client(near="Singapore")

    async def look(expected, when):
        seen = (await far.get("/look")).json()
        world.check.that(seen == expected, f"{when}: {seen!r}", rule="KV-API")

    await look(None, "before")
    world.after("0s").kv_delay("KV", "100s", for_="5s")
    await world.sleep("1s")
    await near.get("/rate")
    await look(None, "not found is cached")
    await world.sleep("65s")
    await look(None, "the cache looks again, but the write is held back")
    await world.sleep("63s")
    await look("1", "cache and delay are over")
""",
    )
    done = real.run("run", "kv/late.py", "--faults", "none")
    assert done.code == 0, done.out + done.err


@pytest.mark.parametrize(
    "line, text",
    [
        ('world.kv["NOPE"]', 'there is no KV namespace "NOPE"'),
        ('world.after("0s").kv_delay("NOPE", "5s", for_="5s")', 'there is no KV namespace "NOPE"'),
    ],
)
def test_an_unknown_namespace_is_bad_input(real: Real, line: str, text: str) -> None:
    real.write(
        "kv/wrong.py",
        f"""
import orrery

@orrery.scenario(app=".", pops=["FRA"])
async def wrong(world):
    {line}
    await world.sleep("1s")
""",
    )
    done = real.run("run", "kv/wrong.py", "--faults", "none")
    assert done.code == 2 and text in done.out + done.err, done.out + done.err
