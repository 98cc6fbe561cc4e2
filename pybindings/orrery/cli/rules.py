"""`orrery rules`: the table of guarantees, and how often each was exercised."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import click
from rich.table import Table

from orrery import museum, native, places
from orrery.cli import common
from orrery.cli.suite import plan_for
from orrery.exploration import Plan, file_source, run_plans
from orrery.pool import Pool, Worker
from orrery.report import Reporter, out_console

RECORD = places.ROOT / "conformance" / "rules" / "record.json"


@click.command("rules")
@click.option(
    "--seeds",
    type=click.IntRange(1),
    help="Count anew: run every scenario of the suite and the museum with so many seeds. Default: what was "
    "recorded last.",
)
@click.option(
    "--record", is_flag=True, help="Keep what --seeds counted, in conformance/rules/record.json."
)
@common.jobs_option
@common.deadline_option
@common.json_option
def command(
    seeds: int | None, record: bool, jobs: int | None, deadline_us: int, as_json: bool
) -> int:
    """Print each guarantee: its id, how often runs exercised it, its sentence, where it comes from and what
    enforces it."""
    rules = json.loads(native.method(native.load(), "rules", "orrery rules")())
    if seeds is not None:
        counted = _count(seeds, jobs, deadline_us, as_json)
        if record:
            RECORD.write_text(json.dumps(counted, indent=1) + "\n", encoding="utf-8")
    elif RECORD.exists():
        counted = json.loads(RECORD.read_text(encoding="utf-8"))
    else:
        counted = {"runs": 0, "seeds": 0, "exercised": {}}
    for rule in rules:
        rule["exercised"] = counted["exercised"].get(rule["id"], 0)
    watched = [rule for rule in rules if rule["enforced_by"] in ("monitor", "checker")]
    seen = sum(1 for rule in watched if rule["exercised"])
    if as_json:
        common.print_json(
            {"orrery": 1, "command": "rules", "runs": counted["runs"], "rules": rules}
        )
        return 0
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("id")
    table.add_column("exercised", justify="right")
    for name in ("sentence", "source", "enforced by"):
        table.add_column(name)
    for rule in rules:
        times = f"{rule['exercised']:,}" if rule["exercised"] else "never"
        cells = (str(rule.get(key, "")) for key in ("sentence", "source", "enforced_by"))
        table.add_row(rule["id"], times, *cells)
    out_console().print(table)
    print(
        f"{len(rules)} rules; monitors and checkers exercised {seen} of their {len(watched)} "
        f"in {counted['runs']:,} runs"
    )
    return 0


def _count(seeds: int, jobs: int | None, deadline_us: int, quiet: bool) -> dict[str, Any]:
    """Runs the scenarios without keeping failures: what counts here is what was looked at."""
    with Pool(jobs, deadline_us / 1e6) as pool, Reporter("rules", not quiet) as reporter:

        def plan(worker: Worker, scenario: dict[str, Any]) -> Plan:
            return plan_for(worker, scenario, seeds, {}, None)

        plans = run_plans(
            pool,
            [file_source(pool, file, plan) for file in museum.all_files()],
            lambda now: common.show_progress(reporter, now, None),
            None,
        )
    exercised: Counter[str] = Counter()
    for plan in plans:
        exercised.update(plan.summary.document()["rules"])
    runs = sum(plan.summary.document()["seeds"] for plan in plans)
    return {"runs": runs, "seeds": seeds, "exercised": dict(sorted(exercised.items()))}
