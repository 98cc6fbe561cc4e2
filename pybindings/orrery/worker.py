"""The worker process: owns the C++ module, loads one target, and forks a child for each run of it.

Started as `python3 -m orrery.worker`; speaks JSON lines on what were its standard input and output.
First line in: {"load": {"target": "scenario"|"project", "path": ..., "name": ..., ...}}, answered
by {"loaded": {...}} or {"refused": {"message", "hint"}}. Then jobs {"job": n, "scenario": name,
"seed": ..., "faults": ..., "deadline_s": ...}, each answered in the order of their ends by {"job":
n, "result": {...}}, {"job": n, "died": {"signal"|"code", "output"}} or {"job": n, "late":
{"seconds", "output"}}.

It first replaces itself by the same program in a clean environment (bootstrap.py), so that nothing
of the caller's environment, locale, limits or open files can reach a world. It is single-threaded.
It knows real time only to end children that outlive their deadline. When its input ends it kills
its children and goes.
"""

from __future__ import annotations

import json
import mmap
import os
import resource
import selectors
import signal
import sys
import time
from pathlib import Path
from typing import Any

from orrery import native
from orrery.bootstrap import become_clean, die_with_parent, last_words
from orrery.errors import UserError
from orrery.job import run_job
from orrery.lines import LineReader, encode_line, write_all
from orrery.scenario import Scenario, load_scenarios
from orrery.stage_process import STAGES_MAX, Stage, stage_key, wants_stage

OUTPUT_KEPT_MAX = 16_384
SPARE_ISOLATES_MAX = 48


class Loaded:
    """What this worker's target came to: its scenarios and their apps."""

    def __init__(self, request: dict[str, Any]) -> None:
        module = native.load()
        module.setup()
        path = Path(request["path"])
        if request["target"] == "project":
            from orrery.project_run import project_scenario

            environment = request.get("environment")
            beside = tuple(Path(folder) for folder in request.get("with") or ())
            found = [project_scenario(path, environment, request.get("seeds", 1), beside)]
        else:
            found = load_scenarios(path, request.get("name"))
        self.scenarios: dict[str, Scenario] = {scenario.name: scenario for scenario in found}
        self._apps: dict[tuple[Any, ...], Any] = {}
        for scenario in found:
            if not scenario.apps:
                continue
            key = (scenario.apps, scenario.environment, scenario.versions)
            if key not in self._apps:
                from orrery.app import load_app

                self._apps[key] = load_app(*key)
        self.build = module.build_hash()
        self._coverage = bool(request.get("coverage"))
        self.isolates = Isolates(module)

    def app(self, scenario: Scenario) -> Any:
        key = (scenario.apps, scenario.environment, scenario.versions)
        return self._apps[key] if scenario.apps else None

    def describe(self) -> dict[str, Any]:
        described = []
        for scenario in self.scenarios.values():
            app = self.app(scenario)
            about = {**scenario.settings(), "app": app.hash if app else ""}
            if app and self._coverage:
                about["blocks"] = json.loads(app.handle.blocks())
            described.append(about)
        probes = native.load().probes() if self._coverage else []
        return {"build": self.build, "scenarios": described, "probes": probes}


class Isolates:
    """V8 isolates made before the fork: as many as the runs so far have needed, so that children need
    not make them."""

    def __init__(self, module: Any) -> None:
        self._module = module
        self._before = module.isolates_asked()
        self._needed = mmap.mmap(-1, mmap.PAGESIZE)  # shared with the children

    def prepare(self) -> None:
        """In the parent, before a fork."""
        needed = int.from_bytes(self._needed[:8], "little")
        self._module.keep_isolates(min(needed, SPARE_ISOLATES_MAX))

    def report(self) -> None:
        """In a child, after its run."""
        asked = self._module.isolates_asked() - self._before
        if asked > int.from_bytes(self._needed[:8], "little"):
            self._needed[:8] = asked.to_bytes(8, "little")


