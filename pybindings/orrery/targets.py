"""TARGET on a command line: a scenario (`path.py`, `path.py::name`) or a wrangler project
folder."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Sequence

from orrery import places
from orrery.errors import UserError
from orrery.places import shown
from orrery.scenario import split_target

WRANGLER_FILES = ("wrangler.jsonc", "wrangler.json", "wrangler.toml")


@dataclass(frozen=True)
class Target:
    """What to load in a worker: `kind` is "scenario" or "project"."""

    kind: str
    path: Path
    name: str | None = None
    environment: str | None = None
    #: Folders of further Workers, for a project.
    beside: tuple[Path, ...] = ()

    def load(self) -> dict[str, Any]:
        """The first message to a worker."""
        return {
            "target": self.kind,
            "path": str(self.path),
            "name": self.name,
            "environment": self.environment,
            "with": [str(folder) for folder in self.beside],
        }

    def job(self) -> dict[str, Any]:
        """What a capsule has to keep of this target besides its name."""
        return {"with": [shown(folder) for folder in self.beside]} if self.beside else {}


def parse_target(
    text: str,
    environment: str | None = None,
    near: tuple[Path, ...] = (),
    beside: Sequence[str | Path] = (),
) -> Target:
    """Finds what a target names: as it is, then below the folders `near`, then below the
    checkout. `beside`: project folders of further Workers (--with)."""
    target = _find(text, environment, near)
    if not beside:
        return target
    if target.kind != "project":
        raise UserError("--with is for project folders; a scenario names its Workers: app=[...]")
    folders = [_find(str(folder), environment, near) for folder in beside]
    for folder, given in zip(folders, beside):
        if folder.kind != "project":
            raise UserError(f"--with {given} is not a wrangler project folder")
    return replace(target, beside=tuple(folder.path for folder in folders))


def _find(text: str, environment: str | None, near: tuple[Path, ...]) -> Target:
    path, name = split_target(text)
    for base in (Path.cwd(), *near, places.ROOT):
        found = base / path
        if found.is_dir():
            return _folder(found, text, name, environment)
        if found.is_file():
            if found.suffix == ".py":
                return Target("scenario", found.resolve(), name, environment)
            if found.name in WRANGLER_FILES:
                return Target("project", found.resolve().parent, None, environment)
            raise UserError(
                f"{text} is neither a scenario (a .py file) nor a wrangler project folder"
            )
    raise UserError(
        f"no such target: {text}",
        hint="Give a scenario (path.py or path.py::name) or a wrangler project folder.",
    )


def _folder(folder: Path, text: str, name: str | None, environment: str | None) -> Target:
    if name is not None:
        raise UserError(f"{text}: a folder has no scenarios by ::name; name the .py file")
    if not any((folder / file).exists() for file in WRANGLER_FILES):
        if (folder / "scenario.py").exists():
            return Target("scenario", (folder / "scenario.py").resolve(), None, environment)
        raise UserError(f"{text} has no wrangler.toml, wrangler.jsonc or wrangler.json")
    return Target("project", folder.resolve(), None, environment)
