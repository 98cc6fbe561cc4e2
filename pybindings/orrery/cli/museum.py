"""`orrery museum`: how many seeds it takes to find each planted flaw."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Sequence

import click
from rich.table import Table

from orrery import false_alarms, hunting, museum, native
from orrery.cli import common
from orrery.errors import UserError
from orrery.files import write_whole
from orrery.pool import Pool
from orrery.report import Reporter, out_console


@click.command("museum")
@click.argument("names", nargs=-1)
@click.option(
    "--tries",
    type=click.IntRange(1, 1000),
    default=hunting.TRIES,
    show_default=True,
    help="How often each flaw is looked for, with other seeds each time.",
)
@click.option(
    "--seeds",
    type=click.IntRange(1, hunting.MOST_SEEDS),
    default=hunting.MOST_SEEDS,
    show_default=True,
    help="At most so many in a try.",
)
@click.option("--record", is_flag=True, help="Keep the results in conformance/museum/record.json (shrunk.json).")
@click.option(
    "--resample",
    is_flag=True,
    help="One new try of each, held against the record: exit 11 when the harness finds less than it did.",
)
@click.option(
    "--shrink",
    "budget_us",
    type=common.SPAN,
    is_flag=False,
    flag_value="60s",
    help="Instead, make the recorded failure of each flaw small, in at most so long each (60s).",
)
@click.option(
    "--unflawed",
    "unflawed_runs",
    type=click.IntRange(1),
    metavar="RUNS",
    help="Instead, so many runs of the unflawed platform with right applications, spread evenly over the scenarios of the "
    "suite and the museum: none may fail.",
)
@common.jobs_option
@common.deadline_option
@common.json_option
def command(
    names: tuple[str, ...],
    tries: int,
    seeds: int,
    record: bool,
    resample: bool,
    budget_us: int | None,
    unflawed_runs: int | None,
    jobs: int | None,
    deadline_us: int,
    as_json: bool,
) -> int:
    """Weaken the platform on purpose, one flaw at a time, and explore until the flaw is found: with the
    monitors, and where clients can see it, from histories alone. Passes when each try finds its flaw."""
    flaws = museum.read_flaws()
    unknown = set(names) - {flaw.name for flaw in flaws}
    if unknown:
        raise UserError(
            f"no such flaw: {', '.join(sorted(unknown))}",
            hint="Known are " + ", ".join(flaw.name for flaw in flaws),
        )
    if resample and (record or budget_us is not None):
        raise UserError("--resample is held against the record; it goes with neither --record nor --shrink")
    chosen = [flaw for flaw in flaws if not names or flaw.name in names]
    if budget_us is not None:
        return _shrink(chosen, budget_us / 1e6, record, jobs, deadline_us / 1e6, as_json)
    if unflawed_runs is not None:
        return _unflawed(unflawed_runs, record, jobs, deadline_us / 1e6, as_json)
    started = time.monotonic()
    # The record's tries are 0, 1, ...: a new one has seeds that they did not.
    numbers = range(hunting.TRIES, hunting.TRIES + 1) if resample else range(tries)
    all_tries = hunting.make_tries(chosen, numbers, seeds)
    with Pool(jobs, deadline_us / 1e6) as pool, Reporter("museum", not as_json) as reporter:
        hunting.run_tries(pool, all_tries, lambda over, name: reporter.update(over, len(all_tries), name))
    results = [_result(flaw, all_tries) for flaw in chosen]
    if resample:
        said = hunting.weaker(_recorded_tries(), all_tries)
    else:
        said = [
            f"{flaw['name']} ({way}) was not found in {len(numbers) - flaw[way]['found']} of {len(numbers)} tries"
            for flaw in results
            for way in ("watched", "clients")
            if way in flaw and flaw[way]["found"] < len(numbers)
        ]
    document = {
        "orrery": 1,
        "command": "museum",
        "verdict": "fail" if said else "pass",
        "reasons": said,
        "seconds": round(time.monotonic() - started, 1),
        "flaws": results,
    }
    if record:
        _keep(museum.RECORD, results)
    if as_json:
        common.print_json(document)
    else:
        _show(document, len(numbers), resample)
    return common.exit_code(document["verdict"])


def _result(flaw: museum.Flaw, tries: Sequence[hunting.Try]) -> dict[str, Any]:
    return {"name": flaw.name, "sentence": flaw.sentence} | {
        way: hunting.summary([each for each in tries if each.flaw is flaw and each.way_name == way])
        for way in flaw.ways()
    }


def _recorded_tries() -> dict[tuple[str, str], Sequence[int | None]]:
    return {
        (name, way): flaw[way]["tries"]
        for name, flaw in _kept(museum.RECORD).items()
        for way in ("watched", "clients")
        if way in flaw
    }


def _unflawed(runs: int, record: bool, jobs: int | None, deadline_s: float, as_json: bool) -> int:
    """In rounds; with `record`, each goes on where the record of this build ends, and is kept as soon as it is over."""
    started = time.monotonic()
    build = native.load().build_hash()
    counted = false_alarms.kept(build) if record else false_alarms.empty(build)
    with Pool(jobs, deadline_s) as pool, Reporter("museum", not as_json) as reporter:
        while True:
            had = counted["runs"]
            # How many scenarios there are the first round tells, which is of one seed; with a record, which may be enough already,
            # it is for scenarios that are newer.
            of_each = -(-(runs - had) // len(counted["scenarios"])) if counted["scenarios"] else 1
            seeds = min(max(of_each, 0), false_alarms.ROUND_SEEDS)
            false_alarms.add_round(
                pool, counted, seeds, lambda now: common.show_progress(reporter, now, None, had)
            )
            if record:
                false_alarms.keep(counted)
            if counted["runs"] >= runs:
                break
    if as_json:
        common.print_json({**counted, "seconds": round(time.monotonic() - started, 1)})
        return common.exit_code(counted["verdict"])
    for target, scenario in counted["scenarios"].items():
        for failure in scenario["failures"]:
            print(f"{target} under {scenario['preset']}, seed {failure['seed']}: {failure['rule']} {failure['reason']}")
    print(
        f"{counted['runs']:,} runs of {len(counted['scenarios'])} right scenarios on the unflawed platform, "
        f"{counted['alarms']:,} alarms, {time.monotonic() - started:.0f} s"
    )
    return common.exit_code(counted["verdict"])


def _shrink(
    chosen: list[museum.Flaw], budget_s: float, record: bool, jobs: int | None, deadline_s: float, as_json: bool
) -> int:
    """Shrinks one failure of each flaw; with `record`, each is written as soon as it is known."""
    seeds = {name: flaw["watched"]["seed"] for name, flaw in _kept(museum.RECORD).items()}
    results: list[dict[str, Any]] = []
    with Pool(jobs, deadline_s) as pool, Reporter("museum", not as_json) as reporter:
        for done, flaw in enumerate(chosen):
            reporter.update(done, len(chosen), flaw.name)
            seed = seeds.get(flaw.name)
            try:
                if seed is None:
                    raise UserError(f"no failure of it is recorded; find one with `orrery museum {flaw.name} --record`")
                result = museum.shrink(pool, flaw, seed, budget_s)
            except UserError as error:
                result = {"name": flaw.name, "seed": seed, "error": error.message, "short": False}
            results.append(result)
            if record:
                _keep(museum.SHRUNK, [result])
            if not as_json:
                print(_shrunk_line(result), flush=True)
    if as_json:
        common.print_json({"orrery": 1, "command": "museum", "flaws": results})
    long = [result["name"] for result in results if not result["short"]]
    if not as_json:
        print(f"{len(results) - len(long)} of {len(results)} in at most 12 lines" + (f"; not: {', '.join(long)}" if long else ""))
    return common.exit_code("fail" if long else "pass")


def _kept(path: Path) -> dict[str, dict[str, Any]]:
    """What is recorded of each flaw, by name."""
    if not path.exists():
        return {}
    return {flaw["name"]: flaw for flaw in json.loads(path.read_text(encoding="utf-8"))["flaws"]}


def _keep(path: Path, results: list[dict[str, Any]]) -> None:
    """Adds results to a record; they replace what it held of the same flaws."""
    known = _kept(path) | {result["name"]: result for result in results}
    flaws = [known[flaw.name] for flaw in museum.read_flaws() if flaw.name in known]
    write_whole(path, json.dumps({"orrery": 1, "flaws": flaws}, indent=1) + "\n")


def _shrunk_line(result: dict[str, Any]) -> str:
    if "error" in result:
        return f"{result['name']}: {result['error']}"
    to = result["to"]
    return (
        f"{result['name']}: {result['rule']} {result['from']['events']:,} -> {to['events']:,} events, {to['operations']} requests, "
        f"{to['faults']} faults, {to['chances']} chances, story {result['story_lines']}, capsule {result['capsule_bytes']} B, "
        f"variants {result['variants'][0]}/{result['variants'][1]}, {result['runs']} runs in {result['seconds']:.0f} s"
        + ("" if result["complete"] else " (cut)")
    )


def _show(document: dict[str, Any], tries: int, resample: bool) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("flaw", "found by", "seeds", "seconds", "clients alone", "seeds", "seconds", "what it is"):
        table.add_column(name)
    for result in document["flaws"]:
        table.add_row(
            result["name"], *_cells(result["watched"]), *_cells(result.get("clients")), result["sentence"]
        )
    out_console().print(table)
    flaws = document["flaws"]
    medians = [flaw["watched"]["seeds"]["median"] for flaw in flaws if flaw["watched"]["seeds"]]
    few = sum(median <= hunting.FEW_SEEDS for median in medians)
    of = f"the median of {tries} tries" if tries > 1 else "one try"
    if tries == hunting.TRIES:
        of += " (and its 95 % interval)"
    print(f"Seeds and seconds of processor time: {of}. {few} of {len(flaws)} flaws within {hunting.FEW_SEEDS} seeds.")
    good = "the harness finds what the record says" if resample else "all flaws found in each try"
    for line in document["reasons"] or [good]:
        print(line)
    print(f"{document['verdict']}, {document['seconds']:.0f} s")


def _cells(way: dict[str, Any] | None) -> tuple[str, str, str]:
    if way is None:
        return "-", "", ""
    if not way["found"]:
        return "NOT FOUND", "", ""
    return way["rule"], _interval(way["seeds"]), _interval(way["seconds"])


def _interval(spread: dict[str, float]) -> str:
    if spread["low"] == spread["high"]:
        return f"{spread['median']:g}"
    return f"{spread['median']:g} ({spread['low']:g} to {spread['high']:g})"
