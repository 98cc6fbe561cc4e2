"""`orrery branch`: how likely a failure was at each moment of a run, by forking it there."""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from orrery import capsule as capsules
from orrery.branching import decisive, fails, wilson
from orrery.capsule import Capsule
from orrery.cli import common
from orrery.cli.replay import worker_of
from orrery.errors import DRIFT, PASS, UserError
from orrery.outcome import Outcome
from orrery.places import shown
from orrery.pool import Pool, Worker, default_jobs
from orrery.report import Reporter, error_console, out_console, out_line

MOMENTS = 12
ROUNDS = 3
EVENTS_SHOWN = 5
#: Kinds of events (or what they begin with) that are shown rather than others: first what changes what can still
#: happen, then what apps and clients notice.
_TELLING = (
    ("fault.", "host.crash", "host.pause", "host.resume", "pop.", "object.started", "object.ended", "scenario.note")
    + ("durable.granted", "durable.deposed", "durable.recovered", "durable.session", "durable.follower_lost"),
    ("object.", "client.", "alarm.", "kv.", "durable."),
)
_BAR = 24
#: The whole of a run with its branches ends sometime; each branch has the deadline of a run.
_WHOLE_S = 24 * 3600.0


@click.command("branch")
@click.argument("capsule", type=click.Path(path_type=Path))
@click.option("--at", "at_us", type=common.SPAN, help="Fork at this simulated time alone.")
@click.option("--at-event", type=click.IntRange(0), help="Fork when so many events have happened.")
@click.option(
    "--times", type=click.IntRange(1), default=20, show_default=True, help="Branches at each moment."
)
@click.option(
    "--moments", type=click.IntRange(2), default=MOMENTS, show_default=True,
    help="Moments over the whole run, before a closer look where the failure comes.",
)
@common.jobs_option
@common.deadline_option
@common.out_option
@common.json_option
def command(
    capsule: Path,
    at_us: int | None,
    at_event: int | None,
    times: int,
    moments: int,
    jobs: int | None,
    deadline_us: int,
    out: Path,
    as_json: bool,
) -> int:
    """Take CAPSULE's run to a moment, fork it there, and draw each child's future anew: how many fail?

    Without --at or --at-event: at moments all over the run, closer where it was decided, so that one sees when the
    failure became inevitable. What happened before the moment stays, and so do faults that
    have begun; all that is drawn after it is drawn anew, the preset's faults that have not begun too. A branch
    that fails as the capsule does is kept as a capsule of its own.
    """
    if at_us is not None and at_event is not None:
        raise UserError("--at and --at-event name two moments; give one")
    wanted = capsules.read(capsule)
    started = time.monotonic()
    deadline_s = deadline_us / 1e6
    with Pool(1, _WHOLE_S) as pool, Reporter("branch", not as_json) as reporter:
        worker = worker_of(pool, wanted, capsule)
        job = {"scenario": worker.scenarios[0]["name"], **wanted.job()}
        run = pool.run(worker, {**job, "deadline_s": deadline_s})
        if at_us is None and at_event is None and not run.events:
            raise UserError(f"the run has no moments to look at: {run.failures[0]['reason']}", code=10)
        asked: dict[str, Any] = {
            "times": times,
            "jobs": jobs or default_jobs(),
            "deadline_s": deadline_s,
            "rule": _rule(wanted, run),
        }
        if at_us is not None:
            asked.update(moments=[{"us": at_us}], stop=True)
        elif at_event is not None:
            asked.update(moments=[{"event": at_event}], stop=True)
        else:
            every = [run.events * number // moments for number in range(moments)]
            asked.update(moments=[{"event": event} for event in every], rounds=ROUNDS)
        told = _fan(pool, worker, {**job, "branch": asked}, reporter, times * len(asked["moments"]))
        if not told:
            raise UserError(
                f"the run is over after {run.simulated_us / 1e6:.6f} s and {run.events:,} events; "
                "there is no such moment in it"
            )
        result = _result(wanted, run, asked["rule"], told, at_us is None and at_event is None)
        before, after = _step(result, run)
        result["before"] = (
            _events(pool, worker, job, before, after) if before is not None else []
        )
    kept = _keep(wanted, told, asked["rule"], worker, out)
    result = {
        "orrery": 1,
        "command": "branch",
        "build": worker.build,
        "verdict": "pass" if result["same"] else "drift",
        "seconds": round(time.monotonic() - started, 3),
        **result,
        "capsule": shown(kept) if kept else None,
    }
    if as_json:
        common.print_json(result)
    else:
        _show(result)
    return PASS if result["same"] else DRIFT


def _rule(wanted: Capsule, run: Outcome) -> str | None:
    """Whose breach is counted: the capsule's rule, or that of the run."""
    rule: str | None = wanted.expect.get("rule")
    return rule or (run.failures[0]["rule"] if run.failures else None)


def _fan(
    pool: Pool, worker: Worker, job: dict[str, Any], reporter: Reporter, planned: int
) -> list[dict[str, Any]]:
    """The moments of a run and how their branches ended."""
    with tempfile.TemporaryDirectory(prefix="orrery-branch-") as folder:
        progress = Path(folder) / "progress"
        progress.touch()
        job = {**job, "branch": {**job["branch"], "progress": str(progress)}}
        pool.submit(worker, job)
        while (end := pool.next(0.5)) is None:
            done = os.stat(progress).st_size
            reporter.update(done, max(done, planned), "branches")
    if end[1].verdict in ("crash", "not metered"):
        raise UserError(f"the run did not reach its moments: {end[1].failures[0]['reason']}", code=10)
    told: list[dict[str, Any]] = end[1].result.get("moments", [])
    return told


def _result(
    wanted: Capsule, run: Outcome, rule: str | None, told: list[dict[str, Any]], ladder: bool
) -> dict[str, Any]:
    moments = []
    for moment in told:
        branches = moment["branches"]
        same = sum(fails(branch, rule) for branch in branches)
        low, high = wilson(same, len(branches))
        moments.append(
            {
                "at_us": moment["at_us"],
                "at_event": moment["at_event"],
                "at_step": moment["at_step"],
                "times": len(branches),
                "failed_same": same,
                "failed_any": sum(fails(branch, None) for branch in branches),
                "p": round(same / max(1, len(branches)), 4),
                "low": round(low, 4),
                "high": round(high, 4),
                "branches": branches,
            }
        )
    surely = None
    for moment in reversed(moments):
        if moment["failed_same"] < moment["times"]:
            break
        surely = moment
    step = decisive(told, rule) if ladder else None
    expected = wanted.expect.get("hash")
    return {
        "rule": rule,
        "same": not expected or expected == run.hash,
        "run": {
            "verdict": run.verdict,
            "hash": run.hash,
            "events": run.events,
            "simulated_us": run.simulated_us,
        },
        "moments": moments,
        "inevitable": {key: surely[key] for key in ("at_us", "at_event")} if ladder and surely else None,
        "decided": None if step is None else moments[step + 1]["at_event"],
    }


def _step(
    result: dict[str, Any], run: Outcome
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """The two moments between which it was decided."""
    moments = result["moments"]
    for number in range(1, len(moments)):
        if moments[number]["at_event"] == result["decided"]:
            return moments[number - 1], moments[number]
    return None, None


def _events(
    pool: Pool,
    worker: Worker,
    job: dict[str, Any],
    before: dict[str, Any],
    after: dict[str, Any] | None,
) -> list[dict[str, Any]]:
    """What happened between two moments: the run once more, recorded. Faults first, then what was last."""
    assert after is not None
    with tempfile.TemporaryDirectory(prefix="orrery-branch-") as folder:
        path = Path(folder) / "trace.sqlite"
        asked = {**job, "record": True, "positions": False, "trace": str(path)}
        pool.run(worker, {**asked, "until_us": after["at_us"], "deadline_s": 600})
        if not path.exists():
            return []
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            rows = connection.execute(
                "SELECT seq, t_us, lane, kind, text FROM event WHERE seq > ? AND seq <= ? ORDER BY seq",
                (before["at_event"], after["at_event"]),
            ).fetchall()
        finally:
            connection.close()
    events = [dict(zip(("event", "at_us", "lane", "kind", "text"), row)) for row in rows]
    chosen = sorted(events, key=lambda event: (_rank(event["kind"]), -event["event"]))[:EVENTS_SHOWN]
    return sorted(chosen, key=lambda event: event["event"])


def _rank(kind: str) -> int:
    return next((rank for rank, kinds in enumerate(_TELLING) if kind.startswith(kinds)), len(_TELLING))


def _keep(
    wanted: Capsule, told: list[dict[str, Any]], rule: str | None, worker: Worker, out: Path
) -> Path | None:
    """A capsule of the first branch that failed as the run did."""
    for moment in told:
        for branch in moment["branches"]:
            if not fails(branch, rule) or not branch["hash"]:
                continue
            redraw = [*wanted.redraw, {"at_step": moment["at_step"], "seed": branch["seed"]}]
            expect = {"verdict": branch["verdict"], "hash": branch["hash"], "events": branch["events"]}
            if rule is not None:
                expect["rule"] = rule
            if branch.get("signature"):
                expect["signature"] = branch["signature"]
            name = worker.scenarios[0]["name"]
            path = out / f"{name}-{wanted.seed}-branch-{branch['seed']}.capsule.json"
            replace(wanted, redraw=redraw, expect=expect, build=worker.build).write(path)
            return path
    return None


def _show(result: dict[str, Any]) -> None:
    console = out_console()
    what = f"broke {result['rule']}" if result["rule"] else "failed"
    console.print(
        f"  simulated       event    {what}, of branches from here", style="bold", markup=False
    )
    for moment in result["moments"]:
        bar = "#" * round(moment["p"] * _BAR)
        other = moment["failed_any"] - moment["failed_same"]
        more = f", {other} failed otherwise" if other > 0 else ""
        out_line(
            f"{moment['at_us'] / 1e6:>10.6f} s {moment['at_event']:>9,}    {bar:<{_BAR}} "
            f"{moment['failed_same']:>3} of {moment['times']} "
            f"({100 * moment['low']:.0f}-{100 * moment['high']:.0f} %){more}"
        )
    if result["decided"] is not None:
        out_line("decided by one of:")
        for event in result["before"]:
            out_line(f"  {event['at_us'] / 1e6:.6f}  {event['lane']}  {event['text'] or event['kind']}")
    if result["inevitable"]:
        at = result["inevitable"]
        out_line(f"inevitable from {at['at_us'] / 1e6:.6f} s (event {at['at_event']:,})")
    elif len(result["moments"]) > 1:
        out_line("never inevitable: chance has its say to the end")
    if result["capsule"]:
        out_line(f"a branch that failed so: ./orrery replay {result['capsule']}")
    if not result["same"]:
        error_console().print(
            "note: this run is not the capsule's (the code has changed?); the shares are of the run as it is now",
            style="bold red", markup=False,
        )
