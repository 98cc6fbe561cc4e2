"""`orrery suite`: every scenario of a folder, without faults and under its preset."""

from __future__ import annotations

import itertools
import json
import time
from pathlib import Path
from typing import Any, Callable

import click

from orrery import native, places
from orrery.cli import common
from orrery.doubling import SecondTime, run_again
from orrery.errors import EXIT_CODES, UserError, worst
from orrery.exploration import Plan, run_plans
from orrery.outcome import SCENARIO_ERROR, Summary, signature
from orrery.places import shown
from orrery.pool import Pool
from orrery.report import Reporter, error_console, out_console, show_failure, suite_table
from orrery.scenario import find_scenario_files
from orrery.targets import Target


@click.command("suite")
@click.argument("folder", type=click.Path(path_type=Path), default=None, required=False)
@common.seeds_option
@common.budget_option
@common.jobs_option
@common.weaken_option
@common.deadline_option
@click.option("--double", is_flag=True, help="Run each seed a second time, in an unlike process, in reverse order; exit 13 when any differs.")
@common.out_option
@common.junit_option
@common.json_option
def command(
    folder: Path | None,
    seeds: int | None,
    budget_us: int | None,
    jobs: int | None,
    weaken: dict[str, Any],
    deadline_us: int,
    double: bool,
    out: Path,
    junit: Path | None,
    as_json: bool,
) -> int:
    """Run every scenario below FOLDER (default: the checkout's scenarios/), each once without
    faults and then under its fault preset with as many seeds as it names. A scenario that is
    expected to break a rule passes when that is found. --double holds every one of these runs to being the same run
    elsewhere.
    """
    files = find_scenario_files(folder or places.SCENARIOS)
    started = time.monotonic()
    broken: list[dict[str, Any]] = []
    builds: list[str] = []
    ends: list[SecondTime] = []
    with Pool(jobs, deadline_us / 1e6) as pool, Reporter("suite", not as_json) as reporter:

        def source(file: Path) -> Callable[[], list[Plan]]:
            def open_file() -> list[Plan]:
                try:
                    worker = pool.open(Target("scenario", file.resolve()).load())
                except UserError as error:
                    broken.append(_broken(file, error))
                    return []
                builds.append(worker.build)
                found = [
                    plan_for(worker, scenario, seeds, weaken, out) for scenario in worker.scenarios
                ]
                if double:
                    for plan in found:
                        ends.append(SecondTime(file, plan))
                return found

            return open_file

        plans = run_plans(
            pool,
            [source(file) for file in files],
            lambda now: common.show_progress(
                reporter, now, sum(plan.summary.planned for plan in now) or None
            ),
            common.seconds(budget_us),
        )
    if double:
        with Reporter("suite, second time", not as_json) as reporter:
            run_again(ends, jobs, deadline_us / 1e6, weaken, reporter)
    scenarios = [plan.summary.document() for plan in plans] + broken
    opened = {document["target"].partition("::")[0] for document in scenarios}
    scenarios += [_not_run(file) for file in files if shown(file) not in opened]
    result = common.document(
        "suite", builds[0] if builds else "", time.monotonic() - started, scenarios
    )
    if double:
        result["doubled"] = sum(end.doubled for end in ends)
    if folder is None and seeds is None and budget_us is None and not weaken:
        result["unexercised"] = unexercised_rules(scenarios)
        if result["unexercised"]:
            result["verdict"] = worst([result["verdict"], "fail"])
    if junit is not None:
        from orrery.junit import write_junit

        write_junit(junit, result)
    if as_json:
        common.print_json(result)
    else:
        show_suite(result)
    return common.exit_code(result["verdict"])


def unexercised_rules(scenarios: list[dict[str, Any]]) -> list[str]:
    """Those of the table that no run of these scenarios had anything to hold against. The whole suite must leave none: a rule
    that is never looked at guards nothing."""
    exercised = {rule for scenario in scenarios for rule, times in scenario["rules"].items() if times}
    table = json.loads(native.method(native.load(), "rules", "orrery suite")())
    return [rule["id"] for rule in table if rule["id"] not in exercised]


def plan_for(
    worker: Any, scenario: dict[str, Any], seeds: int | None, weaken: dict[str, Any], out: Path | None
) -> Plan:
    """One scenario's part of a suite: seed 1 without faults, then its seeds under its preset."""
    count = seeds or scenario["seeds"]
    preset = scenario["faults"]
    under = [(preset, seed) for seed in range(1, count + 1) if preset != "none" or seed != 1]
    runs = itertools.chain([("none", 1)], under)
    return Plan(
        worker,
        scenario,
        iter(runs),
        Summary.of(scenario, 1 + len(under)),
        out,
        {"weaken": weaken},
    )


def _empty(name: str, file: Path, verdict: str, failures: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "name": name,
        "target": shown(file),
        "seeds": 0,
        "verdict": verdict,
        "expected": None,
        "failures": failures,
        "hash": "",
        "events": 0,
        "simulated_us": 0,
        "events_total": 0,
        "simulated_us_total": 0,
        "seconds": 0.0,
        "rules": {},
        "faults": {},
        "never": [],
    }


def _broken(file: Path, error: UserError) -> dict[str, Any]:
    """A file that does not load is one failed scenario of the suite; the others run on."""
    verdict = next(word for word, code in EXIT_CODES.items() if code == error.code)
    failure = {
        "seed": 0,
        "rule": SCENARIO_ERROR,
        "reason": error.message,
        "story": [error.hint] if error.hint else [],
        "signature": signature(SCENARIO_ERROR, error.message),
    }
    return _empty(file.parent.name, file, verdict, [failure])


def _not_run(file: Path) -> dict[str, Any]:
    return _empty(file.parent.name, file, "unknown", [])


def show_suite(result: dict[str, Any]) -> None:
    console = out_console()
    for scenario in result["scenarios"]:
        for failure in scenario["failures"]:
            wanted = scenario["expected"] == failure["rule"]
            show_failure(console, failure, expected=wanted)
    console.print(suite_table(result["scenarios"]))
    counts = [scenario["verdict"] == "pass" for scenario in result["scenarios"]]
    runs = sum(scenario["seeds"] for scenario in result["scenarios"])
    text = (
        f"{sum(counts)} of {len(counts)} scenarios pass, {runs} runs in {result['seconds']:.1f} s"
    )
    console.print(text, style="bold green" if all(counts) else "bold red", markup=False)
    if "doubled" in result:
        console.print(f"{result['doubled']:,} of these runs had a second time in unlike processes", markup=False)
    if result.get("unexercised"):
        text = f"no run exercised {', '.join(result['unexercised'])}: a rule that is never looked at guards nothing"
        console.print(text, style="bold red", markup=False)
    if any(
        scenario["verdict"] == "unknown" and scenario["seeds"] == 0
        for scenario in result["scenarios"]
    ):
        error_console().print("the budget ended before every scenario had its runs", markup=False)
