"""Branches: a run is taken to a moment and forked there; each child goes on with a future drawn anew.

`Fan` lives in the process of one run. The driver calls it when the world pauses at a moment that was asked for. The
run itself forks the branches of that moment, some at once, hears how each ended through a pipe, and goes on to the
next moment by its own seed. A branch is its run up to a step of the loop, and a seed for all that is drawn from
there: a `redraw` of a job or a capsule, so that any of them can be had again without forking.

With `rounds`, the run leaves a copy of itself (a keeper) at each moment. Between the two neighbouring moments where it
was decided (`decisive`), a copy of the last keeper before them goes through moments that lie closer; so often.

Every child dies with its parent. A branch that outlives its deadline is killed and counts as not metered.
"""

from __future__ import annotations

import json
import math
import os
import select
import signal
from collections import deque
from dataclasses import dataclass, field
from time import monotonic, process_time  # before guard.seal, which gives the module's clocks the world's time
from typing import Any

from orrery.bootstrap import die_with_parent
from orrery.lines import encode_line, write_all
from orrery.outcome import CRASH, NOT_METERED

#: Moments of one round between two that differ most.
CLOSER = 8


@dataclass
class Branch:
    """A child that is under way."""

    seed: int
    pid: int
    deadline: float
    fork_s: float = 0.0  # of the processor, for the fork
    said: bytearray = field(default_factory=bytearray)
    late: bool = False


