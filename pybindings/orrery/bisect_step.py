"""One step of `orrery bisect`: is a capsule's failure there in what is checked out? Prints {"word", "why"} as JSON.

With this build where the commit does not change Orrery itself, else with the commit's own `./orrery`, which builds it
first.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

#: Rooms whose change makes another build; scenarios and reports are read at run time.
BUILT_FROM = ("CMakeLists.txt", ".cmake", "sim", "platform", "conformance", "pybindings", "orrery")


def main() -> None:
    step = json.loads(sys.argv[1])
    word, why = judge(step)
    print(json.dumps({"word": word, "why": why}))


def judge(step: dict[str, Any]) -> tuple[str, str]:
    """good, bad or skip, and why."""
    tree = Path(step["tree"])
    if not (tree / step["target"]).exists():
        return "skip", f"there is no {step['target']}"
    own = step["own"] and _changes_build(tree, Path(step["own"]))
    command = [str(tree / "orrery")] if own else [sys.executable, "-m", "orrery"]
    command += ["replay", step["capsule"], "--json", "--deadline", f"{step['deadline_us'] / 1e6}s"]
    environment = dict(os.environ)
    if own:
        for name in ("ORRERY_ROOT", "ORRERY_BUILD", "ORRERY_NATIVE", "PYTHONPATH"):
            environment.pop(name, None)
    # The capsule's target is looked for below the working folder first.
    done = subprocess.run(
        command, cwd=tree, capture_output=True, text=True, check=False, env=environment
    )
    try:
        document = json.loads(done.stdout)
    except ValueError:
        last = (done.stderr.strip().splitlines() or [f"code {done.returncode}"])[0]
        return "skip", last[:200]
    rules = [failure["rule"] for failure in document.get("failures", [])]
    if step["rule"] in rules:
        return "bad", f"{step['rule']} is broken"
    if document.get("verdict") == "error" or "CRASH" in rules or "NOT-METERED" in rules:
        return "skip", f"the run ends in {', '.join(rules) or 'an error'}"
    return "good", f"another failure, {rules[0]}" if rules else "it passes"


def _changes_build(tree: Path, own: Path) -> bool:
    """Whether the commit is of another Orrery than the one that runs."""
    names = [name for name in BUILT_FROM if (own / name).exists()]
    if not names:
        return False
    done = subprocess.run(
        ["git", "-C", str(own), "diff", "--quiet", _head(tree), "--", *names], check=False
    )
    return done.returncode != 0


def _head(tree: Path) -> str:
    done = subprocess.run(
        ["git", "-C", str(tree), "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


if __name__ == "__main__":
    main()
