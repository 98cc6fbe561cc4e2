"""Options and endings that several commands share."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, Callable

import click

from orrery.capsule import FAULT_PRESETS, SEED_MAX
from orrery.errors import EXIT_CODES, UserError, worst
from orrery.exploration import Plan
from orrery.pool import DEADLINE_S
from orrery.report import Reporter
from orrery.times import parse_us


class SpanType(click.ParamType):
    """A span of time ("10s", "5m"), as microseconds."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        try:
            return parse_us(float(value) if value.replace(".", "", 1).isdecimal() else value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


SPAN = SpanType()
SEED = click.IntRange(0, SEED_MAX)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON document on standard output."
)
out_option = click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Folder for what is written (capsules, traces).",
)
seeds_option = click.option(
    "--seeds", type=click.IntRange(1), help="How many seeds; default: what the scenario says."
)
faults_option = click.option(
    "--faults", type=click.Choice(FAULT_PRESETS), default=None, help="The fault preset."
)
jobs_option = click.option(
    "--jobs", "-j", type=click.IntRange(1), help="Runs at once; default: ORRERY_JOBS or the cores."
)
deadline_option = click.option(
    "--deadline",
    "deadline_us",
    type=SPAN,
    default=f"{DEADLINE_S:.0f}s",
    show_default=True,
    help="Real time a single run may take before it is ended as not metered.",
)
junit_option = click.option(
    "--junit", type=click.Path(path_type=Path, dir_okay=False), help="Also write JUnit XML."
)
budget_option = click.option(
    "--budget", "budget_us", type=SPAN, help="Real time after which no new run is begun."
)
environment_option = click.option(
    "--env", "environment", help="The [env.NAME] of the wrangler file."
)


with_option = click.option(
    "--with",
    "beside",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Project folder of another Worker that the project's bindings name (repeatable).",
)


def weaken_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--weaken",
        "weaken",
        multiple=True,
        metavar="KEY[=VALUE]",
        callback=lambda _c, _p, pairs: parse_weaken(pairs),
        help="Switch a guarantee off on purpose, e.g. quorum=2 or lease_check=off.",
    )(function)


def parse_weaken(pairs: tuple[str, ...]) -> dict[str, Any]:
    """["quorum=2", "x"] -> {"quorum": 2, "x": True}; on/off are booleans."""
    words: dict[str, Any] = {"": True, "on": True, "true": True, "off": False, "false": False}
    weaken: dict[str, Any] = {}
    for pair in pairs:
        key, _, value = pair.partition("=")
        if not key:
            raise click.BadParameter(f"{pair!r} is not KEY or KEY=VALUE")
        weaken[key] = (
            words[value]
            if value in words
            else int(value)
            if value.lstrip("-").isdecimal()
            else value
        )
    return weaken


def parse_shard(text: str | None) -> tuple[int, int]:
    if text is None:
        return 1, 1
    index, mark, count = text.partition("/")
    if (
        not mark
        or not index.isdecimal()
        or not count.isdecimal()
        or not 1 <= int(index) <= int(count)
    ):
        raise UserError(f"--shard {text!r} is not i/n with 1 <= i <= n")
    return int(index), int(count)


def seconds(us: int | None) -> float | None:
    return None if us is None else us / 1_000_000


def document(
    command: str, build: str, seconds_real: float, scenarios: list[dict[str, Any]]
) -> dict[str, Any]:
    """The result document of the contract."""
    verdict = worst([scenario["verdict"] for scenario in scenarios])
    return {
        "orrery": 1,
        "command": command,
        "build": build,
        "verdict": verdict,
        "seconds": round(seconds_real, 3),
        "scenarios": scenarios,
    }


def print_json(data: Any) -> None:
    json.dump(data, sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")


def exit_code(verdict: str) -> int:
    return EXIT_CODES[verdict]


def show_progress(reporter: Reporter, plans: list[Plan], planned: int | None, before: int = 0) -> None:
    """One line over all plans; so many runs were over before them."""
    done = before + sum(plan.summary.seeds for plan in plans)
    failures = sum(len(plan.summary.failures) for plan in plans if not plan.summary.expected)
    current = next(
        (plan.summary.name for plan in plans if not plan.done),
        plans[-1].summary.name if plans else "",
    )
    reporter.update(done, planned, f"{current}, {failures} failure{'' if failures == 1 else 's'}")
