"""`orrery explore`: many seeds of one target, failures grouped by signature."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any, Iterator

import click

from orrery.cli import common
from orrery.cli.suite import show_suite
from orrery.errors import not_in_this_build
from orrery.exploration import Plan, chosen_seeds, run_plans
from orrery.places import shown
from orrery.pool import Pool
from orrery.report import Reporter
from orrery.requests_file import found_requests, read_requests
from orrery.targets import parse_target

_SEEDS_WITH_BUDGET = 2**40


@click.command("explore")
@click.argument("target")
@common.seeds_option
@click.option("--first-seed", type=common.SEED, default=1, show_default=True)
@common.budget_option
@common.faults_option
@common.jobs_option
@click.option("--cluster", metavar="ADDR", help="Share the work with other machines.")
@click.option("--shard", metavar="i/n", help="Only every n-th seed, beginning with the i-th.")
@click.option(
    "--requests",
    "requests_file",
    type=click.Path(path_type=Path),
    help="JSON lines of requests (for a folder).",
)
@common.environment_option
@common.with_option
@common.weaken_option
@common.deadline_option
@common.out_option
@common.json_option
def command(
    target: str,
    seeds: int | None,
    first_seed: int,
    budget_us: int | None,
    faults: str | None,
    jobs: int | None,
    cluster: str | None,
    shard: str | None,
    requests_file: Path | None,
    environment: str | None,
    beside: tuple[Path, ...],
    weaken: dict[str, Any],
    deadline_us: int,
    out: Path,
    as_json: bool,
) -> int:
    """Run many seeds of TARGET in parallel. With only --budget, seeds go on until it is spent."""
    if cluster is not None:
        raise not_in_this_build("--cluster")
    found = parse_target(target, environment, beside=beside)
    shares = common.parse_shard(shard)
    job: dict[str, Any] = {"weaken": weaken, **found.job()}
    if found.kind == "project":
        job["requests"] = (
            read_requests(requests_file) if requests_file else found_requests(found.path)[0]
        )
    started = time.monotonic()
    with Pool(jobs, deadline_us / 1e6) as pool, Reporter("explore", not as_json) as reporter:
        worker = pool.open(found.load())
        plans = []
        for scenario in worker.scenarios:
            endless = seeds is None and budget_us is not None
            count = _SEEDS_WITH_BUDGET if endless else seeds or scenario["seeds"]
            chosen = chosen_seeds(count, first_seed, shares)
            runs: Iterator[tuple[str, int]] = zip(
                itertools.repeat(faults or scenario["faults"]), chosen
            )
            planned = 0 if endless else (count - shares[0]) // shares[1] + 1
            summary = common.summary_for(scenario, planned)
            if found.kind == "project":
                summary.target = shown(found.path)
            plans.append(Plan(worker, scenario, runs, summary, out, job))
        total = sum(plan.summary.planned for plan in plans) or None
        run_plans(
            pool,
            [lambda: plans],
            lambda now: common.show_progress(reporter, now, total),
            common.seconds(budget_us),
        )
    result = common.document(
        "explore",
        worker.build,
        time.monotonic() - started,
        [plan.summary.document() for plan in plans],
    )
    if as_json:
        common.print_json(result)
    else:
        show_suite(result)
    return common.exit_code(result["verdict"])
