"""Goal: any bytes as a capsule or as a request file are read, or refused by one UserError of one line; nothing else.
Method: the real readers; a document that fails by its checksum alone is tried again with the right one, or no search
would get past it. What was read is written and read again, and asked for what a run needs of it.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from orrery import capsule as capsules
from orrery.errors import BAD_INPUT, UserError
from orrery.requests_file import read_requests

_folder = tempfile.TemporaryDirectory(prefix="orrery-fuzz-")


def _file(data: bytes) -> Path:
    path = Path(_folder.name) / "input"
    path.write_bytes(data)
    return path


def _refused(error: UserError) -> str:
    assert error.code == BAD_INPUT, "bad input has exit code 2"
    assert error.message and "\n" not in error.message, f"a refusal is one line: {error.message!r}"
    error.message.encode("utf-8")  # It must be possible to print it.
    return error.message


def capsule(data: bytes) -> str:
    """What became of it, as a text that is the same for inputs of one kind."""
    try:
        read = capsules.read(_file(data))
    except UserError as error:
        told = _refused(error)
        if "damaged" not in told or "checksum" not in told:
            return told
        return told[:60] + _signed(data)
    return _use(read)


def _signed(data: bytes) -> str:
    try:
        document = json.loads(data.decode("utf-8"))
        document.pop("checksum", None)
        document["checksum"] = capsules.checksum(document)
        text = json.dumps(document)
    except (ValueError, RecursionError):
        return "not to be signed"
    try:
        read = capsules.parse(text, "signed")
    except UserError as error:
        return _refused(error)
    return _use(read)


def _use(read: capsules.Capsule) -> str:
    job = read.job()
    again = capsules.parse(read.text(), "again")
    assert again == read, "what was written is read as the same"
    return "read " + " ".join(sorted(job))


def requests(data: bytes) -> str:
    """As capsule()."""
    try:
        found = read_requests(_file(data))
    except UserError as error:
        return _refused(error)
    assert found == sorted(found, key=lambda request: request["at_us"]), "requests come in the order of their times"
    for request in found:
        assert set(request) == {"at_us", "city", "method", "url", "headers", "body"}
        assert type(request["at_us"]) is int and 0 <= request["at_us"] <= 2**62
        texts = [request["city"], request["method"], request["url"], *(part for pair in request["headers"] for part in pair)]
        texts += [] if request["body"] is None else [request["body"]]
        for text in texts:
            assert isinstance(text, str)
            text.encode("utf-8")  # The world takes UTF-8.
    return f"{len(found)} requests"


def close() -> None:
    """Removes what was written."""
    if os.path.isdir(_folder.name):
        _folder.cleanup()
