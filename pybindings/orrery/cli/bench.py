"""`orrery bench`: the Google Benchmark programs of the build, as one table."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from orrery import places
from orrery.cli import common
from orrery.errors import CRASH, UserError
from orrery.report import out_console


@click.command("bench")
@click.argument("filter_", metavar="[REGEX]", default=".")
@click.option(
    "--min-time",
    type=click.FloatRange(0.0),
    default=0.5,
    show_default=True,
    help="Seconds for each benchmark.",
)
@common.json_option
def command(filter_: str, min_time: float, as_json: bool) -> int:
    """Run the benchmarks whose names match REGEX and print their rates."""
    programs = find_programs(places.BUILD)
    if not programs:
        raise UserError(
            "no benchmark programs in the build",
            hint="./orrery bench builds them; is the build whole?",
        )
    rows: list[dict[str, Any]] = []
    failed = []
    for program in programs:
        print(f"bench: {program.name}", file=sys.stderr, flush=True)
        arguments = [
            str(program),
            f"--benchmark_filter={filter_}",
            f"--benchmark_min_time={min_time}",
            "--benchmark_format=json",
        ]
        done = subprocess.run(
            arguments, stdout=subprocess.PIPE, text=True, check=False
        )  # noqa: S603
        try:
            rows += (
                [dict(row, program=program.name) for row in json.loads(done.stdout)["benchmarks"]]
                if done.stdout
                else []
            )
        except (ValueError, KeyError):
            failed.append(program.name)
        if done.returncode != 0 and program.name not in failed:
            failed.append(program.name)
    if as_json:
        common.print_json({"orrery": 1, "command": "bench", "benchmarks": rows, "failed": failed})
    else:
        _show(rows)
    if failed:
        raise UserError(f"these benchmark programs failed: {', '.join(failed)}", code=CRASH)
    return 0


def find_programs(build: Path) -> list[Path]:
    """Executables named *_bench or *_benchmark, in the order of their names."""
    found = (path for pattern in ("*_bench", "*_benchmark") for path in build.rglob(pattern))
    return sorted(path for path in found if path.is_file() and os.access(path, os.X_OK))


def _show(rows: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("benchmark")
    table.add_column("time", justify="right")
    table.add_column("per second", justify="right")
    table.add_column("more")
    known = {
        "items_per_second",
        "real_time",
        "cpu_time",
        "iterations",
        "repetitions",
        "threads",
        "family_index",
        "per_family_instance_index",
        "repetition_index",
    }
    for row in rows:
        if row.get("error_occurred"):
            table.add_row(row["name"], "failed", "", row.get("error_message", ""))
            continue
        rate = f"{row['items_per_second']:,.0f}" if "items_per_second" in row else ""
        more = ", ".join(
            f"{key} {value:,.4g}"
            for key, value in row.items()
            if key not in known and isinstance(value, (int, float))
        )
        table.add_row(row["name"], f"{row['cpu_time']:,.2f} {row['time_unit']}", rate, more)
    out_console().print(table)
