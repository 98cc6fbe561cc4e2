"""Tests of the Python package run it against fake_orrery.py, so that they need no C++ build."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
PACKAGES = HERE.parent
sys.path[:0] = [str(PACKAGES), str(HERE)]
os.environ["ORRERY_NATIVE"] = "fake_orrery"


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Bench:
    """A working folder with the command line in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("ORRERY_")},
            "PYTHONPATH": f"{PACKAGES}:{HERE}",
            "ORRERY_NATIVE": "fake_orrery",
            "ORRERY_ROOT": str(folder),
            "ORRERY_BUNDLER": str(HERE / "fake_bundler.mjs"),
        }

    def arguments(self, *arguments: str) -> list[str]:
        return [sys.executable, "-P", "-s", "-m", "orrery", *map(str, arguments)]

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            self.arguments(*arguments),
            cwd=self.folder,
            env={**self.environment, **environment},
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # Tests that a shell started in the background inherit an ignored SIGINT.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def run(self, *arguments: str, **environment: str) -> Ended:
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=60)
        assert "Traceback" not in err, err
        return Ended(process.returncode, out, err)

    def scenario(
        self,
        body: str,
        decorator: str = "@orrery.scenario(seeds=4)",
        file: str = "scenario.py",
        name: str = "one",
    ) -> Path:
        """Writes a scenario file with one scenario; `body` is its indented or unindented lines."""
        lines = "\n".join(f"    {line}" for line in body.strip("\n").splitlines())
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            f"import orrery\n\n{decorator}\nasync def {name}(world):\n{lines}\n", encoding="utf-8"
        )
        return path


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)
