"""`orrery test`: all tests of this checkout (the launcher has built them)."""

from __future__ import annotations

import subprocess
import sys
import time

import click

from orrery import places
from orrery.cli import common
from orrery.errors import FAIL, PASS
from orrery.pool import default_jobs
from orrery.report import out_console


@click.command("test")
@click.option(
    "-k", "pattern", default=None, help="Only tests whose name matches (ctest -R and pytest -k)."
)
@common.json_option
def command(pattern: str | None, as_json: bool) -> int:
    """Run every test: C++ (ctest), Python (pytest), the bundler's (node --test), and the suite, each of its seeds
    twice."""
    steps = [("ctest", _ctest(pattern)), ("pytest", _pytest(pattern))]
    node = _node() if pattern is None else []
    if node:
        steps.append(("node", node))
    if pattern is None:
        steps.append(("suite", _suite()))
    results = []
    for name, arguments in steps:
        print(f"test: {name}", file=sys.stderr, flush=True)
        started = time.monotonic()
        # With --json standard output belongs to the document.
        done = subprocess.run(
            arguments, stdout=sys.stderr if as_json else None, cwd=places.ROOT, check=False
        )  # noqa: S603
        ok = done.returncode == 0 or (
            name == "pytest" and pattern is not None and done.returncode == 5
        )
        results.append({"name": name, "ok": ok, "seconds": round(time.monotonic() - started, 1)})
    failed = [result["name"] for result in results if not result["ok"]]
    if as_json:
        common.print_json(
            {
                "orrery": 1,
                "command": "test",
                "verdict": "fail" if failed else "pass",
                "steps": results,
            }
        )
    else:
        times = ", ".join(
            f"{result['name']} {'ok' if result['ok'] else 'FAILED'} {result['seconds']} s"
            for result in results
        )
        out_console().print(times, style="bold red" if failed else "bold green", markup=False)
    return FAIL if failed else PASS


def _ctest(pattern: str | None) -> list[str]:
    return [
        "ctest",
        "--test-dir",
        str(places.BUILD),
        "--output-on-failure",
        "--no-tests=ignore",
        "-j",
        str(default_jobs()),
        *(["-R", pattern] if pattern else []),
    ]


def _pytest(pattern: str | None) -> list[str]:
    folders = sorted(
        {
            str(path.parent)
            for room in ("pybindings", "scenarios", "reports", "conformance")
            for path in (places.ROOT / room).rglob("test_*.py")
            if "node_modules" not in path.parts
        }
    )
    return [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *folders,
        *(["-k", pattern] if pattern else []),
    ]


def _suite() -> list[str]:
    """Every scenario with as many seeds as it names, and each of these runs once more in an unlike process."""
    return [sys.executable, "-P", "-s", "-m", "orrery", "suite", "--double"]


def _node() -> list[str]:
    files = sorted(
        str(path)
        for room in ("platform", "conformance")
        for path in (places.ROOT / room).rglob("*.test.mjs")
        if "node_modules" not in path.parts
    )
    return ["node", "--test", *files] if files else []
