"""`orrery museum`: how many seeds it takes to find each planted flaw."""

from __future__ import annotations

import json
import time
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
@click.option("--record", is_flag=True, help="Write the result into conformance/museum/record.json.")
@common.jobs_option
@common.deadline_option
@common.json_option
def command(
    names: tuple[str, ...],
    seeds: int | None,
    record: bool,
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
        museum.RECORD.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if as_json:
        common.print_json(document)
    else:
        _show(document)
    return common.exit_code(verdict)


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
