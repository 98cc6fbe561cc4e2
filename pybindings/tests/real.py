"""For tests that need the real build: the command line over the C++ module in a folder of its own."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Iterator, Sequence

import pytest
from conftest import Ended

ROOT = Path(__file__).resolve().parents[2]


def module_folder() -> Path:
    """Where `_orrery` is. Fails the test, never skips it, when it has not been built."""
    builds = [os.environ.get("ORRERY_BUILD", ""), ROOT / ".build/release", ROOT / ".build/dev"]
    named = [Path(build) / "pybindings" / "module" for build in builds if build]
    named += [Path(entry) for entry in os.environ.get("PYTHONPATH", "").split(":") if entry]
    for folder in named:
        if list(folder.glob("_orrery*.so")):
            return folder
    pytest.fail("the C++ module is not built: start with ./orrery test, which builds it")


def beside(folder: Path, project: str) -> Iterator["Real"]:
    """For fixtures: the command line in a folder with a copy of a project of the tests; its bundles go with it."""
    real = Real(folder)
    shutil.copytree(Path(__file__).resolve().parent / project, folder / project)
    yield real
    real.forget_bundles()


class Real:
    """A working folder and the real command line in it. Bundles of its projects go with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("ORRERY_")},
            "PYTHONPATH": f"{ROOT / 'pybindings'}:{module_folder()}",
            "ORRERY_ROOT": str(ROOT),
            "ORRERY_JOBS": "2",
        }

    def run(
        self, *arguments: Any, seconds: float = 60, before: Sequence[str] = (), **environment: str
    ) -> Ended:
        """Runs a command to its end, by way of the words `before`. One that hangs or shows a
        traceback fails the test."""
        return self._run([*before, sys.executable, "-P", "-s", "-m", "orrery", *map(str, arguments)], seconds, environment)

    def python(self, script: str, seconds: float = 60) -> Ended:
        """Runs a script over the package."""
        return self._run([sys.executable, "-P", "-s", "-c", script], seconds, {})

    def _run(self, words: Sequence[str], seconds: float, environment: dict[str, str]) -> Ended:
        done = subprocess.run(
            words,
            cwd=self.folder,
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def write(self, path: str, text: str) -> Path:
        full = self.folder / path
        full.parent.mkdir(parents=True, exist_ok=True)
        full.write_text(text, encoding="utf-8")
        return full

    def requests(self, *urls: str, name: str = "requests.jsonl", apart_s: int = 60) -> Path:
        """A request file: one request after the other, all from Frankfurt."""
        lines = [
            json.dumps({"at": f"{number * apart_s}s", "city": "Frankfurt", "url": url})
            for number, url in enumerate(urls)
        ]
        return self.write(name, "\n".join(lines) + "\n")

    def forget_bundles(self) -> None:
        """Removes the bundles of the projects in this folder from the build folder."""
        for path in [self.folder, *self.folder.rglob("*")]:
            if path.is_dir():
                key = hashlib.sha256(f"{path.resolve()}\0".encode()).hexdigest()[:12]
                for left in (ROOT / ".build" / "apps").glob(f"*-{key}*"):
                    shutil.rmtree(left) if left.is_dir() else left.unlink()
