"""The README's tour, run for real: every block fenced as `console` begins with `$ ./orrery ...` and holds what
that command prints. `python3 tour.py` writes the blocks anew; test_readme.py compares them.

Real time is the only thing in the output that may differ from run to run; it is compared as "N s". A
line `...` in a block stands for any number of lines.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from real import module_folder

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
_BLOCK = re.compile(r"```console\n\$ (?P<command>\./orrery [^\n]*)\n(?P<output>.*?)```", re.S)
_REAL_TIME = re.compile(r"\b\d+(\.\d+)? s\b")
LINES_MAX = 30
WIDTH_MAX = 150


def blocks() -> list[tuple[str, str]]:
    """(command, output) of each block, in order."""
    return [(m["command"], m["output"]) for m in _BLOCK.finditer(README.read_text("utf-8"))]


def run(command: str) -> str:
    """Standard output of a command of the tour, run as the launcher would."""
    words = re.findall(r'"[^"]*"|\S+', command)
    arguments = [word.strip('"') for word in words[1:]]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("ORRERY_")}
    environment.update(
        PYTHONPATH=f"{ROOT / 'pybindings'}:{module_folder()}", ORRERY_ROOT=str(ROOT), COLUMNS="200"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-s", "-m", "orrery", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return "\n".join(line.rstrip()[:WIDTH_MAX] for line in done.stdout.strip("\n").split("\n")) + "\n"


def comparable(output: str) -> list[str]:
    """Lines without real time and without the widths that it changes."""
    lines = [" ".join(_REAL_TIME.sub("N s", line).split()) for line in output.split("\n")]
    return [line for line in lines if line]


def matches(expected: list[str], actual: list[str]) -> bool:
    """Whether the lines are the same, `...` standing for any."""
    if not expected:
        return not actual
    if expected[0] == "...":
        return any(matches(expected[1:], actual[skip:]) for skip in range(len(actual) + 1))
    return bool(actual) and expected[0] == actual[0] and matches(expected[1:], actual[1:])


def shortened(output: str) -> str:
    lines = output.rstrip("\n").split("\n")
    if len(lines) > LINES_MAX:
        lines = [*lines[: LINES_MAX - 12], "...", *lines[-11:]]
    return "\n".join(lines) + "\n"


def write() -> None:
    text = README.read_text("utf-8")

    def block(m: re.Match[str]) -> str:
        actual = run(m["command"])
        # What is true already stays as somebody chose to show it.
        if matches(comparable(m["output"]), comparable(actual)):
            return m[0]
        return f"```console\n$ {m['command']}\n{shortened(actual)}```"

    fresh = _BLOCK.sub(block, text)
    README.write_text(fresh, "utf-8")


if __name__ == "__main__":
    write()
