"""`orrery selfcheck`: each seed twice in separate, unlike processes; any difference is drift."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Callable, Iterator

import click

from orrery import places
from orrery.cli import common
from orrery.doubling import Doubled, Key, Pair, double, equal
from orrery.drift import difference, locate
from orrery.errors import DRIFT, PASS
from orrery.outcome import Outcome
from orrery.pool import Pool
from orrery.report import Reporter, error_console, out_console
from orrery.requests_file import found_requests
from orrery.scenario import find_scenario_files
from orrery.targets import Target, parse_target

#: Drifts that are looked into, and listed; beyond these they are counted.
LOOKED_INTO = 3
LISTED = 100


@click.command("selfcheck")
@click.argument("target", required=False)
@click.option(
    "--seeds", type=click.IntRange(1), default=20, show_default=True, help="Seeds of each scenario."
)
@click.option("--first-seed", type=common.SEED, default=1, show_default=True)
@common.faults_option
@common.jobs_option
@common.weaken_option
@click.option("--plant", multiple=True, hidden=True, help="A flaw of the world itself, for tests.")
@common.deadline_option
@common.json_option
def command(
    target: str | None,
    seeds: int,
    first_seed: int,
    faults: str | None,
    jobs: int | None,
    weaken: dict[str, Any],
    plant: tuple[str, ...],
    deadline_us: int,
    as_json: bool,
) -> int:
    """Run each seed of TARGET (default: every scenario of the suite) twice and compare hashes, in the whole
    and by lane.

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
    drifted: list[tuple[dict[str, Any], Target]] = []
    totals: list[Doubled] = []
    build = ""
    with Pool(jobs, deadline_us / 1e6) as pool, Reporter("selfcheck") as reporter:
        for found in targets:
            pair = Pair.open(pool, found)
            build = pair.first.build
            mine = [
                Doubled(scenario["name"], faults or scenario["faults"])
                for scenario in pair.first.scenarios
            ]
            totals.extend(mine)
            for total, key, one, two in _ends(pool, pair, found, mine, first_seed, seeds, weaken, plant, reporter):
                total.add(one)
                if equal(one, two):
                    continue
                total.drifts += 1
                if len(drifted) < LISTED:
                    drift = dict(zip(("scenario", "faults", "seed"), key))
                    drift["difference"] = difference(one, two) or "equal hashes, but a lane differs"
                    drifted.append(({**drift, "events": [], "guess": ""}, found))
            pair.close(pool)
    for drift, found in drifted[:LOOKED_INTO]:
        _look_into(drift, found, weaken, plant, deadline_us)
    seconds = time.monotonic() - started
    count = sum(total.drifts for total in totals)
    result = {
        "orrery": 1,
        "command": "selfcheck",
        "build": build,
        "verdict": "drift" if count else "pass",
        "seconds": round(seconds, 3),
        "checked": sum(total.doubled for total in totals),
        "events": sum(total.events for total in totals),
        "lanes": sum(total.lanes for total in totals),
        "drift_count": count,
        "drifts": [drift for drift, _ in drifted],
        "scenarios": [total.document() for total in totals],
    }
    if as_json:
        common.print_json(result)
    else:
        _show(result)
    return DRIFT if count else PASS


def _ends(
    pool: Pool,
    pair: Pair,
    found: Target,
    totals: list[Doubled],
    first_seed: int,
    seeds: int,
    weaken: dict[str, Any],
    plant: tuple[str, ...],
    reporter: Reporter,
) -> Iterator[tuple[Doubled, Key, Outcome, Outcome]]:
    """Both ends of every seed of a target, one scenario after the other."""
    done = 0
    job = job_of(found, weaken, plant)
    for total in totals:

        def heard(count: int) -> None:
            nonlocal done
            done += count
            reporter.update(done, 2 * seeds * len(totals), f"{total.scenario} twice")

        keys = (
            (total.scenario, total.faults, seed) for seed in range(first_seed, first_seed + seeds)
        )
        for key, one, two in double(pool, pair, keys, job, heard):
            yield total, key, one, two


def job_of(
    found: Target, weaken: dict[str, Any], plant: tuple[str, ...] = ()
) -> Callable[[Key], dict[str, Any]]:
    """What a worker is asked for a run of a target."""
    rest: dict[str, Any] = {"weaken": weaken, "plant": list(plant)}
    if found.kind == "project":
        rest["requests"] = found_requests(found.path)[0]

    def job(key: Key) -> dict[str, Any]:
        name, preset, seed = key
        return {**rest, "scenario": name, "faults": preset, "seed": seed}

    return job


def _look_into(
    drift: dict[str, Any],
    found: Target,
    weaken: dict[str, Any],
    plant: tuple[str, ...],
    deadline_us: int,
) -> None:
    """Where the two runs of a drift part, and a guess why."""
    job = job_of(found, weaken, plant)((drift["scenario"], drift["faults"], drift["seed"]))
    with Pool(1, deadline_us / 1e6) as pool:
        pair = Pair.open(pool, found)
        workers = {"first": pair.first, "second": pair.second}
        workers.update({who: pool.open(found.load()) for who in ("again", "once more")})

        def ask(who: str, more: dict[str, Any]) -> Outcome:
            return pool.run(workers[who], {**job, **more})

        drift.update(locate(ask))


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
        if drift["guess"]:
            console.print(f"      perhaps: {drift['guess']}", markup=False, soft_wrap=True)
    text = f"{result['checked']:,} seeds twice, {result['lanes']:,} lanes compared, {result['drift_count']} differences, {result['seconds']:.1f} s"
    console.print(text, style="bold red" if result["drifts"] else "bold green", markup=False)
    if Path("/proc/sys/kernel/randomize_va_space").read_text(encoding="ascii").strip() == "0":
        error_console().print(
            "note: address randomisation is off on this machine, so it was not part of the check"
        )
