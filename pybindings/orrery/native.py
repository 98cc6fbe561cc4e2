"""The one place that imports the C++ module `_orrery`, so that its absence is one clear message."""

from __future__ import annotations

import importlib
import os
from types import ModuleType

from orrery.errors import UserError, not_in_this_build

_module: ModuleType | None = None


def load() -> ModuleType:
    """The C++ module. ORRERY_NATIVE names another module of the same interface (the tests'
    fake)."""
    global _module
    if _module is None:
        name = os.environ.get("ORRERY_NATIVE") or "_orrery"
        try:
            _module = importlib.import_module(name)
        except ImportError as error:
            raise UserError(
                f"the C++ module {name} cannot be loaded: {error}",
                hint="Start with ./orrery, which builds it; `./orrery doctor` says what is missing.",
            ) from None
    return _module


def method(owner: object, name: str, what: str):
    """A function of the C++ side that this build may not have."""
    found = getattr(owner, name, None)
    if found is None:
        raise not_in_this_build(what)
    return found
