"""`orrery bisect`: the commit after which a capsule's failure is there.

Git's own bisection does the search, in a work tree of its own; a step replays the capsule there (bisect_step.py) and
answers good, bad or skip. What is searched is the repository that holds the capsule's target: somebody's project, then
every step runs in this build; or Orrery itself, then a commit that changes it is built in the work tree (with ccache,
where there is one).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from orrery import capsule as capsules
from orrery import places
from orrery.cli import common
from orrery.errors import PASS, UNKNOWN, UserError
from orrery.report import error_console, out_console
from orrery.targets import parse_target


@click.command("bisect")
@click.argument("capsule", type=click.Path(path_type=Path))
@click.option("--good", required=True, metavar="REV", help="A commit without the failure.")
@click.option("--bad", default="HEAD", show_default=True, metavar="REV", help="A commit with it.")
@common.deadline_option
@common.json_option
def command(capsule: Path, good: str, bad: str, deadline_us: int, as_json: bool) -> int:
    """Find the commit that brought the failure of CAPSULE, by replaying it on commits between GOOD and BAD.

    A commit is bad when the capsule's rule is broken there, good when it is not, and skipped when it cannot be built or
    run. The work tree is untouched; changes that are not committed play no part.
    """
    wanted = capsules.read(capsule)
    if not wanted.expect.get("rule"):
        raise UserError("this capsule expects no failure, so there is nothing to look for")
    target = parse_target(wanted.target, near=(capsule.resolve().parent, capsule.resolve().parent.parent))
    repository = _repository(target.path)
    commits = {name: _commit(repository, rev) for name, rev in (("good", good), ("bad", bad))}
    started = time.monotonic()
    found = _search(repository, target.path, wanted, commits, deadline_us, not as_json)
    result: dict[str, Any] = {
        "orrery": 1,
        "command": "bisect",
        "verdict": "pass" if found["commit"] else "unknown",
        "seconds": round(time.monotonic() - started, 3),
        "rule": wanted.expect["rule"],
        **found,
    }
    if as_json:
        common.print_json(result)
    else:
        _show(result)
    return PASS if found["commit"] else UNKNOWN


def _git(folder: Path, *arguments: str, check: bool = True) -> str:
    # The caller's repository must not follow us into another.
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            text=True,
            check=False,
            env=environment,
        )
    except FileNotFoundError:
        raise UserError("git is not installed") from None
    if check and done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"code {done.returncode}"]
        raise UserError(f"git {arguments[0]}: {lines[-1]}")
    return done.stdout.strip()


def _repository(path: Path) -> Path:
    folder = path if path.is_dir() else path.parent
    try:
        return Path(_git(folder, "rev-parse", "--show-toplevel")).resolve()
    except UserError:
        raise UserError(f"{places.shown(path)} is in no git repository") from None


def _commit(repository: Path, rev: str) -> str:
    found = _git(repository, "rev-parse", "--verify", "--quiet", f"{rev}^{{commit}}", check=False)
    if not found:
        raise UserError(f"{rev} is not a commit of {places.shown(repository)}")
    return found


def _search(
    repository: Path,
    target: Path,
    wanted: capsules.Capsule,
    commits: dict[str, str],
    deadline_us: int,
    show: bool,
) -> dict[str, Any]:
    """{"commit", "subject", "tried": [{"commit", "word", "why"}], "left": [...] when nothing could tell them apart}"""
    with tempfile.TemporaryDirectory(prefix="orrery-bisect-") as folder:
        tree, moved = Path(folder) / "tree", Path(folder) / "moved.capsule.json"
        # The target as the work tree has it, so that no replay can take it from anywhere else.
        _, mark, name = wanted.target.partition("::")
        inside = str(target.relative_to(repository))
        replace(wanted, target=inside + mark + name).write(moved)
        _git(repository, "worktree", "add", "--detach", "--quiet", str(tree), commits["bad"])
        try:
            step = {
                "tree": str(tree),
                "capsule": str(moved),
                "target": inside,
                "rule": wanted.expect["rule"],
                "deadline_us": deadline_us,
                "own": str(places.ROOT) if repository == places.ROOT.resolve() else "",
            }
            for name in ("bad", "good"):
                _git(tree, "checkout", "--quiet", "--detach", commits[name])
                word, why = _step(step, show)
                if word != name:
                    raise UserError(
                        f"--{name} {commits[name][:12]} is not {name}: {why}",
                        hint="The failure must be there at --bad and not at --good.",
                    )
            _git(tree, "bisect", "start", "--no-checkout", commits["bad"], commits["good"])
            return _run(tree, step, show)
        finally:
            _git(tree, "bisect", "reset", check=False)
            _git(repository, "worktree", "remove", "--force", str(tree), check=False)
            _git(repository, "worktree", "prune", check=False)


def _step(step: dict[str, Any], show: bool) -> tuple[str, str]:
    """Replays on what is checked out: (good, bad or skip; why)."""
    done = subprocess.run(
        [sys.executable, "-m", "orrery.bisect_step", json.dumps(step)],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        answer = json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        raise UserError(f"a step of the search failed: {done.stderr.strip()[-500:]}") from None
    if show:
        commit = _git(Path(step["tree"]), "log", "-1", "--format=%h %s")
        error_console().print(f"{answer['word']:4}  {commit}  ({answer['why']})", markup=False)
    return answer["word"], answer["why"]


def _run(tree: Path, step: dict[str, Any], show: bool) -> dict[str, Any]:
    tried = []
    while True:
        head = _git(tree, "rev-parse", "BISECT_HEAD")
        _git(tree, "checkout", "--quiet", "--detach", head)
        word, why = _step(step, show)
        tried.append({"commit": head, "word": word, "why": why})
        said = _git(tree, "bisect", word, check=False)
        bad = _git(tree, "rev-parse", "refs/bisect/bad")
        left = _git(tree, "bisect", "visualize", "--format=%H", check=False).split()
        if "is the first bad commit" in said:
            subject = _git(tree, "log", "-1", "--format=%s", bad)
            return {"commit": bad, "subject": subject, "tried": tried}
        if "only 'skip'ped commits left" in said.lower() or "only skipped" in said.lower():
            return {"commit": "", "subject": "", "tried": tried, "left": left}


def _show(result: dict[str, Any]) -> None:
    console = out_console()
    tried = len(result["tried"]) + 2
    if result["commit"]:
        console.print(f"{result['commit'][:12]}  {result['subject']}", markup=False, style="bold red")
        text = f"is the first commit that breaks {result['rule']}; {tried} commits tried in {result['seconds']:.1f} s"
    else:
        names = ", ".join(commit[:12] for commit in result["left"])
        text = f"one of {names} breaks {result['rule']} first, but they cannot be built or run"
    console.print(text, markup=False, soft_wrap=True)
