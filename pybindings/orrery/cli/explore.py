"""`orrery explore`: many seeds of one target, failures grouped by signature, with what was reached and what never was."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any, Callable, Iterator

import click

from orrery.branching import shared_prefix
from orrery.cli import common, searching
from orrery.cli.suite import show_suite
from orrery.coverage import Reached
from orrery.errors import not_in_this_build
from orrery.exploration import Plan, Run, chosen_seeds, run_plans
from orrery.explore_view import ExploreView, reached_lines
from orrery.outcome import Outcome, Summary
from orrery.places import shown
from orrery.pool import Pool
from orrery.report import out_console
from orrery.results import ResultsFile, kept_runs
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
@click.option(
    "--results",
    "results_path",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where each run's end is appended as a JSON line; default: explore.jsonl in --out.",
)
@click.option("--prefix", "prefix_us", type=common.SPAN, help="Take each seed to this simulated time once ...")
@click.option("--futures", type=click.IntRange(1), default=8, show_default=True, help="... and fork it there so often, each future drawn anew.")
@click.option("--kept/--no-kept", "with_kept", default=True, help="Run the capsules kept in --out first.")
@common.environment_option
@common.with_option
@common.weaken_option
@searching.schedule_option
@common.deadline_option
@common.out_option
@common.json_option
@searching.search_options
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
    results_path: Path | None,
    prefix_us: int | None,
    futures: int,
    with_kept: bool,
    environment: str | None,
    beside: tuple[Path, ...],
    weaken: dict[str, Any],
    schedule: str | None,
    deadline_us: int,
    out: Path,
    as_json: bool,
    search: dict[str, Any],
) -> int:
    """Run many seeds of TARGET in parallel. With only --budget, seeds go on until it is spent.

    Capsules of TARGET that earlier runs left in --out are run first. Every run's end is appended to one file.
    """
    if cluster is not None:
        raise not_in_this_build("--cluster")
    found = parse_target(target, environment, beside=beside)
    shares = common.parse_shard(shard)
    job: dict[str, Any] = {"weaken": weaken, "schedule": schedule, **found.job()}
    if found.kind == "project":
        job["requests"] = (
            read_requests(requests_file) if requests_file else found_requests(found.path)[0]
        )
    if searching.asked(search):
        where = {"jobs": jobs, "deadline_us": deadline_us, "out": out, "as_json": as_json}
        return searching.run(found, job, search, faults=faults, budget_us=budget_us, **where)
    job["coverage"] = True
    started = time.monotonic()
    with Pool(jobs, deadline_us / 1e6) as pool:
        worker = pool.open({**found.load(), "coverage": True})
        plans = []
        reached: list[Reached] = []
        planned = 0
        for scenario in worker.scenarios:
            endless = seeds is None and budget_us is not None
            count = _SEEDS_WITH_BUDGET if endless else seeds or scenario["seeds"]
            chosen = chosen_seeds(count, first_seed, shares)
            share = 0 if endless else (count - shares[0]) // shares[1] + 1
            summary = Summary.of(scenario, share)
            if found.kind == "project":
                summary.target = shown(found.path)
            kept = kept_runs(out, summary.target, weaken) if with_kept else []
            preset = faults or scenario["faults"]
            extra: dict[str, Any] = {}
            if prefix_us is not None:
                extra = shared_prefix(prefix_us, futures, deadline_us / 1e6)
                summary.planned *= futures
            runs: Iterator[Run] = itertools.chain(kept, (Run(preset, seed, extra) for seed in chosen))
            summary.planned += len(kept)
            planned += summary.planned
            plans.append(Plan(worker, scenario, runs, summary, out, job))
            reached.append(Reached(scenario.get("blocks", {}), worker.probes))
        view = ExploreView(not as_json, None if endless else planned)
        with ResultsFile(results_path or out / "explore.jsonl") as results, view:
            for plan, one in zip(plans, reached):
                plan.watch = _watch(plan, one, results)
            run_plans(
                pool,
                [lambda: plans],
                lambda now: view.update(now, reached),
                common.seconds(budget_us),
            )
    documents = [
        {**plan.summary.document(), "coverage": one.document(), "kept": _kept(plan)}
        for plan, one in zip(plans, reached)
    ]
    result = common.document("explore", worker.build, time.monotonic() - started, documents)
    if as_json:
        common.print_json(result)
    else:
        show_suite(result)
        _show_reached(plans, reached)
    return common.exit_code(result["verdict"])


def _watch(plan: Plan, reached: Reached, results: ResultsFile) -> Callable[[dict[str, Any], Outcome], None]:
    def watch(_: dict[str, Any], outcome: Outcome) -> None:
        new = reached.add(outcome.result)
        results.add(plan, outcome, new)
        kept = outcome.extra.get("kept")
        if kept:
            plan.kept_ends[kept] = outcome.verdict

    return watch


def _kept(plan: Plan) -> list[dict[str, str]]:
    """What became of the capsules that were run first."""
    return [{"capsule": path, "verdict": verdict} for path, verdict in plan.kept_ends.items()]


def _show_reached(plans: list[Plan], reached: list[Reached]) -> None:
    console = out_console()
    for plan, one in zip(plans, reached):
        if len(plans) > 1:
            console.print(plan.summary.name, markup=False)
        for line in reached_lines(one):
            console.print(line, markup=False, soft_wrap=True)
        for path, verdict in plan.kept_ends.items():
            text = "passes now" if verdict == "pass" else f"still ends in {verdict}"
            console.print(f"kept        {path} {text}", markup=False, soft_wrap=True)
