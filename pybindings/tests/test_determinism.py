"""The same seed is the same run: on the real build, in unlike places, beside others and under load.

Goal: nothing but seed, project and scenario decides a run. Method: the same runs again under another
address layout, environment, C library variant and load, alone and as the last of many; the hash over
every event must not change. ORRERY_TEST_SEEDS=200 checks the suite as thoroughly as a release needs
(about ten minutes); `./orrery selfcheck --seeds 200` is the same by hand.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import pytest
from real import ROOT, Real

HERE = Path(__file__).resolve().parent
SEEDS = int(os.environ.get("ORRERY_TEST_SEEDS", "2"))

#: What a run is started under: words before the command, and what is added to the environment.
PLACES: dict[str, tuple[list[str], dict[str, str]]] = {
    "again": ([], {}),
    "fixed addresses": (["setarch", "-R"], {}),
    "elsewhere": (
        [],
        {
            "TZ": "Asia/Kolkata",
            "LC_ALL": "tr_TR.UTF-8",
            "PYTHONHASHSEED": "77",
            "MALLOC_PERTURB_": "165",
        },
    ),
    "older processor": (
        [],
        {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2,-AVX2_Usable,-FMA_Usable"},
    ),
    "small stack": (["sh", "-c", 'ulimit -s 1024; exec "$@"', "sh"], {}),
}


@contextmanager
def load() -> Iterator[None]:
    """Keeps every core busy meanwhile."""
    spin = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(spin) for _ in range(len(os.sched_getaffinity(0)) + 1)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    folder = Real(tmp_path)
    yield folder
    folder.forget_bundles()


def test_no_seed_of_the_suite_drifts_under_load(real: Real) -> None:
    with load():
        ended = real.run("selfcheck", "--seeds", SEEDS, "--json", seconds=120 + 30 * SEEDS)
    assert ended.json["drifts"] == [] and ended.code == 0
    assert ended.json["checked"] >= SEEDS * 4 and ended.json["lanes"] > 100


# Where V8's heap, stack and meter end a turn is part of a run too.
LIMITS = ("microtasks", "recursion", "push", "do/putPush")


def test_a_run_over_every_limit_is_the_same_anywhere(real: Real) -> None:
    shutil.copytree(HERE / "hostile", real.folder / "app")
    urls = ["/do/put", *(f"/{path}" for path in LIMITS), "/do/get", "/ok"]
    arguments = ("run", "app", "--requests", real.requests(*urls), "--json", "--deadline", "50s")

    def hashes(name: str) -> tuple[str, str, int]:
        words, environment = PLACES[name]
        ended = real.run(*arguments, before=words, **environment)
        assert ended.code == 11, ended.err
        scenario = ended.json["scenarios"][0]
        return scenario["hash"], json.dumps(scenario["responses"]), scenario["events"]

    first = hashes("again")
    assert {name: hashes(name) == first for name in PLACES} == {name: True for name in PLACES}
    with load():
        assert hashes("again") == first


LAST_FAILS = f"""import orrery

@orrery.scenario(app={str(ROOT / "scenarios" / "flash_sale" / "app")!r}, pops=["FRA", "SIN", "IAD"])
async def last_fails(world):
    async def buy(client):
        for _ in range(4):
            await client.post("/sale/lamp")
            await world.sleep(f"{{world.random.randrange(5, 400)}}ms")
    clients = world.clients(6, near=["Paris", "Hanoi", "Ashburn"])
    await world.gather(*(world.spawn(buy(client)) for client in clients))
    assert world.seed != 20
"""


def test_a_seed_is_the_same_alone_and_as_the_last_of_twenty(real: Real) -> None:
    real.write("last.py", LAST_FAILS)
    many = real.run(
        "explore", "last.py", "--seeds", "20", "--faults", "swarm", "--jobs", "1", "--json"
    )
    (failure,) = many.json["scenarios"][0]["failures"]
    capsule = json.loads((real.folder / failure["capsule"]).read_text())
    alone = real.run("run", "last.py", "--seed", "20", "--faults", "swarm", "--json", "--out", "x")
    again = real.run("replay", failure["capsule"], "--json", TZ="Asia/Kolkata")
    assert failure["seed"] == 20 and many.code == alone.code == again.code == 11
    assert alone.json["scenarios"][0]["hash"] == capsule["expect"]["hash"]
    assert again.json["same"] is True
