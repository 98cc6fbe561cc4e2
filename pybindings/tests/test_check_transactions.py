"""`orrery check` of transactions: each level by its name, the cycle in sentences. What the checker finds is tested in
conformance/check/transactions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Iterator

import pytest

from real import Real

SKEW = [
    {"i": 0, "p": "a", "e": "invoke", "f": "txn", "v": [["append", "x", 1], ["r", "y", None]]},
    {"i": 1, "p": "b", "e": "invoke", "f": "txn", "v": [["append", "y", 1], ["r", "x", None]]},
    {"i": 2, "p": "a", "e": "ok", "f": "txn", "v": [["append", "x", 1], ["r", "y", []]]},
    {"i": 3, "p": "b", "e": "ok", "f": "txn", "v": [["append", "y", 1], ["r", "x", []]]},
]


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    folder = Real(tmp_path)
    yield folder
    folder.forget_bundles()


def test_write_skew_breaks_serializability_and_keeps_snapshot_isolation(real: Real) -> None:
    history = real.folder / "h.jsonl"
    history.write_text("".join(json.dumps(event) + "\n" for event in SKEW))
    ended = real.run("check", history, "--model", "list-append")
    assert ended.code == 11 and "breaks serializability" in ended.out
    assert "G2-item" in ended.out and "before T1 appended 1: T0 -> T1" in ended.out and "line 2:" in ended.out
    kept = real.run("check", history, "--model", "list-append", "--require", "snapshot-isolation", "--json")
    assert kept.code == 0
    assert kept.json["anomalies"] == ["G2-item"] and "serializability" in kept.json["violates"]
    page = real.folder / "h.html"
    assert real.run("check", history, "--model", "list-append", "--html", page).code == 11
    assert page.read_text().count("stroke-width=\"2.5\"") == 2
