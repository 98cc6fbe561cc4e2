"""`orrery selfcheck`: each seed twice in separate, unlike processes; any difference is drift."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import Any

import click

from orrery import places
from orrery.cli import common
from orrery.drift import UNLIKE_ENVIRONMENT, difference, first_event
from orrery.errors import DRIFT, PASS
from orrery.outcome import Outcome
from orrery.pool import Pool
from orrery.report import Reporter, error_console, out_console
from orrery.requests_file import found_requests
from orrery.scenario import find_scenario_files
from orrery.targets import Target, parse_target

Key = tuple[str, str, int]
#: The two times a seed is run: what is added to the environment, and whether in the reverse order.
_ALIKE: tuple[dict[str, str], bool] = ({}, False)
_UNLIKE: tuple[dict[str, str], bool] = (UNLIKE_ENVIRONMENT, True)


@click.command("selfcheck")
@click.argument("target", required=False)
@click.option(
    "--seeds", type=click.IntRange(1), default=20, show_default=True, help="Seeds of each scenario."
)
@common.faults_option
@common.jobs_option
@common.weaken_option
@common.deadline_option
@common.json_option
def command(
    target: str | None,
    seeds: int,
    faults: str | None,
    jobs: int | None,
    weaken: dict[str, Any],
    deadline_us: int,
    as_json: bool,
) -> int:
    """Run each seed of TARGET (default: every scenario of the suite) twice and compare hashes by
    lane.

    The second run is in another process, in the reverse order, started under another TZ, LANG and
    PYTHONHASHSEED and with the C library's FMA and AVX2 variants masked.
    """
    if target is not None:
        targets = [parse_target(target)]
    else:
        targets = [
            Target("scenario", file.resolve()) for file in find_scenario_files(places.SCENARIOS)
        ]
    started = time.monotonic()
    drifts: list[dict[str, Any]] = []
    checked = 0
    lanes = 0
    build = ""
    with Reporter("selfcheck", not as_json) as reporter:
        for found in targets:
            runs: list[dict[Key, Outcome]] = []
            for environment, backwards in (_ALIKE, _UNLIKE):
                with Pool(jobs, deadline_us / 1e6, environment) as pool:
                    ended, build = _run_all(pool, found, seeds, faults, weaken, backwards, reporter)
                    runs.append(ended)
            for key, outcome in sorted(runs[0].items()):
                checked += 1
                lanes += len(outcome.result.get("lanes", {}))
                text = difference(outcome, runs[1][key])
                if text is not None:
                    name, preset, seed = key
                    drifts.append(
                        {
                            "scenario": name,
                            "faults": preset,
                            "seed": seed,
                            "difference": text,
                            "events": _bisect(found, key, weaken, deadline_us),
                        }
                    )
    seconds = time.monotonic() - started
    result = {
        "orrery": 1,
        "command": "selfcheck",
        "build": build,
        "verdict": "drift" if drifts else "pass",
        "seconds": round(seconds, 3),
        "checked": checked,
        "lanes": lanes,
        "drifts": drifts,
    }
    if as_json:
        common.print_json(result)
    else:
        _show(result)
    return DRIFT if drifts else PASS


def _run_all(
    pool: Pool,
    found: Target,
    seeds: int,
    faults: str | None,
    weaken: dict[str, Any],
    backwards: bool,
    reporter: Reporter,
) -> tuple[dict[Key, Outcome], str]:
    """Every seed of a target in one pool."""
    worker = pool.open(found.load())
    keys = [
        (scenario["name"], faults or scenario["faults"], seed)
        for scenario in worker.scenarios
        for seed in range(1, seeds + 1)
    ]
    if backwards:
        keys.reverse()
    ended: dict[Key, Outcome] = {}
    waiting = iter(keys)
    more = True
    while len(ended) < len(keys):
        while more and pool.free:
            key = next(waiting, None)
            more = key is not None
            if key is not None:
                pool.submit(worker, _job(found, key, weaken))
        heard = pool.next(0.5)
        if heard is not None:
            job, outcome = heard
            ended[(job["scenario"], job["faults"], job["seed"])] = outcome
        which = "second" if backwards else "first"
        reporter.update(len(ended), len(keys), f"{worker.scenarios[0]['name']}, {which} time")
    return ended, worker.build


def _job(found: Target, key: Key, weaken: dict[str, Any]) -> dict[str, Any]:
    name, preset, seed = key
    job: dict[str, Any] = {
        "scenario": name,
        "faults": preset,
        "seed": seed,
        "weaken": weaken,
        "lanes": True,
    }
    if found.kind == "project":
        job["requests"] = found_requests(found.path)[0]
    return job


def _bisect(found: Target, key: Key, weaken: dict[str, Any], deadline_us: int) -> list[str]:
    """Both runs again with recording on; the first event in which their traces differ."""
    with tempfile.TemporaryDirectory(prefix="orrery-drift-") as folder:
        paths = []
        for number, (environment, _) in enumerate((_ALIKE, _UNLIKE)):
            path = Path(folder) / f"{number}.sqlite"
            with Pool(1, deadline_us / 1e6, environment) as pool:
                worker = pool.open(found.load())
                pool.submit(
                    worker, {**_job(found, key, weaken), "record": True, "trace": str(path)}
                )
                pool.next()
            paths.append(path)
        if not all(path.exists() for path in paths):
            return []
        return first_event(*paths)


def _show(result: dict[str, Any]) -> None:
    console = out_console()
    for drift in result["drifts"]:
        console.print(
            f"DRIFT  {drift['scenario']}  seed {drift['seed']} {drift['faults']}",
            style="bold red",
            markup=False,
        )
        console.print(f"      {drift['difference']}", markup=False, soft_wrap=True)
        for line in drift["events"]:
            console.print(f"      {line}", markup=False, soft_wrap=True)
    text = f"{result['checked']} seeds twice, {result['lanes']:,} lanes compared, {len(result['drifts'])} differences, {result['seconds']:.1f} s"
    console.print(text, style="bold red" if result["drifts"] else "bold green", markup=False)
    if Path("/proc/sys/kernel/randomize_va_space").read_text(encoding="ascii").strip() == "0":
        error_console().print(
            "note: address randomisation is off on this machine, so it was not part of the check"
        )
