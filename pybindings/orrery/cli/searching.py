"""`orrery explore --sweep KIND` and `orrery explore --exhaustive`: searches that know when they have seen everything."""

from __future__ import annotations

import functools
import time
from pathlib import Path
from typing import Any, Callable

import click

from orrery.cli import common
from orrery.errors import UserError, worst
from orrery.exhaustive import exhaust
from orrery.pool import Pool
from orrery.report import Reporter, out_console, show_failure
from orrery.schedule import SCHEDULES, SWEEPS, is_schedule
from orrery.search import Search
from orrery.sweep import sweep
from orrery.targets import Target

NO_LIMIT = 2**40
POINTS_SHOWN = 20


def _schedule(_context: Any, _parameter: Any, text: str | None) -> str | None:
    if text is not None and not is_schedule(text):
        raise click.BadParameter(f"{text!r} is not one of {SCHEDULES}")
    return text


def schedule_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--schedule",
        metavar="STRATEGY",
        callback=_schedule,
        help=f"Who orders what is simultaneous and steers delays: {SCHEDULES}.",
    )(function)


def search_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Those of explore that ask for a sweep or an exhaustive search; they come as one dictionary, `search`."""
    options = (
        click.option("--exhaustive", is_flag=True, help="Every order of what happens at one instant, on median delays."),
        click.option("--sweep", "kind", type=click.Choice(SWEEPS), help="Fail the n-th of these, for n = 1, 2, 3 ..."),
        click.option("--from", "start", type=click.IntRange(1), help="Sweep: the first n.  [default: 1]"),
        click.option("--max", "most", type=click.IntRange(1), help="Sweep: at most so many n."),
        click.option("--seed", "seed", type=common.SEED, help="Sweep and exhaustive: the seed of every run.  [default: 1]"),
    )

    @functools.wraps(function)
    def gathered(**given: Any) -> Any:
        search = {key: given.pop(key) for key in ("exhaustive", "kind", "start", "most", "seed")}
        return function(**given, search=search)

    for option in reversed(options):
        gathered = option(gathered)
    return gathered


def asked(search: dict[str, Any]) -> bool:
    """Whether a search is what is wanted; UserError when its options contradict each other."""
    if search["exhaustive"] and search["kind"]:
        raise UserError("--exhaustive and --sweep are two searches: ask for one of them")
    alone = [name for name, key in (("--from", "start"), ("--max", "most")) if search[key] is not None]
    if alone and not search["kind"]:
        raise UserError(f"{alone[0]} is for --sweep")
    if search["seed"] is not None and not (search["exhaustive"] or search["kind"]):
        raise UserError("--seed is for --sweep and --exhaustive; seeds to explore begin at --first-seed")
    return bool(search["exhaustive"] or search["kind"])


def run(
    found: Target,
    job: dict[str, Any],
    search: dict[str, Any],
    *,
    faults: str | None,
    budget_us: int | None,
    jobs: int | None,
    deadline_us: int,
    out: Path,
    as_json: bool,
) -> int:
    """The whole command, once the target and the options that all searches share are read."""
    if search["exhaustive"] and faults not in (None, "none"):
        raise UserError(
            "--exhaustive has no drawn faults: chance takes its defaults, and only orders are tried",
            hint="A scenario's own faults (world.at(...)) happen in every run.",
        )
    job = {**job, "seed": 1 if search["seed"] is None else search["seed"], "faults": faults or "none"}
    started = time.monotonic()
    entries: list[dict[str, Any]] = []
    with Pool(jobs, deadline_us / 1e6) as pool, Reporter("explore", not as_json) as reporter:
        worker = pool.open(found.load())
        for scenario in worker.scenarios:
            one = _exhaust if search["exhaustive"] else _sweep
            entries.append(one(pool, worker, scenario, job, search, reporter, common.seconds(budget_us), out))
    document = common.document("explore", worker.build, time.monotonic() - started, entries)
    document["search"] = search["kind"] or "exhaustive"
    if as_json:
        common.print_json(document)
    else:
        for entry in entries:
            _show(entry, job, document["seconds"])
    return common.exit_code(worst([entry["verdict"] for entry in entries]))


def _sweep(
    pool: Pool,
    worker: Any,
    scenario: dict[str, Any],
    job: dict[str, Any],
    search: dict[str, Any],
    reporter: Reporter,
    budget_s: float | None,
    out: Path,
) -> dict[str, Any]:
    wanted = {"kind": search["kind"], "from": search["start"] or 1, "max": search["most"] or NO_LIMIT}

    def progress(now: Search) -> None:
        reporter.update(now.summary.seeds, None, f"{scenario['name']}, {now.failed} failed")

    found, more = sweep(pool, worker, scenario, job, wanted, progress, budget_s)
    found.record(out)
    return found.document(more["points"] is not None, **more)


def _exhaust(
    pool: Pool,
    worker: Any,
    scenario: dict[str, Any],
    job: dict[str, Any],
    _search: dict[str, Any],
    reporter: Reporter,
    budget_s: float | None,
    out: Path,
) -> dict[str, Any]:
    def progress(now: Search, states: int, left: int) -> None:
        text = f"{scenario['name']}, {states} states, {left} left to try, {now.failed} failed"
        reporter.update(now.summary.seeds, None, text)

    found, frontier, whole = exhaust(pool, worker, scenario, job, progress, budget_s)
    found.record(out)
    return found.document(whole, states=frontier.states, left=frontier.left)


def _show(entry: dict[str, Any], job: dict[str, Any], seconds: float) -> None:
    console = out_console()

    def line(text: str) -> None:
        console.print(text, markup=False, soft_wrap=True)

    for failure in entry["failures"]:
        show_failure(console, failure)
    for kind in entry["kinds"]:
        shown = ", ".join(kind["labels"][:POINTS_SHOWN]) + (", ..." if kind["count"] > POINTS_SHOWN else "")
        line(f"{kind['rule']}  signature {kind['signature']}, {kind['count']:,} times: {shown}")
    hit = {point["n"]: point["what"] for point in entry.get("hit", ())}
    for kind in entry["kinds"]:
        number = kind["first"].rpartition(" ")[2]
        if "hit" in entry and int(number) in hit:
            line(f"{kind['first']} is the {hit[int(number)]}")
    failed = sum(kind["count"] for kind in entry["kinds"])
    if "states" in entry:
        if entry["whole"]:
            what = f"all {entry['runs']:,} schedules of {entry['states']:,} states seen"
        else:
            what = f"{entry['runs']:,} schedules of {entry['states']:,} states seen, at least {entry['left']:,} left"
    elif entry["whole"]:
        what = f"all {entry['points']:,} {entry['sweep']} points failed, one a run"
    else:
        what = f"{len(entry['hit']):,} {entry['sweep']} points failed, one a run, and there are more"
    line(
        f"{entry['name']}: {entry['verdict']}  {what}; {failed:,} runs failed, {len(entry['kinds'])} signature"
        f"{'' if len(entry['kinds']) == 1 else 's'}; seed {job['seed']}, faults {job['faults']}, {seconds:.1f} s"
    )
