"""A world that was set up once and waits, to be forked for each test (the worker's side of `orrery.stage`).

A stage is a child of the worker: it makes the world, runs the scenario's `setup`, and then waits at a socket. For each
run it forks; the child goes on with the scenario's own function, in the very place where a run from scratch would, so
that both are the same run. What the child says goes through the worker's own pipes, which travel over the socket;
the stage only tells the worker its number and how it ended.

Invariants: a stage ends when the worker closes its socket or dies, and its children with it. A set-up that fails ends
the stage, and the worker runs what waited for it from scratch, so that a failure is told as any other.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
from time import monotonic  # before guard.seal, which gives the module's clocks the world's time
from typing import Any, Callable

from orrery.bootstrap import die_with_parent, last_words
from orrery.job import options, run_job
from orrery.lines import encode_line, write_all
from orrery.scenario import Scenario

_MESSAGE_MAX = 1 << 16
#: Stages that wait at once; of more, the one that was not asked for the longest goes.
STAGES_MAX = 8
#: Jobs that say any of these are run from scratch.
_NOT_STAGED = ("record", "trace", "requests", "branch", "redraw", "until_us")


def wants_stage(scenario: Scenario, job: dict[str, Any]) -> bool:
    return bool(job.get("stage")) and scenario.setup is not None and not any(map(job.get, _NOT_STAGED))


def stage_key(scenario: Scenario, job: dict[str, Any]) -> tuple[Any, ...]:
    """Equal for runs that are the same until their set-up is over."""
    return (
        scenario.setup,
        scenario.apps,
        scenario.environment,
        scenario.versions,
        scenario.patience_us,
        json.dumps(options(scenario, job), sort_keys=True),
    )


class Stage:
    """The worker's end of a stage."""

    def __init__(
        self,
        scenario: Scenario,
        app: Any,
        job: dict[str, Any],
        find: Callable[[str], Scenario],
        report: Callable[[], None],
    ) -> None:
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.pid = os.fork()
        if self.pid == 0:
            self.socket.close()
            _Waiting(theirs, find).live(scenario, app, job, report)
        theirs.close()
        #: What was asked of it and has not ended, by the number of the job.
        self.children: dict[int, Any] = {}

    def fileno(self) -> int:
        return self.socket.fileno()

    def start(self, child: Any, descriptors: list[int]) -> None:
        """Asks for a run; its result and its output go to the descriptors."""
        self.children[child.job["job"]] = child
        message = json.dumps({"job": child.job, "sent": monotonic()}).encode()
        try:
            socket.send_fds(self.socket, [message], descriptors)
        except OSError:
            pass  # its end is about to be read

    def read(self) -> dict[str, Any] | None:
        """What it says next; None when it has ended."""
        try:
            message = self.socket.recv(_MESSAGE_MAX)
        except OSError:
            return None
        return json.loads(message) if message else None

    def close(self) -> int:
        """Ends it; how it ended."""
        self.socket.close()
        try:
            os.kill(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return os.waitpid(self.pid, 0)[1]


class _Waiting:
    """The stage's own side."""

    def __init__(self, asks: socket.socket, find: Callable[[str], Scenario]) -> None:
        self._asks = asks
        self._find = find
        self._result: int | None = None  # in a child: where its result goes
        self._forked_s = 0.0

    def live(
        self, scenario: Scenario, app: Any, job: dict[str, Any], report: Callable[[], None]
    ) -> None:
        """The process's whole life; never returns."""
        with last_words():
            os.setpgid(0, 0)
            die_with_parent()
            silent = os.open(os.devnull, os.O_WRONLY)
            os.dup2(silent, 1)
            os.dup2(silent, 2)
            result = run_job(scenario, app, job, self._hold)
            if self._result is None:
                self._asks.send(b'{"failed": true}')
                os._exit(0)
            result["fork_us"] = round(self._forked_s * 1e6)
            write_all(self._result, encode_line(result))
            report()
            os._exit(0)

    def _hold(self) -> tuple[Scenario, dict[str, Any]]:
        """The set-up is over. Waits to be forked; returns in each child, with what it is to run."""
        running: dict[int, tuple[int, int]] = {}  # by pidfd: job, pid
        while True:
            ready, _, _ = select.select([self._asks.fileno(), *running], [], [])
            for descriptor in ready:
                if descriptor in running:
                    number, pid = running.pop(descriptor)
                    os.close(descriptor)
                    self._tell({"ended": number, "status": os.waitpid(pid, 0)[1]})
                    continue
                message, descriptors, _, _ = socket.recv_fds(self._asks, _MESSAGE_MAX, 2)
                if not message:
                    os._exit(0)
                asked = json.loads(message)
                pid = os.fork()
                if pid == 0:
                    for other in running:
                        os.close(other)
                    return self._go_on(asked, descriptors)
                for given in descriptors:
                    os.close(given)
                number = asked["job"]["job"]
                running[os.pidfd_open(pid)] = (number, pid)
                self._tell({"forked": number, "pid": pid})

    def _go_on(self, asked: dict[str, Any], descriptors: list[int]) -> tuple[Scenario, dict[str, Any]]:
        os.setpgid(0, 0)
        die_with_parent()
        self._asks.close()
        self._result, output = descriptors
        os.dup2(output, 1)
        os.dup2(output, 2)
        self._forked_s = monotonic() - asked["sent"]
        return self._find(asked["job"]["scenario"]), asked["job"]

    def _tell(self, message: dict[str, Any]) -> None:
        self._asks.send(json.dumps(message).encode())
