"""From a wrangler project folder to an app the world can deploy: read, bundle, load.

Reading the wrangler file is C++ (`_orrery.read_project`), bundling is Node's
(`platform/config/bundle/bundle.mjs`, which writes whole folders and skips what is current), loading
is C++ again. A lock per app folder keeps two orreries from replacing it under each other.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orrery import native, places
from orrery.errors import UserError
from orrery.places import shown

BUNDLER = places.ROOT / "platform" / "config" / "bundle" / "bundle.mjs"
BUNDLER_SECONDS_MAX = 120


@dataclass
class LoadedApp:
    """An app in this process: the native handle, and the hash of the project's content."""

    handle: Any
    hash: str
    name: str


def load_app(folder: Path, environment: str | None = None) -> LoadedApp:
    """Reads, bundles and loads a project. UserError with the compiler's or reader's own message."""
    module = native.load()
    if not folder.is_dir():
        raise UserError(f"no such project folder: {shown(folder)}")
    try:
        project = json.loads(module.read_project(str(folder), environment))
        name = str(project.get("name") or folder.name)
        out = app_folder(folder, name, environment)
        out.parent.mkdir(parents=True, exist_ok=True)
        with open(f"{out}.lock", "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            content_hash = _bundle(project, out, folder)
            handle = module.load_app(str(out))
    except module.BadInput as error:
        raise UserError(str(error)) from None
    except OSError as error:
        raise UserError(f"cannot write the bundle of {shown(folder)}: {error.strerror}") from None
    return LoadedApp(handle, content_hash, name)


def app_folder(folder: Path, name: str, environment: str | None) -> Path:
    """Where the bundle of a project goes: readable, and different for every folder and
    environment."""
    safe = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in name)
    key = hashlib.sha256(f"{folder.resolve()}\0{environment or ''}".encode()).hexdigest()[:12]
    return places.APPS / f"{safe}-{key}"


def _bundle(project: dict[str, Any], out: Path, folder: Path) -> str:
    """Runs the bundler; returns the hash of the project's content."""
    bundler = Path(os.environ.get("ORRERY_BUNDLER") or BUNDLER)
    try:
        done = subprocess.run(
            ["node", str(bundler)],
            input=json.dumps({**project, "out": str(out)}),
            capture_output=True,
            text=True,
            timeout=BUNDLER_SECONDS_MAX,
            check=False,
        )
    except FileNotFoundError:
        raise UserError(
            "node is not installed", hint="Start with ./orrery, which installs it."
        ) from None
    except subprocess.TimeoutExpired:
        raise UserError(
            f"bundling {shown(folder)} took more than {BUNDLER_SECONDS_MAX} s"
        ) from None
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        answer = {}
    if done.returncode == 0 and answer.get("ok"):
        return str(answer.get("content_hash", ""))
    error = answer.get("error")
    if not isinstance(error, dict):
        text = done.stderr.strip()[-2000:] or f"the bundler ended with code {done.returncode}"
        raise UserError(f"{shown(folder)} cannot be bundled: {text}")
    raise UserError(
        _place(error, folder) + str(error.get("message")), hint=str(error.get("hint") or "")
    )


def _place(error: dict[str, Any], folder: Path) -> str:
    """'folder/src/index.ts:3:7: ' as far as the bundler knows it."""
    if not error.get("file"):
        return f"{shown(folder)}: "
    place = [shown(folder / error["file"])]
    place += [str(error[key]) for key in ("line", "column") if error.get(key)]
    return ":".join(place) + ": "