class Child:
    """A forked run: its result and its output come through pipes, its end through a pidfd; when a stage forked
    it, through the stage."""

    def __init__(self, loaded: Loaded, job: dict[str, Any], stage: Stage | None = None) -> None:
        self.job = job
        self.stage = stage
        result_read, result_write = os.pipe()
        output_read, output_write = os.pipe()
        self.started = time.monotonic()
        #: None until the stage has told.
        self.pid: int | None = None
        if stage is not None:
            stage.start(self, [result_write, output_write])
        else:
            loaded.isolates.prepare()
            self.pid = os.fork()
        if self.pid == 0:
            os.close(result_read)
            os.close(output_read)
            _run_child(loaded, job, result_write, output_write)
        os.close(result_write)
        os.close(output_write)
        self.late = False
        self.result = bytearray()
        self.output = bytearray()
        self.pipes = {result_read: self.result, output_read: self.output}
        for descriptor in self.pipes:
            os.set_blocking(descriptor, False)
        self.pidfd = os.pidfd_open(self.pid) if self.pid is not None else None

    @property
    def deadline(self) -> float:
        return self.started + float(self.job.get("deadline_s", 120))

    def drain(self, descriptor: int) -> bool:
        """Reads what is there; False at the end of the pipe."""
        while True:
            try:
                data = os.read(descriptor, 65_536)
            except BlockingIOError:
                return True
            if not data:
                return False
            self.pipes[descriptor] += data
            if self.pipes[descriptor] is self.output:
                del self.output[:-OUTPUT_KEPT_MAX]

    def kill(self) -> None:
        # The child leads its own process group, so that whatever it started goes with it. One that a stage has not
        # forked yet waits for the stage.
        pid = self.pid if self.pid is not None or self.stage is None else self.stage.pid
        for kill in (os.killpg, os.kill):
            try:
                kill(pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                pass

    def answer(self, status: int, usage: resource.struct_rusage | None) -> bytes:
        """What became of the child, which ended with this status and had used so much."""
        for descriptor in self.pipes:
            self.drain(descriptor)
        head: dict[str, Any] = {"job": self.job["job"]}
        output = self.output.decode("utf-8", errors="replace")
        seconds = time.monotonic() - self.started
        if self.late:
            return encode_line({**head, "late": {"seconds": round(seconds, 1), "output": output}})
        if self.result.endswith(b"\n"):
            # The result is already JSON: it is passed on as it is, in front of what only this side
            # knows.
            used: dict[str, Any] = {"output": output, "seconds": round(seconds, 4)}
            if usage is not None:
                used["cpu_seconds"] = round(usage.ru_utime + usage.ru_stime, 4)
            tail = encode_line(used)
            return (
                encode_line(head)[:-2]
                + b', "result": '
                + bytes(self.result[:-2])
                + b", "
                + tail[1:-1]
                + b"}\n"
            )
        if os.WIFSIGNALED(status):
            died: dict[str, Any] = {"signal": signal.Signals(os.WTERMSIG(status)).name}
        else:
            died = {"code": os.WEXITSTATUS(status)}
        return encode_line({**head, "died": {**died, "output": output}})


def _run_child(loaded: Loaded, job: dict[str, Any], result: int, output: int) -> None:
    """The child's whole life; never returns."""
    with last_words():
        os.setpgid(0, 0)
        die_with_parent()
        os.dup2(output, 1)
        os.dup2(output, 2)
        scenario = loaded.scenarios[job["scenario"]]
        app = loaded.app(scenario)
        write_all(result, encode_line(run_job(scenario, app.handle if app else None, job)))
        loaded.isolates.report()
        sys.stdout.flush()
        sys.stderr.flush()
        # No destructor runs: V8 and the world die with the process.
        os._exit(0)


class Server:
    """Runs jobs until the input ends."""

    def __init__(self, loaded: Loaded, commands: int, answers: int) -> None:
        self._loaded = loaded
        self._commands = commands
        self._answers = answers
        self._selector = selectors.DefaultSelector()
        self._children: list[Child] = []
        self._stages: dict[tuple[Any, ...], Stage] = {}  # the one asked for last stands last

    def serve(self, reader: LineReader) -> None:
        self._selector.register(self._commands, selectors.EVENT_READ)
        os.set_blocking(self._commands, False)
        while True:
            soonest = min((child.deadline for child in self._children), default=None)
            timeout = None if soonest is None else max(0.0, soonest - time.monotonic())
            for key, _ in self._selector.select(timeout):
                if key.fd == self._commands:
                    for job in reader.read():
                        self._start(job)
                    if reader.ended:
                        for child in self._children:
                            child.kill()
                        return
                elif not _registered(self._selector, key):
                    continue
                elif isinstance(key.data, Stage):
                    self._hear(key.data)
                elif key.fd == key.data.pidfd:
                    self._ended(key.data, *os.wait4(key.data.pid, 0)[1:])
                elif not key.data.drain(key.fd):
                    self._selector.unregister(key.fd)
            now = time.monotonic()
            for child in self._children:
                if now >= child.deadline and not child.late:
                    child.late = True
                    child.kill()

    def _start(self, job: dict[str, Any], may_wait: bool = True) -> None:
        scenario = self._loaded.scenarios[job["scenario"]]
        staged = may_wait and wants_stage(scenario, job)
        child = Child(self._loaded, job, self._stage(scenario, job) if staged else None)
        self._children.append(child)
        for descriptor in (child.pidfd, *child.pipes):
            if descriptor is not None:
                self._selector.register(descriptor, selectors.EVENT_READ, child)

    def _ended(self, child: Child, status: int, usage: resource.struct_rusage | None = None) -> None:
        write_all(self._answers, child.answer(status, usage))
        self._forget(child)

    def _forget(self, child: Child) -> None:
        self._children.remove(child)
        if child.stage is not None:
            child.stage.children.pop(child.job["job"], None)
        for descriptor in (child.pidfd, *child.pipes):
            if descriptor is None:
                continue
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)
            os.close(descriptor)

    # --- stages ---

    def _stage(self, scenario: Scenario, job: dict[str, Any]) -> Stage:
        """The stage for a job, made at its first use."""
        key = stage_key(scenario, job)
        stage = self._stages.pop(key, None)
        if stage is None:
            idle = [other for other in self._stages.values() if not other.children]
            for other in idle[: max(0, len(self._stages) + 1 - STAGES_MAX)]:
                self._close(other)
            self._loaded.isolates.prepare()
            app = self._loaded.app(scenario)
            stage = Stage(
                scenario,
                app.handle if app else None,
                job,
                self._loaded.scenarios.__getitem__,
                self._loaded.isolates.report,
            )
            self._selector.register(stage, selectors.EVENT_READ, stage)
        self._stages[key] = stage
        return stage

    def _hear(self, stage: Stage) -> None:
        said = stage.read()
        if said is not None and "forked" in said:
            child = stage.children.get(said["forked"])
            if child is not None:
                child.pid = said["pid"]
        elif said is not None and "ended" in said:
            self._ended(stage.children[said["ended"]], said["status"])
        else:
            status = self._close(stage)
            for child in list(stage.children.values()):
                if said is None or child.late:
                    self._ended(child, status)
                else:  # its set-up failed: from scratch that is told as any failure
                    self._forget(child)
                    self._start(child.job, may_wait=False)

    def _close(self, stage: Stage) -> int:
        self._selector.unregister(stage)
        self._stages = {key: other for key, other in self._stages.items() if other is not stage}
        return stage.close()


def serve(commands: int, answers: int) -> None:
    """Loads the target, then runs jobs until the input ends."""
    reader = LineReader(commands)
    request = reader.wait()
    if request is None:
        return
    try:
        loaded = Loaded(request["load"])
    except UserError as error:
        write_all(answers, encode_line({"refused": {"message": error.message, "hint": error.hint}}))
        return
    write_all(answers, encode_line({"loaded": loaded.describe()}))
    Server(loaded, commands, answers).serve(reader)


def _registered(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> bool:
    """False for a pipe that was closed (and its number perhaps given to another child) in this very
    batch."""
    now = selector.get_map().get(key.fd)
    return now is not None and now.data is key.data


def main() -> None:
    become_clean()
    die_with_parent()
    commands, answers = os.dup(0), os.dup(1)
    # Whatever prints must not get between the lines of the protocol.
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    try:
        serve(commands, answers)
    except BrokenPipeError:
        pass


if __name__ == "__main__":
    main()
