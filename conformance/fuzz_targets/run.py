#!/usr/bin/python3
"""Builds the fuzz targets with clang-19 into .build/fuzz and runs each for a while; see README.md.

Nothing is installed here: what is missing is named with the line that installs it. Exit code 0: all clean; 10: an
input was found that breaks a target, which is named; 2: it cannot be built.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = ROOT / ".build" / "fuzz"
RECORD = HERE / "record.json"
TARGETS = {
    # Bytes of the longest input: long enough for what a target can tell apart, short enough to be quick.
    "wrangler": 4096,
    "history": 4096,
    "vfs": 512,
    "sql": 2048,
    "structured_clone": 1024,
    "capsule": 4096,
    "requests": 2048,
}
#: Neither V8 nor CPython gives back all its memory at its end.
UNWATCHED = {"structured_clone", "capsule", "requests"}
#: Of real time, on a machine that may be busy with other things.
SECONDS_AN_INPUT = 60
MEMORY_MB = 2048
RUNTIME = "/usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.fuzzer-x86_64.a"
NEEDED = {"clang++-19": "clang-19", "cmake": "cmake", "ninja": "ninja-build"}
INSTALL = "apt-get install -y --no-install-recommends clang-19 libclang-rt-19-dev llvm-19"


def missing() -> list[str]:
    """The packages without which nothing can be built."""
    names = [package for tool, package in NEEDED.items() if shutil.which(tool) is None]
    return names + ([] if Path(RUNTIME).exists() else ["libclang-rt-19-dev"])


def build(targets: list[str], jobs: int) -> None:
    """Raises CalledProcessError."""
    configured = (BUILD / "build.ninja").exists()
    configure = ["cmake", "-S", ROOT, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DORRERY_FUZZ=ON"]
    configure += ["-DCMAKE_C_COMPILER=clang-19", "-DCMAKE_CXX_COMPILER=clang++-19", "-DPython_EXECUTABLE=/usr/bin/python3"]
    if not configured:
        subprocess.run(configure, check=True, stdout=subprocess.DEVNULL)
    ninja = ["ninja", "-C", BUILD, "-j", str(jobs), *(f"fuzz_{target}" for target in targets)]
    subprocess.run(ninja, check=True, stdout=sys.stderr)


def run(target: str, seconds: int) -> dict[str, object]:
    """Fuzzes a target; its line of the record."""
    work = BUILD / "work" / target
    corpus, found, scratch = work / "corpus", work / "found", work / "tmp"
    for folder in (corpus, found, scratch):
        folder.mkdir(parents=True, exist_ok=True)
    for old in found.iterdir():
        old.unlink()
    dictionary = HERE / "dictionaries" / f"{target}.dict"
    command = [
        str(BUILD / "conformance" / "fuzz_targets" / f"fuzz_{target}"),
        f"-max_total_time={seconds}",
        f"-timeout={SECONDS_AN_INPUT}",
        f"-rss_limit_mb={MEMORY_MB}",
        f"-max_len={TARGETS[target]}",
        f"-artifact_prefix={found}/",
        f"-detect_leaks={int(target not in UNWATCHED)}",
        "-print_final_stats=1",
        *([f"-dict={dictionary}"] if dictionary.exists() else []),
        str(corpus),
        str(HERE / "corpus" / target),
    ]
    environment = {
        **os.environ,
        "TMPDIR": str(scratch),
        "ASAN_OPTIONS": f"allocator_may_return_null=1:detect_leaks={int(target not in UNWATCHED)}",
        "UBSAN_OPTIONS": "print_stacktrace=1",
        "ASAN_SYMBOLIZER_PATH": shutil.which("llvm-symbolizer-19") or "",
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    log = work / "log"
    before = _cpu_seconds()
    with log.open("wb") as out:
        done = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, env=environment, check=False)
    told = log.read_text(errors="replace")
    inputs = sorted(path.name for path in found.iterdir() if not path.name.startswith("slow-unit"))
    clean = done.returncode == 0 and not inputs
    if not clean:
        print(f"{target}: {', '.join(inputs) or 'ended with ' + str(done.returncode)}; see {log}", file=sys.stderr)
    return {
        "target": target,
        "seconds": int(_last(r"Done \d+ runs in (\d+) second", told)),
        "cpu_seconds": round(_cpu_seconds() - before),
        "executions": int(_last(r"stat::number_of_executed_units:\s+(\d+)", told)),
        "executions_per_second": int(_last(r"stat::average_exec_per_sec:\s+(\d+)", told)),
        "coverage": int(_last(r"cov: (\d+)", told)),
        "features": int(_last(r"ft: (\d+)", told)),
        "memory_mb": int(_last(r"stat::peak_rss_mb:\s+(\d+)", told)),
        "verdict": "clean" if clean else (inputs[0] if inputs else "ended"),
    }


def _cpu_seconds() -> float:
    """Of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _last(pattern: str, text: str) -> str:
    return (re.findall(pattern, text) or ["0"])[-1]


def record(lines: list[dict[str, object]]) -> None:
    """Puts the lines into the committed record, in the place of older ones of their targets."""
    old = json.loads(RECORD.read_text())["targets"] if RECORD.exists() else []
    by_name = {line["target"]: line for line in [*old, *lines]}
    rows = ",\n".join("  " + json.dumps(by_name[name]) for name in TARGETS if name in by_name)
    RECORD.write_text(f'{{\n "orrery": 1,\n "compiler": "{_compiler()}",\n "targets": [\n{rows}\n ]\n}}\n')


def _compiler() -> str:
    told = subprocess.run(["clang++-19", "--version"], capture_output=True, text=True, check=False).stdout
    return _last(r"clang version (\S+)", told)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all without one")
    parser.add_argument("--seconds", type=int, default=600, help="for each target (600)")
    parser.add_argument("--record", action="store_true", help="keep what came out in record.json")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="compile so many files at once")
    asked = parser.parse_args()
    if unknown := [target for target in asked.targets if target not in TARGETS]:
        parser.error(f"there is no target {unknown[0]}; there are {', '.join(TARGETS)}")
    if wanted := missing():
        print(f"missing: {', '.join(wanted)}. As root:\n  {INSTALL}", file=sys.stderr)
        return 2
    targets = asked.targets or list(TARGETS)
    try:
        build(targets, asked.jobs)
    except subprocess.CalledProcessError as error:
        print(f"the build failed: {error}", file=sys.stderr)
        return 2
    clean = True
    for target in targets:
        line = run(target, asked.seconds)
        clean = clean and line["verdict"] == "clean"
        print(" ".join(f"{key} {value}" for key, value in line.items()), flush=True)
        if asked.record:
            record([line])
    return 0 if clean else 10


if __name__ == "__main__":
    sys.exit(main())
