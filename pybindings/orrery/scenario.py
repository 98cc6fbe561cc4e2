"""The `@orrery.scenario` decorator, and finding scenarios by path.

A scenario is an `async def` taking a World. The decorator only notes how it wants to be run;
running is done elsewhere, in a worker process.
"""

from __future__ import annotations

import importlib.util
import inspect
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Coroutine, Iterable, Mapping

from orrery.capsule import FAULT_PRESETS
from orrery.errors import UserError
from orrery.places import shown
from orrery.schedule import SCHEDULES, is_schedule
from orrery.times import Span, parse_us

ScenarioFunction = Callable[..., Coroutine[Any, Any, None]]
DEFAULT_SEEDS = 20
DEFAULT_PATIENCE = "10m"
DEFAULT_FAULTS_OVER = "30s"
#: Where a decorated function keeps its Scenario.
ATTRIBUTE = "__orrery_scenario__"


@dataclass(frozen=True)
class Scenario:
    """How one scenario wants to be run. `path` is its file, `apps` the wrangler projects, a Worker
    each, the one that clients reach first (empty: no app), `versions` what may be deployed in place of one of them
    while a world runs, by name and project."""

    name: str
    path: Path
    line: int
    function: ScenarioFunction = field(repr=False, compare=False)
    setup: ScenarioFunction | None = field(default=None, repr=False, compare=False)
    apps: tuple[Path, ...] = ()
    versions: tuple[tuple[str, Path], ...] = ()
    environment: str | None = None
    pops: tuple[str, ...] = ()
    faults: str = "swarm"
    seeds: int = DEFAULT_SEEDS
    expect: str | None = None
    weaken: dict[str, Any] = field(default_factory=dict)
    past: bool | None = None
    schedule: str = "fifo"
    patience_us: int = 0
    faults_over_us: int = 0
    description: str = ""

    @property
    def target(self) -> str:
        return f"{shown(self.path)}::{self.name}"

    def settings(self) -> dict[str, Any]:
        """What the parent has to know, as JSON."""
        return {
            "name": self.name,
            "target": self.target,
            "faults": self.faults,
            "seeds": self.seeds,
            "expect": self.expect,
            "pops": list(self.pops),
            "description": self.description,
        }


def scenario(
    function: ScenarioFunction | None = None,
    *,
    app: str | Iterable[str] | None = None,
    setup: ScenarioFunction | None = None,
    versions: Mapping[str, str] | None = None,
    environment: str | None = None,
    pops: Iterable[str] = (),
    faults: str = "swarm",
    seeds: int = DEFAULT_SEEDS,
    expect: str | None = None,
    weaken: dict[str, Any] | None = None,
    past: bool | None = None,
    schedule: str = "fifo",
    patience: Span = DEFAULT_PATIENCE,
    faults_over: Span = DEFAULT_FAULTS_OVER,
) -> Any:
    """Marks an `async def` as a scenario.

    app: folder with a wrangler file, relative to the scenario's file; several Workers that call each
    other are a list of folders, the first is the one that clients reach (each has the address
    https://NAME.example.com too). setup: an `async def` that is awaited first with the world; what it returns is the
    scenario's second argument (see `orrery.stage` for many tests after one set-up). versions: other code for these Workers by a name for each, {"v2": "app_v2"}, for
    `world.deploy("v2")`; its wrangler file names the Worker, and what the world begins with is "v1". environment: the `[env.NAME]` of it. pops: the points of presence that exist (all of them when empty). faults: the preset its
    seeds run under. seeds: how many the suite runs. expect: the id of a rule that this scenario
    must be found to break. weaken: guarantees switched off on purpose, e.g. {"quorum": 2}.
    past: whether the past of Durable Objects is kept for point-in-time recovery, which keeps every
    write in memory; by default when the code names one of its functions.
    schedule: who orders what a real system leaves open: "fifo", "random", "pct:3", "pos" or "portfolio"
    (sim/explore/README.md).
    patience: simulated time without any answer after which the run counts as not live.
    faults_over: the part of the run that a preset spreads its faults over; its last fifth is quiet.
    """

    def mark(target: ScenarioFunction) -> ScenarioFunction:
        if not inspect.iscoroutinefunction(target):
            raise UserError(f"scenario {target.__name__} must be an `async def`")
        if faults not in FAULT_PRESETS:
            raise UserError(
                f"scenario {target.__name__}: faults={faults!r} is not one of {', '.join(FAULT_PRESETS)}"
            )
        if not is_schedule(schedule):
            raise UserError(
                f"scenario {target.__name__}: schedule={schedule!r} is not one of {SCHEDULES}"
            )
        if type(seeds) is not int or seeds < 1:
            raise UserError(
                f"scenario {target.__name__}: seeds={seeds!r} is not a whole number above 0"
            )
        try:
            patience_us = parse_us(patience)
            faults_over_us = parse_us(faults_over)
        except ValueError as error:
            raise UserError(f"scenario {target.__name__}: patience: {error}") from None
        if setup is not None and not inspect.iscoroutinefunction(setup):
            raise UserError(f"scenario {target.__name__}: setup= must be an `async def`")
        path = Path(inspect.getfile(target)).resolve()
        folders = [] if app is None else [app] if isinstance(app, str) else list(app)
        if not all(isinstance(folder, str) for folder in folders):
            raise UserError(
                f"scenario {target.__name__}: app={app!r} is not a folder or a list of folders"
            )
        later = dict(versions or {})
        if not all(isinstance(part, str) and part for pair in later.items() for part in pair):
            raise UserError(
                f"scenario {target.__name__}: versions={versions!r} is not a folder for each name"
            )
        if later and not folders:
            raise UserError(f"scenario {target.__name__}: versions= of what? it has no app=")
        found = Scenario(
            name=target.__name__,
            path=path,
            line=target.__code__.co_firstlineno,
            function=target,
            setup=setup,
            apps=tuple((path.parent / folder).resolve() for folder in folders),
            versions=tuple((name, (path.parent / folder).resolve()) for name, folder in later.items()),
            environment=environment,
            pops=tuple(pops),
            faults=faults,
            seeds=seeds,
            expect=expect,
            weaken=dict(weaken or {}),
            past=past,
            schedule=schedule,
            patience_us=patience_us,
            faults_over_us=faults_over_us,
            description=inspect.getdoc(target) or "",
        )
        setattr(target, ATTRIBUTE, found)
        return target

    return mark(function) if function is not None else mark


