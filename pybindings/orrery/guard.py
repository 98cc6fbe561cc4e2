"""Keeps real time and real chance out of a scenario's Python, as far as Python lets us.

Applied in the child process of one run, never in the parent. The clocks of `time` raise; `random`,
`os.urandom` and with it `uuid` and `secrets` draw from the run's seed. `datetime.now()` is C code that
cannot be replaced here, which is why the README names it among the things a scenario must not use.
"""

from __future__ import annotations

import gc
import hashlib
import os
import random
import time
from typing import Any

from orrery.driver import ScenarioError

_CLOCKS = ("time", "monotonic", "perf_counter", "process_time", "thread_time")


def seal(seed: int) -> None:
    """From here on this process knows only the world's time and chance. Irreversible."""
    for name in _CLOCKS:
        setattr(time, name, _refuse(f"time.{name}()", "world.now"))
        setattr(time, f"{name}_ns", _refuse(f"time.{name}_ns()", "world.now_us"))
    time.sleep = _refuse("time.sleep()", "await world.sleep(...)")
    random.seed(seed)
    drawn = 0

    def urandom(count: int) -> bytes:
        nonlocal drawn
        drawn += 1
        return hashlib.shake_256(f"orrery urandom {seed} {drawn}".encode()).digest(count)

    os.urandom = urandom
    random._urandom = urandom  # type: ignore[attr-defined]
    # The collector runs finalizers at moments that depend on allocation counts; a run is short-lived.
    gc.disable()


def _refuse(what: str, instead: str) -> Any:
    def refuse(*_: Any) -> Any:
        raise ScenarioError(f"{what} is real time, which does not exist in a world; use {instead}")

    return refuse
