"""`orrery run`: one seed of a scenario or of a project folder."""

from __future__ import annotations

import itertools
import time
from pathlib import Path
from typing import Any, Iterator

import click

from orrery.cli import common
from orrery.cli.searching import schedule_option
from orrery.exploration import Plan, run_plans
from orrery.outcome import Summary
from orrery.places import shown
from orrery.pool import Pool
from orrery.report import Reporter, error_console, out_console, printable, show_failure
from orrery.requests_file import found_requests, read_requests
from orrery.targets import Target, parse_target
from orrery.times import show_us


@click.command("run")
@click.argument("target")
@click.option("--seed", type=common.SEED, default=1, show_default=True)
@common.faults_option
@click.option(
    "--requests",
    "requests_file",
    type=click.Path(path_type=Path),
    help="JSON lines of requests (for a folder).",
)
@click.option(
    "--for",
    "for_us",
    type=common.SPAN,
    help="Let the world run on at least this long (for a folder).",
)
@common.environment_option
@common.with_option
@common.weaken_option
@schedule_option
@common.deadline_option
@common.out_option
@common.junit_option
@common.json_option
def command(
    target: str,
    seed: int,
    faults: str | None,
    requests_file: Path | None,
    for_us: int | None,
    environment: str | None,
    beside: tuple[Path, ...],
    weaken: dict[str, Any],
    schedule: str | None,
    deadline_us: int,
    out: Path,
    junit: Path | None,
    as_json: bool,
) -> int:
    """Run TARGET once: a scenario (path.py or path.py::name) or a wrangler project folder.

    For a folder, requests come from --requests FILE, JSON lines like

    \b
      {"at":"1.5s","city":"Hanoi","method":"POST","url":"/x","headers":{},"body":"..."}

    (only url is required). Without FILE they come from requests.jsonl in the folder; without that,
    GET / and every path that the source mentions are asked from three cities. Faults are off unless
    --faults says so.
    """
    found = parse_target(target, environment, beside=beside)
    common_job: dict[str, Any] = {"weaken": weaken, "schedule": schedule, **found.job()}
    console = error_console()
    if found.kind == "project":
        if requests_file is not None:
            requests = read_requests(requests_file)
        else:
            requests, remark = found_requests(found.path)
            console.print(remark, style="dim", markup=False)
        common_job.update(requests=requests, for_us=for_us)
    elif requests_file is not None or for_us is not None:
        raise click.UsageError(
            "--requests and --for are for project folders; a scenario makes its own requests"
        )
    started = time.monotonic()
    with Pool(1, deadline_us / 1e6) as pool, Reporter("run", not as_json) as reporter:
        worker = pool.open(found.load())
        plans = [
            _plan(worker, scenario, found, (faults or "none", seed), common_job, out)
            for scenario in worker.scenarios
        ]
        run_plans(
            pool, [lambda: plans], lambda now: common.show_progress(reporter, now, len(plans))
        )
    scenarios = [_document(plan) for plan in plans]
    result = common.document("run", worker.build, time.monotonic() - started, scenarios)
    if junit is not None:
        from orrery.junit import write_junit

        write_junit(junit, result)
    if as_json:
        common.print_json(result)
    else:
        for plan, scenario in zip(plans, scenarios):
            _show(plan, scenario)
    return common.exit_code(result["verdict"])


def _plan(
    worker: Any,
    scenario: dict[str, Any],
    found: Target,
    run: tuple[str, int],
    job: dict[str, Any],
    out: Path,
) -> Plan:
    summary = Summary.of(scenario, 1)
    # One run either shows its failure or does not: an expected finding is for suites to wait for.
    summary.expected = None
    if found.kind == "project":
        summary.target = shown(found.path)
    return Plan(worker, scenario, iter([run]), summary, out, job, keep_outcomes=True)


def _document(plan: Plan) -> dict[str, Any]:
    result = plan.outcomes[0].result
    extra = {
        key: result[key]
        for key in ("responses", "console", "exceptions", "stubs", "output")
        if result.get(key)
    }
    return {**plan.summary.document(), **extra}


def _show(plan: Plan, scenario: dict[str, Any]) -> None:
    console = out_console()
    outcome = plan.outcomes[0]
    # The last output of a run that died is its story.
    output = "" if outcome.verdict in ("crash", "not metered") else outcome.result.get("output")
    for line in (output or "").splitlines():
        console.print(printable(line), markup=False, soft_wrap=True)
    said = (line for _, line in sorted(_lines(scenario), key=lambda timed: timed[0]))
    for line, times in _folded(said):
        more = f"  ({times:,} times)" if times > 1 else ""
        console.print(printable(line) + more, markup=False, soft_wrap=True)
    for failure in outcome.failures:
        show_failure(console, failure, outcome.events)
    if stubs := outcome.result.get("stubs"):
        held = ", ".join(f"{holder} {count}" for holder, count in stubs.items())
        count = sum(stubs.values())
        console.print(
            printable(f"{count} RPC stub{'s' * (count > 1)} not disposed of at the end: {held}"),
            markup=False,
            soft_wrap=True,
        )
    console.print(
        f"{scenario['name']}: {scenario['verdict']}  seed {outcome.seed}, faults {outcome.faults}, "
        f"{outcome.events:,} events, {outcome.simulated_us / 1e6:,.1f} s simulated in {outcome.seconds:.2f} s, "
        f"hash {outcome.hash[:16]}",
        markup=False,
        soft_wrap=True,
    )


def _folded(lines: Iterator[str]) -> Iterator[tuple[str, int]]:
    """Equal lines one after the other, as one with a count."""
    for line, same in itertools.groupby(lines):
        yield line, sum(1 for _ in same)


def _lines(scenario: dict[str, Any]) -> Iterator[tuple[int, str]]:
    """What happened to be said, by its time: answers, console lines, exceptions nobody caught."""
    for answer in scenario.get("responses", []):
        got = answer.get("error") or f"{answer['status']}  {answer['body'].strip()[:120]}"
        took_ms = (answer["answered_us"] - answer["sent_us"]) / 1000
        asked = f"{answer['client']} {answer['city']}  {answer['method']} {answer['url']}"
        time_us = answer["answered_us"]
        yield time_us, f" {show_us(time_us)}  {asked}  ->  {got}  ({took_ms:.1f} ms)"
    for entry in [*scenario.get("console", []), *scenario.get("exceptions", [])]:
        said = entry["error"] if "error" in entry else f"console.{entry['level']}  {entry['text']}"
        source = f"  {entry['source']}" if entry.get("source") else ""
        yield entry["at_us"], f" {show_us(entry['at_us'])}  {entry['lane']}  {said}{source}"
