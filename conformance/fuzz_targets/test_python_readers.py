"""Goal: the readers written in Python keep their promise, and the inputs of the fuzz targets stay true to them.
Method: every committed input, once, through its property.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "pybindings")]

import python_readers  # noqa: E402

INPUTS = [path for reader in ("capsule", "requests") for path in sorted((HERE / "corpus" / reader).iterdir())]


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_an_input_is_read_or_refused_in_one_line(path):
    assert getattr(python_readers, path.parent.name)(path.read_bytes())


def test_nothing_at_all_is_refused():
    assert python_readers.capsule(b"") and python_readers.requests(b"")


def test_inputs_reach_the_readers_through_the_checksum():
    told = {path.name: python_readers.capsule(path.read_bytes()) for path in INPUTS if path.parent.name == "capsule"}
    assert told["plain"].startswith("read") and "read " in told["unsigned"] and "read " in told["full"]
