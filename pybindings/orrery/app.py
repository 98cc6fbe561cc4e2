"""From wrangler project folders to an app the world can deploy: read, bundle, load.

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
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orrery import native, places
from orrery.errors import UserError
from orrery.places import shown
from orrery.targets import WRANGLER_FILES

BUNDLER = places.ROOT / "platform" / "config" / "bundle" / "bundle.mjs"
BUNDLER_SECONDS_MAX = 120


@dataclass
class LoadedApp:
    """An app in this process: the native handle, and the hash of the project's content."""

    handle: Any
    hash: str
    name: str


def load_app(
    apps: tuple[Path, ...],
    environment: str | None = None,
    versions: tuple[tuple[str, Path], ...] = (),
) -> LoadedApp:
    """Reads, bundles and loads projects, a Worker each, the one that clients reach first, and the
    versions that may be deployed later. UserError with the compiler's or reader's own message."""
    module = native.load()
    folders = apps + tuple(folder for _, folder in versions)
    projects = [_read(folder, environment) for folder in folders]
    names = [str(project.get("name") or folder.name) for project, folder in zip(projects, folders)]
    outs = [app_folder(folder, name, environment) for folder, name in zip(folders, names)]
    hashes: list[str] = []
    with ExitStack() as locks:
        # In one order everywhere, so that no two wait for each other.
        for out in sorted(set(outs)):
            try:
                out.parent.mkdir(parents=True, exist_ok=True)
                lock = locks.enter_context(open(f"{out}.lock", "w", encoding="utf-8"))
                fcntl.flock(lock, fcntl.LOCK_EX)
            except OSError as error:
                raise UserError(
                    f"cannot write the bundle of {shown(folders[0])}: {error.strerror}"
                ) from None
        for project, out, folder in zip(projects, outs, folders):
            try:
                hashes.append(_bundle(project, out, folder))
            except OSError as error:
                raise UserError(
                    f"cannot write the bundle of {shown(folder)}: {error.strerror}"
                ) from None
        try:
            loaded = [str(out) for out in outs]
            later = list(zip((version for version, _ in versions), loaded[len(apps) :]))
            handle = module.load_app(loaded[: len(apps)], later)
        except module.BadInput as error:
            raise UserError(str(error)) from None
    return LoadedApp(handle, _hash_of(hashes), names[0])


def _hash_of(hashes: list[str]) -> str:
    """The hash of several projects; of one, its own."""
    if len(hashes) == 1:
        return hashes[0]
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def _read(folder: Path, environment: str | None) -> dict[str, Any]:
    """What the wrangler file says, as JSON data."""
    module = native.load()
    if not folder.is_dir():
        raise UserError(f"no such project folder: {shown(folder)}")
    try:
        return json.loads(module.read_project(str(folder), environment))
    except module.BadInput as error:
        raise UserError(str(error)) from None


def with_bound_workers(folders: tuple[Path, ...], environment: str | None) -> tuple[Path, ...]:
    """The projects and those of other Workers that their bindings name, as far as they lie in
    folders next to them. What is not found is left to loading, which says so."""
    found = list(dict.fromkeys(folder.resolve() for folder in folders))
    projects = [_read(folder, environment) for folder in found]
    names = {str(project.get("name", "")) for project in projects}
    # `found` grows while it is walked.
    for index, folder in enumerate(found):
        wanted = _bound_workers(projects[index]) - names
        for near in sorted(folder.parent.iterdir()) if wanted else ():
            if near in found or not any((near / file).is_file() for file in WRANGLER_FILES):
                continue
            try:
                project = _read(near, environment)
            except UserError:
                continue  # not ours to complain of
            if project.get("name") in wanted - names:
                names.add(str(project["name"]))
                found.append(near)
                projects.append(project)
    return tuple(found)


def _bound_workers(project: dict[str, Any]) -> set[str]:
    """The names of the Workers that a project's bindings lead to."""
    names = set()
    for binding in project.get("bindings", []):
        name = binding.get({"service": "service", "durable_object": "script"}.get(binding["type"], ""))
        if name:
            environment = binding.get("environment")
            names.add(f"{name}-{environment}" if environment else str(name))
    return names


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
