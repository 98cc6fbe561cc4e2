"""`orrery museum`: how many seeds it takes to find each planted flaw."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from orrery import museum
from orrery.cli import common
from orrery.errors import UserError
from orrery.pool import Pool
from orrery.report import Reporter, out_console


@click.command("museum")
@click.argument("names", nargs=-1)
@click.option("--seeds", type=click.IntRange(1), help="At most so many each; default: each flaw's bound.")
@click.option("--record", is_flag=True, help="Keep the results in conformance/museum/record.json (shrunk.json).")
@click.option(
    "--shrink",
    "budget_us",
    type=common.SPAN,
    is_flag=False,
    flag_value="60s",
    help="Instead, make the recorded failure of each flaw small, in at most so long each (60s).",
)
@common.jobs_option
@common.deadline_option
@common.json_option
def command(
    names: tuple[str, ...],
    seeds: int | None,
    record: bool,
    budget_us: int | None,
    jobs: int | None,
    deadline_us: int,
    as_json: bool,
) -> int:
    """Weaken the platform on purpose, one flaw at a time, and explore until the flaw is found: with the
    monitors, and where clients can see it, from histories alone. Passes when all are found."""
    flaws = museum.read_flaws()
    unknown = set(names) - {flaw.name for flaw in flaws}
    if unknown:
        raise UserError(
            f"no such flaw: {', '.join(sorted(unknown))}",
            hint="Known are " + ", ".join(flaw.name for flaw in flaws),
        )
    chosen = [flaw for flaw in flaws if not names or flaw.name in names]
    if budget_us is not None:
        return _shrink(chosen, budget_us / 1e6, record, jobs, deadline_us / 1e6, as_json)
    started = time.monotonic()
    results: list[dict[str, Any]] = []
    with Pool(jobs, deadline_us / 1e6) as pool, Reporter("museum", not as_json) as reporter:
        for done, flaw in enumerate(chosen):
            reporter.update(done, len(chosen), flaw.name)
            result: dict[str, Any] = {"name": flaw.name, "sentence": flaw.sentence}
            result["watched"] = museum.hunt(pool, flaw, flaw.watched, True, seeds)
            if flaw.clients is not None:
                result["clients"] = museum.hunt(pool, flaw, flaw.clients, False, seeds)
            results.append(result)
    ways = [result[way] for result in results for way in ("watched", "clients") if way in result]
    verdict = "pass" if all(way["seed"] for way in ways) else "fail"
    document = {
        "orrery": 1,
        "command": "museum",
        "verdict": verdict,
        "seconds": round(time.monotonic() - started, 1),
        "flaws": results,
    }
    if record:
        _keep(museum.RECORD, results)
    if as_json:
        common.print_json(document)
    else:
        _show(document)
    return common.exit_code(verdict)


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
    path.write_text(json.dumps({"orrery": 1, "flaws": flaws}, indent=1) + "\n", encoding="utf-8")


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


def _show(document: dict[str, Any]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("flaw", "found by", "seed", "time", "clients alone", "seed", "time", "what it is"):
        table.add_column(name)
    for result in document["flaws"]:
        table.add_row(
            result["name"], *_cells(result["watched"]), *_cells(result.get("clients")), result["sentence"]
        )
    out_console().print(table)
    count = len(document["flaws"])
    missed = [
        result["name"]
        for result in document["flaws"]
        if not all(result[way]["seed"] for way in ("watched", "clients") if way in result)
    ]
    print(
        f"{count - len(missed)} of {count} flaws found within their bounds in {document['seconds']:.0f} s"
        + (f"; missed: {', '.join(missed)}" if missed else "")
    )


def _cells(way: dict[str, Any] | None) -> tuple[str, str, str]:
    if way is None:
        return "-", "", ""
    if way["seed"] is None:
        return "NOT FOUND", f"of {way['bound']}", f"{way['seconds']:.1f} s"
    return way["rule"], str(way["seed"]), f"{way['seconds']:.1f} s"
