"""Stages on the real build: a test in a fork of a deployed world is the same run as from scratch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator

import pytest
from real import ROOT, Real

SCENARIOS = ROOT / "scenarios"

#: WebSockets are open and listened to, an alarm is pending, objects live, a request is under way, SQL is written.
DEPLOYED = f"""import orrery

@orrery.stage(app=[{str(SCENARIOS / "chat" / "app")!r}, {str(SCENARIOS / "trial" / "app")!r}],
              pops=["FRA", "SIN", "IAD"], faults_over="5s")
async def deployed(world):
    charges = []
    world.origin("bank.example", lambda request: charges.append(request.json()) or {{"charged": "once"}})
    people = world.clients(3, near=["Frankfurt", "Singapore", "Ashburn"])
    sockets = [await person.websocket(f"/rooms/lobby?as={{person.name}}") for person in people]
    trials = "https://trial.example.com/trials"
    started = await people[0].post(f"{{trials}}/u1/start")
    heard = []

    async def listen(socket):
        async for message in socket:
            heard.append(message)

    world.spawn(listen(sockets[2]))
    sockets[0].send("before")
    await world.sleep("300ms")
    assert started.ok and all(socket.open for socket in sockets)
    return people, sockets, heard, people[1].get("/rooms/lobby"), charges


@deployed.test
async def test_messages_go_on(world, staged):
    people, sockets, heard, under_way, _ = staged
    sockets[1].send("after")
    await world.sleep("1s")
    assert [line for line in heard if "after" in line], heard
    assert (await under_way).ok and sockets[0].open


@deployed.test
async def test_the_room_is_as_it_was(world, staged):
    people, sockets, heard, under_way, _ = staged
    assert len((await people[0].get("/rooms/lobby")).json()) == 1, "what other tests said is not here"


@deployed.test
async def test_the_alarm_comes(world, staged):
    assert not staged[4]
    await world.sleep("15d")
    assert staged[4]


@deployed.test
async def test_that_fails(world, staged):
    assert len(staged[2]) == 99, "not so many"


@deployed.test
async def test_that_spins(world, staged):
    while True:
        pass


@orrery.stage(app={str(SCENARIOS / "chat" / "app")!r}, pops=["FRA"])
async def broken(world):
    assert False, "the set-up is wrong"


@broken.test
async def test_after_a_broken_set_up(world, staged):
    pass
"""
RUNS = """
import sys
sys.path.insert(0, ".")
import orrery, staged
from orrery.scenario import ATTRIBUTE
from orrery.stage import run_staged
names = ["test_messages_go_on", "test_the_room_is_as_it_was", "test_the_alarm_comes", "test_that_fails"]
for faults, some in (("none", names), ("swarm", names[:1])):
    for name in some:
        found = getattr(getattr(staged, name), ATTRIBUTE)
        one = run_staged(found, 3, faults)
        scratch = orrery.run(found, 3, faults)
        print(faults, name, one.verdict, one.hash == scratch.hash, one.events == scratch.events, "fork_us" in one.document, one.hash)
"""


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    folder = Real(tmp_path)
    folder.write("staged.py", DEPLOYED)
    yield folder
    folder.forget_bundles()


def test_a_staged_test_is_the_run_from_scratch(real: Real) -> None:
    done = real.python(RUNS, seconds=120)
    rows = [line.split() for line in done.out.splitlines()]
    assert len(rows) == 5, done.out + done.err
    assert all(row[3:5] == ["True", "True"] for row in rows), done.out
    none = {row[1]: row for row in rows if row[0] == "none"}
    assert [row[2] for row in none.values()] == ["pass", "pass", "pass", "fail"]
    # What passes was forked from the stage; what fails was told by a recorded run from scratch.
    assert [row[5] for row in none.values()] == ["True", "True", "True", "False"]
    assert len({row[6] for row in rows}) == 5, "each test is a run of its own"


def test_pytest_runs_the_tests_of_a_stage(real: Real) -> None:
    real.write("test_staged.py", DEPLOYED.replace("while True:\n        pass", "pass"))
    done = real._run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_staged.py"], 120, {}
    )
    assert done.code == 1 and "2 failed, 4 passed" in done.out, done.out + done.err
    assert "not so many" in done.out and "the set-up is wrong" in done.out
    assert "gets by WebSocket" in done.out, "a failure is told with its story"
    assert "again: orrery run test_staged.py::test_that_fails --seed 1" in done.out
    again = real.run("run", "test_staged.py::test_that_fails", "--faults", "none")
    assert again.code == 11 and "not so many" in again.out


DEADLINE = """
import sys
sys.path.insert(0, ".")
import staged
from orrery.pool import Pool
from orrery.targets import Target
from pathlib import Path
with Pool(2, 3.0) as pool:
    worker = pool.open(Target("scenario", Path("staged.py").resolve()).load())
    for name in ("test_that_spins", "test_the_room_is_as_it_was"):
        pool.submit(worker, {"scenario": name, "seed": 1, "faults": "none", "stage": True})
    ends = {job["scenario"]: outcome.verdict for job, outcome in (pool.next(), pool.next())}
    pool.submit(worker, {"scenario": "test_the_room_is_as_it_was", "seed": 1, "faults": "none", "stage": True})
    print(ends["test_that_spins"], ends["test_the_room_is_as_it_was"], pool.next()[1].verdict, sep=", ")
"""


def test_one_that_spins_is_ended_and_the_stage_lives_on(real: Real) -> None:
    assert real.python(DEADLINE).out == "not metered, pass, pass\n"


def test_nothing_of_a_stage_outlives_the_caller(real: Real) -> None:
    script = (
        "import sys, time\nsys.path.insert(0, '.')\nimport staged\nstaged.test_the_room_is_as_it_was()\n"
        "print('ready', flush=True)\ntime.sleep(60)"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=real.folder,
        env={**real.environment, "PYTHONPATH": real.environment["PYTHONPATH"]},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        family = descendants(process.pid)
        assert len(family) >= 2, "a worker and its stage"
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    end = time.monotonic() + 10
    while time.monotonic() < end and any(alive(pid) for pid in family):
        time.sleep(0.05)
    assert [pid for pid in family if alive(pid)] == []


def alive(pid: int) -> bool:
    """Whether it has not ended. A process without its /proc/PID/exe may not have: one that is killed gives up its
    memory first."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def descendants(pid: int) -> list[int]:
    children = [
        int(child)
        for file in Path(f"/proc/{pid}/task").glob("*/children")
        for child in file.read_text().split()
    ]
    return children + [below for child in children for below in descendants(child)]
