"""`orrery conform`: the probes recorded from real workerd; with --fuzz, generated programs on both sides."""

from __future__ import annotations

import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import click

from orrery import conform
from orrery.cli import common, fuzz_report
from orrery.errors import UserError, not_in_this_build
from orrery.report import out_line

#: Seeds of programs are 32-bit numbers.
FUZZ_SEED_MAX = 2**32 - 1


@click.command("conform")
@click.argument("themes", nargs=-1)
@click.option("--live", is_flag=True, help="Also what must happen in the end.")
@click.option("--record", is_flag=True, help="Ask real workerd again; with --fuzz, keep its answers.")
@click.option("--fuzz", type=click.IntRange(1), help="So many random programs, here and in workerd.")
@click.option(
    "--first-seed",
    type=click.IntRange(0, FUZZ_SEED_MAX),
    default=1,
    show_default=True,
    help="The first program of --fuzz.",
)
@click.option("--tests", "manifest", help="A manifest of other tests.")
@click.option("--wpt", "folder", help="A checkout of the web platform tests.")
@common.out_option
@common.json_option
def command(
    themes: tuple[str, ...],
    live: bool,
    record: bool,
    fuzz: int | None,
    first_seed: int,
    manifest: str | None,
    folder: str | None,
    out: Path,
    as_json: bool,
) -> int:
    """Run the probes of conformance/probes (of these THEMES, else all) and compare each answer with the one recorded
    from real workerd. Passes when all agree but for the differences that are listed with their reasons.

    With --fuzz N instead: N random programs of an object are run here and in real workerd, which is installed for it
    when it is not there (npm). What differs is shrunk to a minimal program, printed with both answers and written
    to --out."""
    later = {"--live": live, "--record": record and fuzz is None, "--tests": manifest, "--wpt": folder}
    for option, given in later.items():
        if given:
            raise not_in_this_build(f"orrery conform {option}")
    if fuzz is not None:
        if themes:
            raise UserError("--fuzz takes no themes: its programs are drawn")
        if record:
            return fuzz_report.record(fuzz, first_seed, as_json)
        return fuzz_report.run(fuzz, first_seed, out, as_json)
    started = time.monotonic()
    version, probes = conform.run_probes(themes)
    verdict = "pass" if all(probe.good for probe in probes) else "fail"
    document = {
        "orrery": 1,
        "command": "conform",
        "verdict": verdict,
        "seconds": round(time.monotonic() - started, 1),
        "workerd": version,
        "themes": _counts(probes),
        "probes": [
            {
                "theme": probe.theme,
                "name": probe.name,
                "verdict": probe.verdict,
                "workerd": probe.recorded,
                "here": probe.here,
                "reason": probe.reason,
            }
            for probe in probes
            if probe.verdict != "same"
        ],
    }
    if as_json:
        common.print_json(document)
    else:
        _show(document, len(probes))
    return common.exit_code(verdict)


def _counts(probes: list[conform.Probe]) -> dict[str, dict[str, int]]:
    themes: dict[str, Counter[str]] = {}
    for probe in probes:
        themes.setdefault(probe.theme, Counter())[probe.verdict] += 1
    return {theme: dict(counts) for theme, counts in themes.items()}


def _show(document: dict[str, Any], count: int) -> None:
    for probe in document["probes"]:
        reason = f" ({probe['reason']})" if probe["reason"] else ""
        out_line(f"{probe['theme']}/{probe['name']}: {probe['verdict']}{reason}")
        if probe["verdict"] == "differs":
            out_line(f"  workerd {json.dumps(probe['workerd'], ensure_ascii=False)}")
            out_line(f"  here    {json.dumps(probe['here'], ensure_ascii=False)}")
    for theme, counts in document["themes"].items():
        out_line(f"{theme}: " + ", ".join(f"{number} {verdict}" for verdict, number in counts.items()))
    out_line(
        f"{document['verdict']}: {count} probes against workerd {document['workerd']} in {document['seconds']:.1f} s"
    )
