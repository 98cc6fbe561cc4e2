"""Orrery: a whole edge cloud in one process, one thread, one seed.

Scenarios are written with this package (`@orrery.scenario`, `World`); `run`, `explore` and `replay`
run them from a test. CONTRACT: names in `__all__` stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orrery.client import Client, RequestFailed, Response
from orrery.driver import DeployRefused, NotLive, ScenarioError
from orrery.errors import UserError
from orrery.history import CheckFailed, CheckUnknown
from orrery.load import Load
from orrery.model import Model, Operation
from orrery.scenario import Scenario, scenario
from orrery.stage import stage
from orrery.timeline import Timeline
from orrery.websocket import WebSocket
from orrery.world import World

if TYPE_CHECKING:
    from orrery.api import Result, explore, replay, run
    from orrery.checking import check

__all__ = [
    "CheckFailed",
    "CheckUnknown",
    "Client",
    "DeployRefused",
    "Load",
    "Model",
    "NotLive",
    "Operation",
    "RequestFailed",
    "Response",
    "Result",
    "Scenario",
    "ScenarioError",
    "Timeline",
    "UserError",
    "WebSocket",
    "World",
    "check",
    "explore",
    "replay",
    "run",
    "scenario",
    "stage",
]


def __getattr__(name: str) -> Any:
    # The parent's side (processes, capsules) is not needed inside a worker, so it is imported on
    # first use.
    if name in ("Result", "explore", "replay", "run"):
        from orrery import api

        return getattr(api, name)
    if name == "check":
        from orrery.checking import check

        return check
    raise AttributeError(f"module 'orrery' has no attribute {name!r}")
