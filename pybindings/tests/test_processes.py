"""Processes: deadlines, deaths and interruptions leave nothing behind."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from orrery import pool, worker
from orrery.lines import LineReader

SPIN = 'await world.client().get("/spin")'


def alive(marker: str) -> list[int]:
    """Processes whose environment names this test's folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and int(entry.name) != os.getpid():
            try:
                if f"ORRERY_ROOT={marker}\0".encode() in (entry / "environ").read_bytes() + b"\0":
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def wait_until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_a_run_past_its_deadline_is_not_metered(bench):
    bench.scenario(SPIN)
    started = time.monotonic()
    ended = bench.run("run", "scenario.py", "--deadline", "500ms", "--json")
    failure = ended.json["scenarios"][0]["failures"][0]
    assert (
        ended.code == 10
        and ended.json["verdict"] == "not metered"
        and "not metered" in failure["reason"]
    )
    assert time.monotonic() - started < 15 and not alive(str(bench.folder))


def test_what_a_run_wrote_before_it_died_is_in_its_story(bench):
    bench.scenario('print("last words", flush=True)\nawait world.client().get("/crash")')
    failure = bench.run("run", "scenario.py", "--json").json["scenarios"][0]["failures"][0]
    assert "last words" in failure["story"]


def test_a_runs_own_processes_end_with_it(bench):
    bench.scenario('import subprocess\nsubprocess.Popen(["sleep", "600"])\n' + SPIN)
    assert bench.run("run", "scenario.py", "--deadline", "500ms").code == 10
    wait_until(lambda: not alive(str(bench.folder)))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_leaves_no_process_and_no_file(bench, number):
    bench.scenario(SPIN)
    process = bench.start("explore", "scenario.py", "--seeds", "50", "--jobs", "4")
    # Parent, worker and four children.
    wait_until(lambda: len(alive(str(bench.folder))) >= 6)
    process.send_signal(number)
    out, err = process.communicate(timeout=10)
    assert process.returncode == 130 and err.strip() == "orrery: interrupted" and out == ""
    wait_until(lambda: not alive(str(bench.folder)))
    assert not (bench.folder / "runs").exists()


def test_a_killed_command_takes_its_workers_with_it(bench):
    bench.scenario(SPIN)
    process = bench.start("explore", "scenario.py", "--seeds", "50", "--jobs", "4")
    wait_until(lambda: len(alive(str(bench.folder))) >= 6)
    process.kill()
    process.communicate(timeout=10)
    wait_until(lambda: not alive(str(bench.folder)))


def test_a_child_whose_parent_is_gone_already_dies_at_once():
    """It lost the race against its parent's end: the kernel tells nobody of an end that was before."""
    script = """
import os, time
from orrery.bootstrap import die_with_parent
read, write = os.pipe()
if (middle := os.fork()) == 0:
    middle = os.getpid()
    if os.fork() == 0:
        while os.getppid() == middle:
            time.sleep(0.01)
        die_with_parent()
        os.write(write, b"alive")
    os._exit(0)
os.waitpid(middle, 0)
os.close(write)
print(os.read(read, 9).decode() or "gone")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=30)
    assert done.stdout.strip() == "gone", done


def test_a_worker_that_dies_while_it_loads_is_a_crash(bench):
    (bench.folder / "scenario.py").write_text(
        "import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n"
    )
    ended = bench.run("run", "scenario.py")
    assert ended.code == 10 and "was ended by SIGSEGV while it loaded" in ended.err


ECHO = """
import json, sys
for line in sys.stdin:
    job = json.loads(line)
    print(json.dumps({"job": job["job"], "late": {"seconds": 1, "output": job["text"]}}), flush=True)
"""


def test_a_worker_is_heard_while_it_is_told():
    """Method: jobs and answers larger than a pipe, of a worker that reads nothing while it writes."""

    def stuck(*_):
        raise AssertionError("both sides wait for each other")

    before = signal.signal(signal.SIGALRM, stuck)
    signal.alarm(20)
    try:
        with pool.Pool(4) as them:
            process = subprocess.Popen(
                [sys.executable, "-c", ECHO], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
            )
            fake = pool.Worker(process, LineReader(process.stdout.fileno()), "fake")
            os.set_blocking(process.stdout.fileno(), False)
            them._workers.append(fake)
            them._selector.register(process.stdout, selectors.EVENT_READ, fake)
            for _ in range(3):
                job = {"text": "x" * (1 << 20), "seed": 1, "faults": "none"}
                them.submit(fake, job)
            assert all(them.next(10) is not None for _ in range(3))
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def test_the_callers_environment_does_not_reach_a_run(bench):
    bench.scenario('import os, locale\nprint(sorted(os.environ), hash("x"), os.environ["TZ"])')
    one = bench.run("run", "scenario.py", "--json").json["scenarios"][0]["output"]
    two = bench.run(
        "run",
        "scenario.py",
        "--json",
        TZ="Asia/Kolkata",
        LC_ALL="de_DE.UTF-8",
        PYTHONHASHSEED="7",
        FOO="1",
    ).json["scenarios"][0]["output"]
    assert one == two and "'FOO'" not in two and "UTC" in two


def test_chance_in_a_scenario_comes_from_the_seed(bench):
    bench.scenario(
        "import os, random, uuid\nprint(random.random(), uuid.uuid4(), os.urandom(4).hex(), world.random.random())"
    )
    outputs = [
        bench.run("run", "scenario.py", "--seed", seed, "--json").json["scenarios"][0]["output"]
        for seed in ("1", "1", "2")
    ]
    assert outputs[0] == outputs[1] != outputs[2]


def test_a_flood_of_output_is_kept_short(bench):
    bench.scenario('for _ in range(20000):\n    print("x" * 100)\nprint("the end")')
    output = bench.run("run", "scenario.py", "--json").json["scenarios"][0]["output"]
    assert len(output) <= 16_384 and output.endswith("the end\n")


def test_orrery_jobs_must_be_a_number(bench):
    bench.scenario("pass")
    ended = bench.run("explore", "scenario.py", ORRERY_JOBS="many")
    assert ended.code == 2 and "ORRERY_JOBS" in ended.err


def test_isolates_are_made_ahead_as_many_as_a_child_asked_for():
    class Module:
        asked, kept = 2, []

        def isolates_asked(self):
            return self.asked

        def keep_isolates(self, count):
            self.kept.append(count)

    module = Module()
    isolates = worker.Isolates(module)
    isolates.prepare()
    child = os.fork()
    if child == 0:
        module.asked += 5
        isolates.report()
        os._exit(0)
    os.waitpid(child, 0)
    isolates.prepare()
    assert module.kept == [0, 5]
