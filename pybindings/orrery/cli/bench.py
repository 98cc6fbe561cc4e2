"""`orrery bench`: the Google Benchmark programs of the build and whole seeds through Python, as one table."""

from __future__ import annotations

import itertools
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Iterator

import click
from rich.table import Table

from orrery import fork_bench, places
from orrery.cli import common
from orrery.errors import CRASH, UserError
from orrery.exploration import Plan, Run, run_plans
from orrery.outcome import Summary
from orrery.pool import DEADLINE_S, Pool
from orrery.report import out_console
from orrery.targets import parse_target

#: What Google Benchmark says on standard error of a program without a matching benchmark.
NO_MATCH = "Failed to match any benchmarks"
#: The small scenario whose seeds a second are told: 8 points of presence, 16 clients, about 200 requests.
SMALL = "flash_sale"


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
    """Run the benchmarks whose names match REGEX and print their rates.

    Google Benchmark's programs of every room, then whole seeds of a small scenario through Python, and how soon a fork goes on.
    """
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
        done = subprocess.run(  # noqa: S603
            arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False
        )
        for line in done.stderr.splitlines():
            if not line.startswith(NO_MATCH):
                print(line, file=sys.stderr)
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
    for faults in ("none", "swarm"):
        name = f"Seeds/{SMALL}/{faults}"
        if re.search(filter_, name):
            print(f"bench: {name}", file=sys.stderr, flush=True)
            rows.append(_seeds(name, faults, min_time))
    rows += fork_bench.rows(filter_)
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


def _seeds(name: str, faults: str, min_time: float) -> dict[str, Any]:
    """One row: seeds of the small scenario, one after another in one worker, until `min_time` is over."""
    target = parse_target(str(places.SCENARIOS / SMALL / "scenario.py"))
    began: list[float] = []

    def runs() -> Iterator[Run]:
        began.append(time.perf_counter())  # the worker has loaded the app by now
        for seed in itertools.count(1):
            yield faults, seed
            if time.perf_counter() - began[0] >= min_time:
                return

    with Pool(1, DEADLINE_S) as pool:
        worker = pool.open(target.load())
        (scenario,) = (found for found in worker.scenarios if found["name"] == SMALL)
        summary = Summary(SMALL, scenario["target"], planned=1)
        run_plans(pool, [lambda: [Plan(worker, scenario, runs(), summary, None)]], lambda _: None)
        spent = time.perf_counter() - began[0]
    document = summary.document()
    if document["verdict"] != "pass":
        return {"name": name, "error_occurred": True, "error_message": document["verdict"]}
    milliseconds = spent / document["seeds"] * 1000
    return {
        "name": name,
        "program": "orrery bench",
        "iterations": document["seeds"],
        "real_time": milliseconds,
        "cpu_time": milliseconds,
        "time_unit": "ms",
        "items_per_second": document["seeds"] / spent,
        "events_per_second": document["events_total"] / spent,
        "simulated_s_per_s": document["simulated_us_total"] / 1e6 / spent,
    }


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
