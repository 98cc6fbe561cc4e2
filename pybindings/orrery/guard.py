"""Keeps real time and real chance out of a scenario's Python, as far as Python lets us.

Applied in the child process of one run, never in the parent. The clocks of `time` show the world's
time (libraries read them while they are imported, so refusing would break those); waiting on them
is refused. `random`, `os.urandom` and with it `uuid` and `secrets` draw from the run's seed.
`datetime.now()` is C code that cannot be replaced here, which is why the README names it among the
things a scenario must not use.
"""

from __future__ import annotations

import gc
import hashlib
import os
import random
import time
from typing import Any, Callable

from orrery.driver import ScenarioError

#: What time.time() shows when a world begins: 2026-01-01T00:00:00Z.
EPOCH_S = 1_767_225_600
_CLOCKS = ("time", "monotonic", "perf_counter", "process_time", "thread_time")


def seal(seed: int, now_us: Callable[[], int]) -> None:
    """From here on this process knows only the world's time and chance. Irreversible."""
    for name in _CLOCKS:
        start_us = EPOCH_S * 1_000_000 if name == "time" else 0
        setattr(time, name, lambda start_us=start_us: (start_us + now_us()) / 1e6)
        setattr(time, f"{name}_ns", lambda start_us=start_us: (start_us + now_us()) * 1000)
    setattr(time, "sleep", _refuse_sleep)
    reseed(seed)
    # The collector runs finalizers at moments that depend on allocation counts; a run is
    # short-lived.
    gc.disable()


def reseed(seed: int | str) -> None:
    """From here on chance is drawn from this seed."""
    random.seed(seed)
    drawn = 0

    def urandom(count: int) -> bytes:
        nonlocal drawn
        drawn += 1
        return hashlib.shake_256(f"orrery urandom {seed} {drawn}".encode()).digest(count)

    os.urandom = urandom
    random._urandom = urandom  # type: ignore[attr-defined]


def _refuse_sleep(*_: Any) -> None:
    raise ScenarioError(
        "time.sleep() waits in real time, which does not exist in a world; write await world.sleep(...)"
    )
