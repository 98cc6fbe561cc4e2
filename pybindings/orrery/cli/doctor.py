"""`orrery doctor`: what this machine has, what is missing, and what to do about it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from rich.text import Text

from orrery import places
from orrery.cli import common
from orrery.errors import BAD_INPUT, PASS
from orrery.report import out_console

DISK_FREE_MIN_GB = 4


@dataclass
class Finding:
    """One line of the doctor's: what, whether it is well, what was seen, what to do if not."""

    name: str
    ok: bool
    seen: str
    advice: str = ""


@click.command("doctor")
@common.json_option
def command(as_json: bool) -> int:
    """Look at tools, libraries, V8, the build, npm packages and the machine. Works before anything
    is built."""
    findings = [
        *(_tool(*tool) for tool in _TOOLS),
        _python(),
        _v8(),
        _packages(),
        _build(),
        _native(),
        *_npm(),
        _aslr(),
        _disk(),
        _cores(),
    ]
    well = all(finding.ok for finding in findings)
    if as_json:
        common.print_json(
            {
                "orrery": 1,
                "command": "doctor",
                "ok": well,
                "findings": [asdict(finding) for finding in findings],
            }
        )
        return PASS if well else BAD_INPUT
    console = out_console()
    for finding in findings:
        line = Text(
            "ok      " if finding.ok else "NOT OK  ", style="green" if finding.ok else "bold red"
        )
        line.append(f"{finding.name:<16} {finding.seen}", style="default")
        console.print(line, soft_wrap=True)
        if not finding.ok:
            console.print(f"        {'':<16} -> {finding.advice}", markup=False, soft_wrap=True)
    return PASS if well else BAD_INPUT


#: name, command, whether Orrery can do without it
_TOOLS = (
    ("g++", ("g++", "--version"), False),
    ("cmake", ("cmake", "--version"), False),
    ("ninja", ("ninja", "--version"), False),
    ("ccache", ("ccache", "--version"), True),
    ("mold", ("mold", "--version"), True),
    ("node", ("node", "--version"), False),
    ("npm", ("npm", "--version"), False),
)


def _tool(name: str, arguments: tuple[str, ...], optional: bool) -> Finding:
    seen = _first_line(*arguments)
    if seen is None:
        return Finding(
            name,
            optional,
            "not there (not needed, only slower)" if optional else "not there",
            "any ./orrery command installs it",
        )
    return Finding(name, True, seen)


def _first_line(*arguments: str) -> str | None:
    try:
        done = subprocess.run(
            arguments,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            timeout=20,
            check=False,
        )  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip().partition("\n")[0] if done.returncode == 0 else None


def _python() -> Finding:
    version = sys.version.partition(" ")[0]
    return Finding(
        "python",
        sys.version_info[:2] >= (3, 11),
        f"{version} ({sys.executable})",
        "Orrery is written for Debian 12's Python 3.11",
    )


def _v8() -> Finding:
    system = (
        _first_line("dpkg-query", "-W", "-f=${db:Status-Abbrev}${Version}\n", "libnode-dev") or ""
    )
    prefix = places.STATE / "deps" / "v8" / "usr" / "include" / "node" / "v8-version.h"
    if system.startswith("ii"):
        return Finding(
            "V8",
            True,
            f"{_v8_version(Path('/usr/include/node/v8-version.h'))}, of Debian's libnode-dev {system[3:].strip()}",
        )
    if prefix.exists():
        return Finding(
            "V8", True, f"{_v8_version(prefix)}, unpacked below {places.shown(prefix.parents[3])}"
        )
    return Finding("V8", False, "not there", "any ./orrery command installs or unpacks it")


def _v8_version(header: Path) -> str:
    try:
        words = dict(
            line.split()[1:3]
            for line in header.read_text(encoding="utf-8").splitlines()
            if line.startswith("#define V8_") and len(line.split()) == 3
        )
        return ".".join(
            words[f"V8_{part}"]
            for part in ("MAJOR_VERSION", "MINOR_VERSION", "BUILD_NUMBER", "PATCH_LEVEL")
        )
    except (OSError, KeyError):
        return "unknown version"


def _packages() -> Finding:
    wanted = _launcher_packages()
    have = subprocess.run(  # noqa: S603
        ["dpkg-query", "-W", "-f=${db:Status-Abbrev}${Package}\n", *wanted],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    ).stdout.splitlines()
    installed = {line[3:].strip() for line in have if line.startswith("ii")}
    missing = [package for package in wanted if package not in installed]
    seen = f"{len(wanted) - len(missing)} of {len(wanted)} Debian packages" + (
        f"; missing: {' '.join(missing)}" if missing else ""
    )
    return Finding("libraries", not missing, seen, "any ./orrery command installs them")


def _launcher_packages() -> list[str]:
    """The list is the launcher's; it is not kept twice."""
    try:
        text = (places.ROOT / "orrery").read_text(encoding="utf-8")
        return text.partition("\nlibraries=(")[2].partition(")")[0].split()
    except OSError:
        return []


def _build() -> Finding:
    stamp = places.STATE / "stamps" / "built-run"
    return Finding(
        "build",
        stamp.exists(),
        places.shown(places.BUILD) if stamp.exists() else "not built yet",
        "any ./orrery command builds it",
    )


def _native() -> Finding:
    # In a process of its own: a module that does not load must not take the doctor with it.
    program = (
        "import _orrery as o; print(o.build_hash()); print(getattr(o, 'v8_flags', lambda: '')())"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-s", "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )  # noqa: S603
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or [f"ended with code {done.returncode}"])[-1]
        return Finding(
            "C++ module",
            False,
            last,
            "./orrery run --help shows nothing of it; build with any other command, then look at .build/log/build.log",
        )
    build, _, flags = done.stdout.strip().partition("\n")
    return Finding(
        "C++ module", True, f"build {build[:16]}" + (f", V8 flags {flags}" if flags else "")
    )


def _npm() -> list[Finding]:
    findings = []
    for room in ("platform", "conformance", "scenarios", "reports"):
        for lock in sorted((places.ROOT / room).rglob("package-lock.json")):
            if "node_modules" in lock.parts:
                continue
            installed = (lock.parent / "node_modules").is_dir()
            name = places.shown(lock.parent)
            findings.append(
                Finding(
                    "npm packages",
                    installed,
                    f"{name}{'' if installed else ': not installed'}",
                    f"npm ci in {name}",
                )
            )
    return findings


def _aslr() -> Finding:
    try:
        value = Path("/proc/sys/kernel/randomize_va_space").read_text(encoding="ascii").strip()
    except OSError:
        value = "?"
    words = {"0": "off (runs are the same; selfcheck proves less)", "1": "on", "2": "on"}
    return Finding("ASLR", True, words.get(value, "unknown"))


def _disk() -> Finding:
    free_gb = shutil.disk_usage(places.ROOT).free / 1e9
    return Finding(
        "disk",
        free_gb >= DISK_FREE_MIN_GB,
        f"{free_gb:.0f} GB free",
        f"the build wants {DISK_FREE_MIN_GB} GB",
    )


def _cores() -> Finding:
    jobs = os.environ.get("ORRERY_JOBS")
    return Finding(
        "cores", True, f"{len(os.sched_getaffinity(0))}" + (f", ORRERY_JOBS={jobs}" if jobs else "")
    )
