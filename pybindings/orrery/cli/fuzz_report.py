"""`orrery conform --fuzz`: runs the search and tells what it found, or records."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from orrery import fuzz
from orrery.cli import common
from orrery.files import write_whole
from orrery.places import shown
from orrery.report import Reporter, out_line


def run(count: int, first_seed: int, out: Path, as_json: bool) -> int:
    """Runs `count` programs; gives the exit code."""
    started = time.monotonic()
    with Reporter("fuzz", not as_json) as reporter:
        result = fuzz.run(count, first_seed, reporter.update)
    document = _document(result, first_seed, time.monotonic() - started)
    if result.found or result.broken:
        path = out / "fuzz.json"
        write_whole(path, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
        document["file"] = shown(path)
    if as_json:
        common.print_json(document)
    else:
        _show(document)
    return common.exit_code(document["verdict"])


def record(count: int, first_seed: int, as_json: bool) -> int:
    """Records what workerd answers to `count` programs; gives the exit code."""
    kept = fuzz.record(count, first_seed)
    if as_json:
        document = {"orrery": 1, "command": "conform", "verdict": "pass", "recorded": kept, "of": count}
        common.print_json(document)
    else:
        out_line(f"{kept} of {count} programs recorded: the others are answered now this, now that")
    return common.exit_code("pass")


def _document(result: fuzz.Result, first_seed: int, seconds: float) -> dict[str, Any]:
    return {
        "orrery": 1,
        "command": "conform",
        "verdict": "fail" if result.found or result.broken else "pass",
        "seconds": round(seconds, 1),
        "workerd": result.workerd,
        "first_seed": first_seed,
        "programs": result.programs,
        "marks": result.marks,
        "hasty": result.hasty,
        "unsteady": result.unsteady,
        "broken": [{"rule": rule, "reason": reason} for rule, reason in result.broken.items()],
        "explained": [{"why": why, "seeds": seeds} for why, seeds in result.explained.items()],
        "differences": [
            {
                "seeds": found.seeds,
                "minimal": found.shrunk,
                "program": found.said.program,
                "workerd": found.said.workerd,
                "here": found.said.here,
            }
            for found in result.found
        ],
    }


def _tell(seeds: list[int], what: str) -> None:
    if seeds:
        named = ", ".join(map(str, seeds[:10])) + (", ..." if len(seeds) > 10 else "")
        out_line(f"{len(seeds)} {what}: {named}")


def _show(document: dict[str, Any]) -> None:
    def text(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False)

    for found in document["differences"]:
        seeds = ", ".join(map(str, found["seeds"]))
        if not found["minimal"]:
            out_line(f"program {seeds} differs (not shrunk: {shown(fuzz.ROOM)} draws it from its number)")
            continue
        out_line(f"program {seeds} differs:")
        out_line(f"  {text(found['program'])}")
        out_line(f"  workerd {text(found['workerd'])}")
        out_line(f"  here    {text(found['here'])}")
    for broken in document["broken"]:
        out_line(f"{broken['rule']} is broken: {broken['reason']}")
    for explained in document["explained"]:
        out_line(f"{len(explained['seeds'])} known: {explained['why']}")
    _tell(document["hasty"], "to which workerd answers the same as here only when it has time")
    _tell(document["unsteady"], "to which workerd answers now this, now that")
    if "file" in document:
        out_line(f"all of it: {document['file']}")
    out_line(
        f"{document['verdict']}: {document['programs']} programs, {document['marks']} marks, "
        f"{len(document['differences'])} unexplained differences, against workerd {document['workerd']} "
        f"in {document['seconds']:.1f} s"
    )
