"""The parent's side of worker processes: start them, give them jobs, hear of every end.

A Pool bounds how many runs are under way at once over all its workers. A worker that dies or hangs
while loading is reported as such; one that dies while running ends its jobs as crashes. Leaving the
pool (also by Ctrl-C or an exception) ends every process it started.
"""

from __future__ import annotations

import os
import re
import select
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Mapping

from orrery.errors import CRASH, UserError
from orrery.lines import LineReader, encode_line, write_all
from orrery.outcome import CRASH as CRASH_RULE
from orrery.outcome import NOT_METERED, Outcome, ended_by

DEADLINE_S = 120.0
LOAD_DEADLINE_S = 180.0


def default_jobs() -> int:
    """ORRERY_JOBS, or the cores this process may use."""
    given = os.environ.get("ORRERY_JOBS", "")
    if given:
        if not given.isdecimal() or int(given) < 1:
            raise UserError(f"ORRERY_JOBS must be a whole number above 0, not {given!r}")
        return int(given)
    return len(os.sched_getaffinity(0))


@dataclass
class Worker:
    """A worker process with a loaded target. `scenarios` is what it said it can run."""

    process: "subprocess.Popen[bytes]"
    reader: LineReader
    label: str
    build: str = ""
    scenarios: list[dict[str, Any]] = field(default_factory=list)
    #: The rare situations of the platform that there are to reach, where the load asked for coverage.
    probes: list[str] = field(default_factory=list)
    waiting: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def close(self) -> None:
        """Ends the process and whatever it forked."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass


class Pool:
    """Runs jobs in worker processes, at most `jobs` at once. Use as a context manager."""

    def __init__(
        self,
        jobs: int | None = None,
        deadline_s: float = DEADLINE_S,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.jobs = jobs or default_jobs()
        self._deadline_s = deadline_s
        self._environment = {**os.environ, **(environment or {})}
        self._selector = selectors.DefaultSelector()
        self._workers: list[Worker] = []
        self._next_job = 1
        self._ready: deque[tuple[dict[str, Any], Outcome]] = deque()

    def __enter__(self) -> "Pool":
        return self

    def __exit__(self, *_: object) -> None:
        for worker in list(self._workers):
            self.close(worker)
        self._selector.close()

    @property
    def running(self) -> int:
        return sum(len(worker.waiting) for worker in self._workers)

    @property
    def free(self) -> bool:
        return self.running + len(self._ready) < self.jobs

    def open(self, load: dict[str, Any], environment: Mapping[str, str] | None = None) -> Worker:
        """Starts a worker (with more in its environment, if asked) and waits for it to load a target.
        UserError when it refuses, dies or hangs."""
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-P", "-s", "-m", "orrery.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**self._environment, **(environment or {})},
            start_new_session=True,
        )
        assert process.stdin is not None and process.stdout is not None
        worker = Worker(process, LineReader(process.stdout.fileno()), str(load["path"]))
        self._workers.append(worker)
        try:
            write_all(process.stdin.fileno(), encode_line({"load": load}))
        except BrokenPipeError:
            pass
        answer = self._first_answer(worker)
        if "loaded" not in answer:
            self.close(worker)
            refused = answer["refused"]
            raise UserError(refused["message"], refused.get("hint", ""), refused.get("code", 2))
        worker.build = answer["loaded"]["build"]
        worker.scenarios = answer["loaded"]["scenarios"]
        worker.probes = answer["loaded"].get("probes", [])
        os.set_blocking(process.stdout.fileno(), False)
        self._selector.register(process.stdout, selectors.EVENT_READ, worker)
        return worker

    def _first_answer(self, worker: Worker) -> dict[str, Any]:
        end = time.monotonic() + LOAD_DEADLINE_S
        assert worker.process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(worker.process.stdout, selectors.EVENT_READ)
            while not worker.reader.ended:
                if not selector.select(max(0.0, end - time.monotonic())):
                    why = f"did not load within {LOAD_DEADLINE_S:.0f} s"
                    return {"refused": {"message": f"{worker.label} {why}", "code": CRASH}}
                messages = worker.reader.read()
                if messages:
                    return messages[0]
        how = _how_it_ended(worker.process.wait())
        return {
            "refused": {
                "message": f"the worker process {how} while it loaded {worker.label}",
                "code": CRASH,
            }
        }

    def submit(self, worker: Worker, job: dict[str, Any]) -> None:
        """Gives a worker one run. The job comes back with its Outcome from `next`."""
        job = {"deadline_s": self._deadline_s, **job, "job": self._next_job}
        self._next_job += 1
        worker.waiting[job["job"]] = job
        self._tell(worker, encode_line(job))

    def _tell(self, worker: Worker, data: bytes) -> None:
        """Writes to a worker and hears it meanwhile: it may be writing as much itself, and read nothing until it is heard."""
        stdin, stdout = worker.process.stdin, worker.process.stdout
        assert stdin is not None and stdout is not None
        view = memoryview(data)
        with selectors.DefaultSelector() as selector:
            selector.register(stdin, selectors.EVENT_WRITE)
            selector.register(stdout, selectors.EVENT_READ)
            while view and worker in self._workers:
                for key, _ in selector.select():
                    if key.fileobj is stdout:
                        self._hear(worker)  # which may be the last of it
                        break
                    try:
                        view = view[os.write(stdin.fileno(), view[: select.PIPE_BUF]) :]
                    except BrokenPipeError:
                        return  # its end is about to be read

    def run(self, worker: Worker, job: dict[str, Any]) -> Outcome:
        """One run from beginning to end, with no other under way."""
        self.submit(worker, job)
        ended = self.next()
        assert ended is not None
        return ended[1]

    def next(self, timeout_s: float | None = None) -> tuple[dict[str, Any], Outcome] | None:
        """The next run that ended, with the job it was; None when the timeout passes first."""
        end = None if timeout_s is None else time.monotonic() + timeout_s
        while not self._ready:
            left = None if end is None else max(0.0, end - time.monotonic())
            ready = self._selector.select(left)
            if not ready and left is not None:
                return None
            for key, _ in ready:
                self._hear(key.data)
        return self._ready.popleft()

    def _hear(self, worker: Worker) -> None:
        for message in worker.reader.read():
            job = worker.waiting.pop(message["job"])
            self._ready.append((job, _outcome(job, message)))
        if worker.reader.ended:
            how = _how_it_ended(worker.process.wait())
            for job in worker.waiting.values():
                outcome = ended_by(job, "crash", CRASH_RULE, f"the worker process {how}", "")
                self._ready.append((job, outcome))
            worker.waiting.clear()
            self.close(worker)

    def close(self, worker: Worker) -> None:
        """Ends a worker; its runs under way are forgotten."""
        if worker in self._workers:
            self._workers.remove(worker)
            stdout = worker.process.stdout
            if stdout is not None and stdout in self._selector.get_map():
                self._selector.unregister(stdout)
            worker.close()


def _outcome(job: dict[str, Any], message: dict[str, Any]) -> Outcome:
    if "result" in message:
        return Outcome.of(job, message["result"])
    if "late" in message:
        late = message["late"]
        reason = f"not metered: still running after {late['seconds']:.0f} s of real time, so it was ended"
        return ended_by(job, "not metered", NOT_METERED, reason, late["output"])
    died = message["died"]
    output = without_v8_noise(died["output"])
    return ended_by(job, "crash", CRASH_RULE, _how_a_run_died(died, output), output)


#: The last words of a process that cannot go on (platform/runtime/fatal.h, sim/core/check.h).
_HEAP_EXHAUSTED = re.compile(r"^orrery: fatal: .*heap is exhausted", re.MULTILINE)
_LAST_WORDS = re.compile(r"^orrery: (fatal|internal error): (.*)", re.MULTILINE)
#: What V8 prints on its own before it gives up.
_V8_NOISE = re.compile(r"^<--- .* --->$|^\[\d+:0x[0-9a-f]+\] .* ms: .*$\n?", re.MULTILINE)


def without_v8_noise(output: str) -> str:
    """A run's output without V8's dump of its collections, which holds addresses and times."""
    return _V8_NOISE.sub("", output).strip("\n")


def _how_a_run_died(died: dict[str, Any], output: str) -> str:
    if _HEAP_EXHAUSTED.search(output):
        return "JavaScript heap exhausted: one call of a built-in asked for more than is left"
    if words := _LAST_WORDS.search(output):
        return f"the process of this run ended itself: {words[1]}: {words[2]}"
    if "signal" in died:
        return f"the process of this run was ended by {died['signal']}"
    return f"the process of this run exited with code {died['code']}"


def _how_it_ended(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"exited with code {code}"
