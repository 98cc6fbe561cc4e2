"""`orrery shrink`: a failing run made small."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import click

from orrery import capsule as capsules
from orrery.cli import common
from orrery.cli.replay import worker_of
from orrery.files import write_whole
from orrery.places import shown
from orrery.pool import Pool
from orrery.report import Reporter, error_console, out_line
from orrery.shrink_run import Progress, Shrinker, Shrunk
from orrery.shrink_write import capsule_of, counts, describe, paths, story, test_file


@click.command("shrink")
@click.argument("capsule", type=click.Path(path_type=Path))
@click.option(
    "--budget",
    "budget_us",
    type=common.SPAN,
    default="60s",
    show_default=True,
    help="Real time; with more of it the same command goes on where it stopped.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder for what is written; default: beside the capsule."
)
@common.jobs_option
@common.deadline_option
@common.json_option
def command(
    capsule: Path, budget_us: int, out: Path | None, jobs: int | None, deadline_us: int, as_json: bool
) -> int:
    """Make the run of CAPSULE small: fewer requests, fewer faults, the usual schedule, a smaller cloud, as long as the same
    rule breaks in the same way. Writes a small capsule and a pytest file that fails until the bug is mended."""
    wanted = capsules.read(capsule)
    small_path, test_path, state_path = paths(capsule, out)
    started = time.monotonic()

    def says(text: str) -> None:
        error_console().print(f"shrink: {text}", markup=False)

    with Pool(jobs, deadline_us / 1e6) as pool, Reporter("shrink", not as_json) as reporter:
        worker = worker_of(pool, wanted, capsule)

        def tell(now: Progress) -> None:
            reporter.update(now.runs, None, f"{now.left:,} decisions left, {now.events:,} events")

        shrinker = Shrinker(pool, worker, wanted, budget_us / 1e6, tell, state_path, says)
        shrunk = shrinker.run()
        build, app = worker.build, worker.scenarios[0].get("app", "")
    small = capsule_of(shrunk, wanted, build, app)
    told = story(shrunk)
    failure = shrunk.goal.failure(shrunk.outcome) or {}
    reason = f"{shrunk.goal.rule}: {failure.get('reason', '')}"
    small.write(small_path)
    write_whole(test_path, test_file(small, test_path.stem.removeprefix("test_"), reason, told))
    document: dict[str, Any] = {
        "orrery": 1,
        "command": "shrink",
        "build": build,
        "verdict": "fail",
        "rule": shrunk.goal.rule,
        "signature": shrunk.goal.signature,
        "reason": reason,
        "from": small.shrunk["from"],
        "to": counts(shrunk),
        "faults": small.shrunk["faults"],
        "variants": small.shrunk["variants"],
        "complete": shrunk.complete,
        "runs": shrunk.runs,
        "seconds": round(time.monotonic() - started, 1),
        "story": told,
        "capsule": shown(small_path),
        "test": shown(test_path),
    }
    if as_json:
        common.print_json(document)
    else:
        show(document, shrunk)
        if not shrunk.complete:
            says("the time was up before everything was tried; the same command with a greater --budget goes on")
    return 0


def show(document: dict[str, Any], shrunk: Shrunk) -> None:
    """The result for a person."""
    before, after = document["from"], document["to"]
    out_line(f"FAIL {document['reason']}")
    for line in document["story"]:
        out_line(f"   {line}")
    out_line(
        f"{before['events']:,} events and {before['decisions']:,} decisions ({before['different']:,} not the usual) became "
        f"{after['events']:,} events, {_count(after['operations'], 'request')}, {_count(after['faults'], 'fault')}, "
        f"{_count(after['overrides'], 'override')}"
    )
    for fault, seen in shrunk.without:
        out_line(f"   {describe(fault)}; without it: {seen}")
    failed, of = document["variants"]
    needs = f"fails {failed}/{of}" if failed == of else f"needs this exact order ({failed}/{of})"
    out_line(f"with all that is left to chance drawn anew: {needs}")
    out_line(f"{document['runs']:,} runs in {document['seconds']:.0f} s; capsule {document['capsule']}, test {document['test']}")


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