def scenario_of(function: Any) -> Scenario:
    """The Scenario behind a decorated function."""
    found = getattr(function, ATTRIBUTE, None)
    if not isinstance(found, Scenario):
        raise UserError(
            f"{getattr(function, '__name__', function)!r} is not decorated with @orrery.scenario"
        )
    return found


def split_target(target: str) -> tuple[Path, str | None]:
    """'path.py::name' -> (path, name); 'path.py' -> (path, None)."""
    path, mark, name = target.partition("::")
    if mark and not name:
        raise UserError(f"{target}: a scenario's name is missing after ::")
    return Path(path), name or None


def load_scenarios(path: Path, name: str | None = None) -> list[Scenario]:
    """Imports a scenario file and returns its scenarios in the order of their lines.

    Whatever the file raises becomes one message with the line it came from. Call it in a worker
    process: importing runs the user's code.
    """
    path = path.resolve()
    if not path.is_file():
        raise UserError(f"no such scenario file: {shown(path)}")
    module = import_file(path)
    members = (getattr(value, ATTRIBUTE, None) for value in vars(module).values())
    found = {
        member.name: member
        for member in members
        if isinstance(member, Scenario) and member.path == path
    }
    if not found:
        raise UserError(f"{shown(path)} holds no @orrery.scenario")
    if name is not None:
        if name not in found:
            raise UserError(f"{shown(path)} has no scenario {name!r}; it has: {', '.join(found)}")
        return [found[name]]
    return sorted(found.values(), key=lambda member: member.line)


def import_file(path: Path) -> ModuleType:
    """The module that a user's file is, by its resolved path; whatever it raises becomes one message with its line."""
    spec = importlib.util.spec_from_file_location(f"orrery_scenario_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UserError(f"{shown(path)} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    # A scenario may import helpers that lie beside it.
    sys.path.insert(0, str(path.parent))
    # Bytecode caches tell versions apart by size and whole seconds: too coarse for a file being edited.
    sys.dont_write_bytecode = True
    try:
        spec.loader.exec_module(module)
    except UserError:
        raise
    except SyntaxError as error:
        raise UserError(f"{shown(error.filename or path)}:{error.lineno}: {error.msg}") from None
    except Exception as error:  # noqa: BLE001 - the user's module may raise anything
        raise UserError(f"{where(error, path)}: {type(error).__name__}: {error}") from None
    except SystemExit as error:
        raise UserError(
            f"{shown(path)} calls sys.exit({error.code!r}) while it is imported"
        ) from None
    return module


def where(error: BaseException, path: Path) -> str:
    """'file:line' of the last frame of an error that lies in the user's file (or beside it)."""
    place = shown(path)
    for frame in traceback.extract_tb(error.__traceback__):
        # "<frozen importlib>" and its like are no files, wherever we stand.
        if frame.filename[:1] != "<" and Path(frame.filename).resolve().parent == path.parent:
            place = f"{shown(frame.filename)}:{frame.lineno}"
    return place


def find_scenario_files(folder: Path) -> list[Path]:
    """Every `scenario.py` below a folder, in the order of their paths."""
    if folder.is_file():
        return [folder]
    if not folder.is_dir():
        raise UserError(f"no such folder: {shown(folder)}")
    found = (path for path in folder.rglob("scenario.py") if "node_modules" not in path.parts)
    files = sorted(found)
    if not files:
        raise UserError(f"no scenario.py below {shown(folder)}")
    return files
