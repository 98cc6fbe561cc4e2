"""The results file: one JSON line a run of `explore`, appended, so that nights add up and any tool can read them.

{"orrery":1,"at":"2026-01-31T02:00:00Z","target":...,"app":...,"build":...,"seed":...,"faults":...,"verdict":...,
 "hash":...,"events":...,"simulated_us":...,"seconds":...,"new":...}  and, of a run that failed, "rule", "signature",
"reason"; of one that a kept capsule asked for, "kept"; of one that had more than seed and faults, "extra".
`new`: how many things it was the first of its exploration to show (coverage.py).
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from orrery import capsule as capsules
from orrery.errors import UserError
from orrery.exploration import Plan, Run
from orrery.outcome import Outcome
from orrery.places import shown

KEPT_MAX = 50
_EXTRA_SHOWN_MAX = 2_000


class ResultsFile:
    """Appends lines; a line is written whole or not at all. Use as a context manager. The file is made with its first
    line: an exploration that is broken off before a run has ended leaves nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: int | None = None
        # What can be known to fail is told before any run.
        folder = next((parent for parent in path.parents if parent.exists()), path)
        if path.is_dir() or not folder.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
            raise UserError(f"cannot write {shown(path)}: it is a folder, lies in none, or is not yours")

    def _open(self) -> int:
        if self._file is None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            except OSError as error:
                raise UserError(f"cannot write {shown(self.path)}: {error.strerror}") from None
        return self._file

    def __enter__(self) -> "ResultsFile":
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            os.close(self._file)

    def add(self, plan: Plan, outcome: Outcome, new: int) -> None:
        line: dict[str, Any] = {
            "orrery": 1,
            "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "target": plan.summary.target,
            "app": plan.scenario.get("app", ""),
            "build": plan.worker.build,
            "seed": outcome.seed,
            "faults": outcome.faults,
            "verdict": outcome.verdict,
            "hash": outcome.hash,
            "events": outcome.events,
            "simulated_us": outcome.simulated_us,
            "seconds": outcome.seconds,
            "new": new,
        }
        if outcome.failures:
            line.update({key: outcome.failures[0].get(key) for key in ("rule", "signature", "reason")})
        extra = dict(outcome.extra)
        kept = extra.pop("kept", None)
        if kept:
            line["kept"] = kept
        if extra and len(json.dumps(extra)) <= _EXTRA_SHOWN_MAX:
            line["extra"] = extra
        os.write(self._open(), json.dumps(line, ensure_ascii=False).encode("utf-8") + b"\n")


def kept_runs(out: Path, target: str, weaken: dict[str, Any]) -> list[Run]:
    """The runs of capsules kept in a folder for this target, the youngest first; what is damaged or of another
    configuration is left out."""
    if not out.is_dir():
        return []
    found = []
    for path in sorted(out.glob("*.capsule.json"), key=lambda path: -path.stat().st_mtime):
        try:
            capsule = capsules.read(path)
        except UserError:
            continue
        if capsule.target == target and capsule.weaken == weaken and capsule.requests is None:
            found.append(Run(capsule.faults, capsule.seed, {"schedule": None, **capsule.extra(), "kept": shown(path)}))
    return found[:KEPT_MAX]