class Fan:
    """The branches of one run.

    asked: `moments` ({"us": T} or {"event": N}, in their order), `times` (branches at each), `jobs` (at once),
    `deadline_s` (of each), `rule` (whose failures count; None: any), `rounds` (closer looks at where it was decided),
    `measure` (branches end at their first event and tell how long that took), `stop` (the run ends at the last moment), `whole` (branches tell all of their result), `progress` (a file that
    gets a byte for each ended branch).
    """

    def __init__(self, native: Any, asked: dict[str, Any]) -> None:
        self._native = native
        self._asked = asked
        self._moments = deque(asked["moments"])
        #: One entry a moment: where it is, and how its branches ended.
        self.told: list[dict[str, Any]] = []
        self._result_pipe: int | None = None  # in a branch: where its result goes
        self._keeper_pipe: int | None = None  # in a keeper that goes on: where its moments go
        self._decided = 0.0
        self._keepers: dict[int, tuple[int, int]] = {}  # by event: where to ask, where to hear
        self._plan()

    @classmethod
    def stopping_at(cls, native: Any, event: int) -> "Fan":
        """One without branches: the run ends there."""
        return cls(native, {"moments": [{"event": event}], "times": 0, "jobs": 1, "stop": True})

    @property
    def is_branch(self) -> bool:
        return self._result_pipe is not None

    @property
    def stopping(self) -> bool:
        """Whether the run is over at the moment that has just been gone through."""
        return bool(self._asked.get("stop")) and not self._moments and not self.is_branch

    def _plan(self) -> None:
        """Has the world pause at the next moment that it has not gone past."""
        while self.told and self._moments and self._moments[0].get("event", 2**63) <= self._native.events():
            self._moments.popleft()
        if self._moments and "us" in self._moments[0]:
            self._native.pause_at(self._moments[0]["us"])
        elif self._moments:
            self._native.pause_after(self._moments[0]["event"])
        elif self._keeper_pipe is not None:
            self._tell_keeper()

    # --- at a moment ---

    def pause(self) -> None:
        """The world stands at a moment. Returns in the run when all branches have ended, and in each branch."""
        if self._result_pipe is not None:  # measured
            took = {
                "verdict": "pass",
                "first_event_us": round((monotonic() - self._decided) * 1e6),
                "cpu_us": round(process_time() * 1e6),
            }
            write_all(self._result_pipe, encode_line(took))
            os._exit(0)
        self._moments.popleft()
        here: dict[str, Any] = {
            "at_us": self._native.now_us(),
            "at_event": self._native.events(),
            "at_step": self._native.steps(),
            "branches": [],
        }
        if self._asked.get("measure"):
            here["resident_mb"] = resident_mb()
        left = deque(
            branch_seed(here["at_step"], number) for number in range(1, self._asked["times"] + 1)
        )
        under_way: dict[int, Branch] = {}
        ended: dict[int, dict[str, Any]] = {}
        while left or under_way:
            while left and len(under_way) < self._asked["jobs"]:
                seed = left.popleft()
                self._decided = monotonic()
                spent = process_time()
                read, write = os.pipe()
                pid = os.fork()
                if pid == 0:
                    os.close(read)
                    self._become_branch(seed, write, under_way)
                    return
                os.close(write)
                deadline = monotonic() + self._asked["deadline_s"]
                under_way[read] = Branch(seed, pid, deadline, process_time() - spent)
            for branch in _hear(under_way):
                ended[branch.seed] = {"seed": branch.seed, **_said(branch)}
                if "cpu_us" in ended[branch.seed]:
                    ended[branch.seed]["cpu_us"] += round(branch.fork_s * 1e6)
                self._progress()
        here["branches"] = [ended[seed] for seed in sorted(ended)]
        self.told.append(here)
        if self._asked.get("rounds") and self._leave_keeper(here["at_event"]):
            return
        self._plan()

    def _become_branch(self, seed: int, pipe: int, siblings: dict[int, Branch]) -> None:
        die_with_parent()
        for read in siblings:
            os.close(read)
        self._forget_keepers()
        self._result_pipe = pipe
        self._keeper_pipe = None
        self._moments.clear()
        self.told = []
        self._native.redraw(seed)
        if self._asked.get("measure"):
            self._native.pause_after(self._native.events() + 1)

    def _progress(self) -> None:
        if not self._asked.get("progress"):
            return
        file = os.open(self._asked["progress"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(file, b".")
        os.close(file)

    # --- at the end of the run ---

    def finish(self, result: dict[str, Any]) -> None:
        """The run is over. In a branch: tells its end to the run it was forked from, and never returns. In a
        keeper: the moments it went through."""
        if self._result_pipe is not None:
            told = result if self._asked.get("whole") else _brief(result)
            write_all(self._result_pipe, encode_line(told))
            os._exit(0)
        if self._keeper_pipe is not None:
            self._tell_keeper()
        self._look_closer()
        self._forget_keepers()

    # --- keepers ---

    def _leave_keeper(self, event: int) -> bool:
        """Forks a copy that waits here. True in a copy of that copy, which goes on from here."""
        asks_read, asks_write = os.pipe()
        told_read, told_write = os.pipe()
        if os.fork() != 0:
            os.close(asks_read)
            os.close(told_write)
            self._keepers[event] = (asks_write, told_read)
            return False
        die_with_parent()
        os.close(asks_write)
        os.close(told_read)
        self._forget_keepers()
        while True:
            line = b""
            while not line.endswith(b"\n"):
                data = os.read(asks_read, 65_536)
                if not data:
                    os._exit(0)  # nobody wants a closer look from here any more
                line += data
            pid = os.fork()
            if pid == 0:
                break
            os.waitpid(pid, 0)
        die_with_parent()
        os.close(asks_read)
        self._asked = {**self._asked, "rounds": 0, "stop": False}
        self._moments = deque(json.loads(line))
        self._keeper_pipe = told_write
        self._plan()
        return True

    def _look_closer(self) -> None:
        """Where it was decided: moments between the two neighbours, from the last keeper before them."""
        for _ in range(self._asked.get("rounds", 0)):
            found = decisive(self.told, self._asked.get("rule"))
            if found is None:
                return
            first, last = (moment["at_event"] for moment in self.told[found : found + 2])
            count = min(CLOSER, last - first - 1)
            events = [first + (last - first) * part // (count + 1) for part in range(1, count + 1)]
            if not events:
                return
            asks, hears = self._keepers[max(event for event in self._keepers if event <= first)]
            write_all(asks, encode_line([{"event": event} for event in events]))
            said = b""
            while not said.endswith(b"\n"):
                data = os.read(hears, 65_536)
                if not data:
                    return
                said += data
            closer = [entry for entry in json.loads(said) if first < entry["at_event"] < last]
            if not closer:
                return
            self.told[found + 1 : found + 1] = closer

    def _tell_keeper(self) -> None:
        """In what a keeper sent on: its moments are told, and it ends."""
        assert self._keeper_pipe is not None
        write_all(self._keeper_pipe, encode_line(self.told))
        os._exit(0)

    def _forget_keepers(self) -> None:
        for descriptors in self._keepers.values():
            for descriptor in descriptors:
                os.close(descriptor)
        self._keepers = {}


def resident_mb() -> float:
    """Memory of this process that is in use, shared or not."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def branch_seed(step: int, number: int) -> int:
    """The seed of a branch: another one for every moment, the same whenever it is asked for."""
    return step * 1_000_000 + number


def shared_prefix(us: int, times: int, deadline_s: float) -> dict[str, Any]:
    """What a job says to be forked at a moment so often and to end there; each branch tells all of its result."""
    moments = [{"us": us}]
    asked = {"moments": moments, "times": times, "jobs": 1, "deadline_s": deadline_s}
    return {
        "branch": {**asked, "stop": True, "whole": True},
        "deadline_s": deadline_s * (times + 1),
    }


def fails(branch: dict[str, Any], rule: str | None) -> bool:
    """Whether a branch broke the rule (None: failed in any way)."""
    if rule is None:
        return branch["verdict"] not in ("pass", "stopped")
    return rule in branch.get("rules", ())


def share(moment: dict[str, Any], rule: str | None) -> float:
    branches = moment["branches"]
    return sum(fails(branch, rule) for branch in branches) / max(1, len(branches))


def steepest(moments: list[dict[str, Any]], rule: str | None) -> int | None:
    """The moment between which and the next one the share of failures changes most. Only changes beyond chance count
    (their intervals have nothing in common); None when there is none."""
    steps = [
        (abs(share(after, rule) - share(before, rule)), -number)
        for number, (before, after) in enumerate(zip(moments, moments[1:]))
        if _apart(_interval(before, rule), _interval(after, rule))
    ]
    return -max(steps)[1] if steps else None


def decisive(moments: list[dict[str, Any]], rule: str | None) -> int | None:
    """The moment after which it was decided: from the next one on every branch fails, and here one in ten did not.
    Where no failure gets inevitable so, the steepest."""
    for number in range(len(moments) - 1, 0, -1):
        if share(moments[number], rule) < 1:
            break
        if share(moments[number - 1], rule) <= 0.9:
            return number - 1
    return steepest(moments, rule)


def _interval(moment: dict[str, Any], rule: str | None) -> tuple[float, float]:
    branches = moment["branches"]
    return wilson(sum(fails(branch, rule) for branch in branches), len(branches))


def _apart(one: tuple[float, float], two: tuple[float, float]) -> bool:
    return one[1] < two[0] or two[1] < one[0]


def wilson(hits: int, times: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson's: right at 0 and at 1, too)."""
    if times == 0:
        return 0.0, 1.0
    z = 1.959964
    middle = (hits + z * z / 2) / (times + z * z)
    half = z / (times + z * z) * math.sqrt(hits * (times - hits) / times + z * z / 4)
    return max(0.0, middle - half), min(1.0, middle + half)


def _hear(under_way: dict[int, Branch]) -> list[Branch]:
    """Waits until a branch says something, ends, or must be ended; those that ended."""
    deadlines = (branch.deadline for branch in under_way.values() if not branch.late)
    soonest = min(deadlines, default=None)
    timeout = None if soonest is None else max(0.0, soonest - monotonic())
    ready, _, _ = select.select(list(under_way), [], [], timeout)
    over = []
    for read in ready:
        branch = under_way[read]
        data = os.read(read, 65_536)
        if data:
            branch.said += data
            continue
        os.close(read)
        del under_way[read]
        os.waitpid(branch.pid, 0)
        over.append(branch)
    for branch in under_way.values():
        if not branch.late and monotonic() >= branch.deadline:
            branch.late = True
            os.kill(branch.pid, signal.SIGKILL)
    return over


def _said(branch: Branch) -> dict[str, Any]:
    if branch.said.endswith(b"\n"):
        told: dict[str, Any] = json.loads(branch.said)
        return told
    verdict, rule = ("not metered", NOT_METERED) if branch.late else ("crash", CRASH)
    return {"verdict": verdict, "rules": [rule], "hash": "", "events": 0, "failures": []}


def _brief(result: dict[str, Any]) -> dict[str, Any]:
    failures = result.get("failures", [])
    return {
        "verdict": result["verdict"],
        "rules": sorted({failure["rule"] for failure in failures}),
        "signature": failures[0].get("signature", "") if failures else "",
        "hash": result.get("hash", ""),
        "events": result.get("events", 0),
        "simulated_us": result.get("simulated_us", 0),
    }
