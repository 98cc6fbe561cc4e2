"""The launcher, in a copy of the checkout with the outside world (apt-get, npm, cmake, ninja)
faked."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FAKES = {
    "dpkg-query": 'for p in "$@"; do case $p in -*) ;; *) [ -e "$F/absent-$p" ] || printf "ii %s\\n" "$p";; esac; done',
    "apt-get": 'echo "apt-get $*" >>"$F/calls"; [ ! -e "$F/apt-fails" ] || { echo "E: no network"; exit 100; }; rm -f "$F"/absent-*',
    "npm": 'echo "npm $*" >>"$F/calls"; mkdir -p node_modules',
    "cmake": 'echo "cmake" >>"$F/calls"; while [ "$1" != -B ]; do shift; done; mkdir -p "$2"; touch "$2/build.ninja"',
    "ninja": 'echo "ninja ${*: -1}" >>"$F/calls"; [ ! -e "$F/slow" ] || sleep 1; [ ! -e "$F/breaks" ] || { echo "FAILED: a.o"; echo "a.cc:1: wrong"; exit 1; }',
    "node": "exit 0",
    "g++": "exit 0",
    "sudo": '[ "$1" != -n ] || shift; exec "$@"',
}


class Checkout:
    """A copy of the launcher with a package that only says what it was started with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.fakes = folder / "fakes"
        for name in ("sim", "platform/web", "pybindings/orrery", ".cmake", "fakes"):
            (folder / name).mkdir(parents=True)
        shutil.copy(ROOT / "orrery", folder / "orrery")
        (folder / "CMakeLists.txt").write_text("")
        (folder / "sim" / "a.cc").write_text("")
        (folder / "platform" / "web" / "package-lock.json").write_text("{}")
        (folder / "pybindings" / "orrery" / "__main__.py").write_text(
            "import os, sys\nprint(sys.argv[1:], sys.path[0] != os.getcwd())\n"
        )
        for name, body in FAKES.items():
            (self.fakes / name).write_text(f"#!/bin/bash\nF={self.fakes}\n{body}\n")
            (self.fakes / name).chmod(0o755)

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [str(self.folder / "orrery"), *arguments],
            env={**os.environ, "PATH": f"{self.fakes}:{os.environ['PATH']}", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **environment: str) -> tuple[int, str, str]:
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=30)
        return process.returncode, out, err

    def calls(self) -> list[str]:
        path = self.fakes / "calls"
        text = path.read_text() if path.exists() else ""
        path.unlink(missing_ok=True)
        return text.splitlines()


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


def test_it_builds_once_and_then_starts_at_once(checkout):
    code, out, _ = checkout.run("run", "x")
    assert (code, out) == (0, "['run', 'x'] True\n")
    assert checkout.calls() == [
        "npm ci --ignore-scripts --no-audit --no-fund --loglevel=error",
        "cmake",
        "ninja _orrery",
    ]
    assert checkout.run("run", "x") == (0, "['run', 'x'] True\n", "") and checkout.calls() == []


def test_only_what_is_missing_is_installed_and_in_one_call(checkout):
    (checkout.fakes / "absent-librapidcheck-dev").touch()
    (checkout.fakes / "absent-python3-rich").touch()
    code, out, err = checkout.run("run")
    (call,) = [
        call for call in checkout.calls() if call.startswith("apt-get") and " install " in call
    ]
    assert code == 0 and out.startswith("['run']")
    assert call.split("--no-upgrade ")[1].split() == ["librapidcheck-dev", "python3-rich"]
    assert "installing from Debian: librapidcheck-dev python3-rich" in err


def test_an_installation_that_fails_is_one_message(checkout):
    (checkout.fakes / "absent-libssl-dev").touch()
    (checkout.fakes / "apt-fails").touch()
    code, out, err = checkout.run("run")
    assert (code, out) == (2, "") and "E: no network" in err and "apt-get install" in err


def test_a_changed_source_is_built_again_and_a_changed_lock_file_installed(checkout):
    checkout.run("run")
    checkout.calls()
    time.sleep(0.05)
    (checkout.folder / "sim" / "a.cc").write_text("int x;")
    checkout.run("run")
    assert checkout.calls() == ["ninja _orrery"]
    (checkout.folder / "platform" / "web" / "package-lock.json").write_text("{ }")
    checkout.run("run")
    assert [call.split()[0] for call in checkout.calls()][0] == "npm"


def test_a_removed_source_is_noticed(checkout):
    checkout.run("run")
    checkout.calls()
    time.sleep(0.05)
    (checkout.folder / "sim" / "a.cc").unlink()
    checkout.run("run")
    assert checkout.calls() == ["ninja _orrery"]


def test_tests_build_everything(checkout):
    checkout.run("test")
    assert checkout.calls()[-1] == "ninja all"


def test_a_build_that_fails_shows_the_error_and_is_tried_again(checkout):
    (checkout.fakes / "breaks").touch()
    code, out, err = checkout.run("run")
    assert (code, out) == (2, "") and "a.cc:1: wrong" in err and "build.log" in err
    (checkout.fakes / "breaks").unlink()
    assert checkout.run("run")[0] == 0


def test_help_and_the_doctor_need_no_build(checkout):
    for arguments in (["--help"], ["doctor"], ["run", "--help"], []):
        assert checkout.run(*arguments)[0] == 0
    assert checkout.calls() == []


def test_two_at_once_build_once(checkout):
    (checkout.fakes / "slow").touch()
    first = checkout.start("run", "1")
    time.sleep(0.3)
    second = checkout.start("run", "2")
    outs = [process.communicate(timeout=30) for process in (first, second)]
    assert [out for out, _ in outs] == ["['run', '1'] True\n", "['run', '2'] True\n"]
    assert "waiting for it" in outs[1][1]
    assert [call for call in checkout.calls() if call.startswith("ninja")] == ["ninja _orrery"]


def test_jobs_must_be_a_number(checkout):
    code, _, err = checkout.run("run", ORRERY_JOBS="two")
    assert code == 2 and "ORRERY_JOBS" in err


def test_a_preset_is_built_beside_the_ordinary_build_and_preloads_its_sanitizer(checkout):
    (checkout.fakes / "g++").write_text('#!/bin/bash\necho "/nowhere/${1#*=}"\n')
    (checkout.folder / "pybindings" / "orrery" / "__main__.py").write_text(
        "import os\nprint(os.environ['ORRERY_BUILD'][-4:], os.environ.get('LD_PRELOAD', '').split(':')[0])\n"
    )
    checkout.run("run")
    checkout.calls()
    _, out, _ = checkout.run("run", ORRERY_PRESET="asan")
    assert out == "asan /nowhere/libasan.so\n"
    assert checkout.calls() == ["cmake", "ninja _orrery"]
    assert checkout.run("run")[1] == "ease \n" and checkout.calls() == []


def test_a_preset_nobody_knows_is_refused(checkout):
    code, _, err = checkout.run("run", ORRERY_PRESET="fast")
    assert code == 2 and "ORRERY_PRESET" in err and checkout.calls() == []


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_has_nothing_to_say():
    done = subprocess.run(
        ["shellcheck", str(ROOT / "orrery"), str(ROOT / ".ci" / "run")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
