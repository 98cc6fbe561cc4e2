"""Files that are either whole or not there: written beside their place and renamed into it."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

from orrery.errors import UserError
from orrery.places import shown


def write_whole(path: Path, text: str) -> None:
    """Writes text so that no reader, and no interrupted run, ever sees half of it."""
    path = Path(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise UserError(f"cannot write {shown(path)}: {error.strerror}") from None
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(text)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise UserError(f"cannot write {shown(path)}: {error.strerror}") from None
        raise


def read_text(path: Path, what: str) -> str:
    """The UTF-8 text of a file; a UserError naming it otherwise."""
    try:
        return Path(path).read_bytes().decode("utf-8")
    except OSError as error:
        raise UserError(f"cannot read {what} {shown(path)}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise UserError(
            f"{what} {shown(path)} is not UTF-8 text: byte {error.start} is 0x{error.object[error.start]:02x}"
        ) from None


class DuplicateKey(ValueError):
    """A JSON object that says one thing twice."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise DuplicateKey(f"the key {quoted(key)} appears twice")
        found[key] = value
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


#: Nested deeper than this nothing is read, so that what was read can be written: that takes more of the stack.
_DEPTH_MAX = 200


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(_DEPTH_MAX):
        level = [
            member
            for item in level
            if isinstance(item, (list, dict))
            for member in (item.values() if isinstance(item, dict) else item)
        ]
    return bool(level)


def parse_json(text: str) -> Any:
    """Strict JSON: no duplicate keys, no NaN, no deep nesting. Raises ValueError with a one-line message."""
    try:
        read = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if text.count("[") + text.count("{") > _DEPTH_MAX and _too_deep(read):
        raise ValueError("nested too deeply")
    return read


_SHOWN_MAX = 80


def brief(text: str) -> str:
    """The text, cut where it is too long for a message."""
    return text if len(text) <= _SHOWN_MAX else text[: _SHOWN_MAX - 3] + "..."


def quoted(name: str) -> str:
    """A name that somebody wrote, in double quotes, as one line that can be printed whatever is in it."""
    return brief(json.dumps(name, ensure_ascii=not name.isprintable()))


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
