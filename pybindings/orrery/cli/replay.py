"""`orrery replay`: a capsule's run again, recorded."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import click

from orrery import capsule as capsules
from orrery.cli import common
from orrery.errors import DRIFT, UserError
from orrery.outcome import Outcome
from orrery.places import shown
from orrery.pool import Pool, Worker
from orrery.report import error_console, out_console, show_failure
from orrery.targets import parse_target


@click.command("replay")
@click.argument("capsule", type=click.Path(path_type=Path))
@click.option("--until", "until_us", type=common.SPAN, help="Stop at this simulated time.")
@click.option(
    "--trace",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the full trace (SQLite).",
)
@click.option("--break", "break_rule", metavar="RULE", help="Stop where this rule is broken.")
@common.deadline_option
@common.json_option
def command(
    capsule: Path,
    until_us: int | None,
    trace: Path | None,
    break_rule: str | None,
    deadline_us: int,
    as_json: bool,
) -> int:
    """Run CAPSULE again: the same events in the same order, or a message where and why it is
    another run.

    The exit code is that of the run itself (11 for a broken rule), or 13 when it is not the same
    run.
    """
    wanted = capsules.read(capsule)
    started = time.monotonic()
    with Pool(1, deadline_us / 1e6) as pool:
        worker, outcome = replay(pool, wanted, capsule, until_us, trace, break_rule=break_rule)
        whole = until_us is None and break_rule is None
        if whole and outcome.hash != wanted.expect.get("hash", outcome.hash):
            # Looking up source lines takes memory, which a run at its limit feels.
            worker, outcome = replay(pool, wanted, capsule, until_us, trace, positions=False)
        notes = _differences(wanted, worker)
    same = (
        not whole
        or not wanted.expect.get("hash")
        or outcome.hash == wanted.expect["hash"]
    )
    verdict = outcome.verdict if same else "drift"
    overrides = outcome.result.get("overrides")
    now = became(wanted, outcome)
    for failure in outcome.failures:
        failure["capsule"] = shown(capsule)
    result = {
        "orrery": 1,
        "command": "replay",
        "build": worker.build,
        "verdict": verdict,
        "seconds": round(time.monotonic() - started, 3),
        "same": same,
        "hash": outcome.hash,
        "events": outcome.events,
        "simulated_us": outcome.simulated_us,
        "failures": outcome.failures,
        "overrides": overrides,
        "now": now,
        "notes": notes,
        "console": outcome.result.get("console", []),
    }
    if as_json:
        common.print_json(result)
    else:
        _show(wanted, outcome, same, whole, notes)
        if break_rule is not None and all(f["rule"] != break_rule for f in outcome.failures):
            out_console().print(f"{break_rule} was not broken", markup=False)
    if not same:
        return DRIFT
    return 0 if verdict == "stopped" else common.exit_code(verdict)


def replay(
    pool: Pool,
    wanted: capsules.Capsule,
    path: Path,
    until_us: int | None = None,
    trace: Path | None = None,
    positions: bool = True,
    break_rule: str | None = None,
) -> tuple[Worker, Outcome]:
    """Runs a capsule once with recording on, with the source lines of writes or without. A trace file appears whole or not at all."""
    worker = worker_of(pool, wanted, path)
    job = {**wanted.job(), "scenario": worker.scenarios[0]["name"], "record": True, "positions": positions}
    if until_us is not None:
        job["until_us"] = until_us
    if break_rule is not None:
        job["until_rule"] = break_rule
    with _beside(trace) as temporary:
        if temporary is not None:
            job["trace"] = str(temporary)
        outcome = pool.run(worker, job)
        if temporary is not None and trace is not None and temporary.exists():
            os.replace(temporary, trace)
    return worker, outcome


def worker_of(pool: Pool, wanted: capsules.Capsule, path: Path) -> Worker:
    """A worker with the one scenario that a capsule is of, found as it is, near `path`, or in the checkout."""
    near = (path.resolve().parent, path.resolve().parent.parent)
    target = parse_target(wanted.target, near=near, beside=wanted.beside)
    worker = pool.open(target.load())
    names = [scenario["name"] for scenario in worker.scenarios]
    if len(names) != 1:
        raise UserError(
            f"the target {wanted.target} has several scenarios ({', '.join(names)}); name one with ::name"
        )
    return worker


class _beside:
    """A temporary name beside a file, removed at the end if it is still there."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def __enter__(self) -> Path | None:
        if self._path is None:
            return None
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._folder = tempfile.TemporaryDirectory(
                prefix=".orrery-", dir=self._path.resolve().parent
            )
        except OSError as error:
            raise UserError(f"cannot write {shown(self._path)}: {error.strerror}") from None
        return Path(self._folder.name) / "trace.sqlite"

    def __exit__(self, *_: object) -> None:
        if self._folder is not None:
            self._folder.cleanup()


def _differences(wanted: capsules.Capsule, worker: Worker) -> list[str]:
    """What is not as it was when the capsule was written, and so may make another run of it."""
    notes = []
    if wanted.build and wanted.build != worker.build:
        notes.append(
            f"the capsule is of build {wanted.build[:12]}, this is build {worker.build[:12]}"
        )
    app = worker.scenarios[0].get("app", "")
    if wanted.app and wanted.app != app:
        notes.append("the app's source has changed since the capsule was written")
    return notes


def became(wanted: capsules.Capsule, outcome: Outcome) -> str:
    """What became of a capsule's failure in a run of it: "still there", "the same rule, broken in another way", "another
    failure: RULE", "gone"; empty when the capsule names none."""
    rule, named = wanted.expect.get("rule"), wanted.expect.get("signature")
    if not rule:
        return ""
    same_rule = [failure for failure in outcome.failures if failure["rule"] == rule]
    if any(failure.get("signature") == named for failure in same_rule):
        return "still there"
    if same_rule:
        return "the same rule, broken in another way"
    return f"another failure: {outcome.failures[0]['rule']}" if outcome.failures else "gone"


def _show(
    wanted: capsules.Capsule, outcome: Outcome, same: bool, whole: bool, notes: list[str]
) -> None:
    console = out_console()
    for failure in outcome.failures:
        failure.pop("capsule", None)
        show_failure(console, failure, outcome.events)
    if not whole:
        console.print(
            f"stopped at {outcome.simulated_us / 1e6:.6f} s after {outcome.events:,} events",
            markup=False,
        )
    elif same and wanted.expect.get("hash"):
        console.print(
            f"the same run: hash {outcome.hash[:16]}, {outcome.events:,} events", markup=False
        )
    elif not same:
        expected = wanted.expect
        console.print(
            f"NOT the same run: hash {outcome.hash[:16] or '-'} with {outcome.events:,} events and verdict {outcome.verdict}, "
            f"but the capsule says {expected['hash'][:16]} with {expected.get('events', 0):,} events and verdict "
            f"{expected.get('verdict', '-')}",
            markup=False,
            soft_wrap=True,
            style="bold red",
        )
    if outcome.result.get("overrides"):
        applied, given = outcome.result["overrides"]
        console.print(f"{applied:,} of {given:,} overrides applied", markup=False)
    if not same and (now := became(wanted, outcome)):
        console.print(f"the failure of {wanted.expect['rule']}: {now}", markup=False)
    for note in notes:
        error_console().print("note:", note, markup=False)
