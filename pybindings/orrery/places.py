"""Where things are: the checkout, the build folder, what runs leave behind.

The launcher says where (ORRERY_ROOT, ORRERY_BUILD); without it the places follow from this file's
own.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(os.environ.get("ORRERY_ROOT") or Path(__file__).resolve().parents[2])
BUILD = Path(os.environ.get("ORRERY_BUILD") or ROOT / ".build" / "release")
STATE = ROOT / ".build"
APPS = STATE / "apps"
LOGS = STATE / "log"
SCENARIOS = ROOT / "scenarios"
PACKAGE = Path(__file__).resolve().parent


def shown(path: Path | str) -> str:
    """A path as a person wants it: relative to the working folder where it is below it."""
    path = Path(path)
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
