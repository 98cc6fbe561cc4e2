"""The probes recorded from real workerd, run on the real build.

Goal: nothing that a Durable Object or its callers can see differs from the real runtime, unless `differences.json`
says so. Method: every probe in one world, each answer compared exactly.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Iterator

import pytest
from real import Real

#: How many there are at least, by what they are about; a theme that is lost must not pass.
AT_LEAST = {"storage": 250, "sql": 150, "lifecycle": 130, "alarms": 60, "rpc": 90, "identity": 25}
ABOUT = {
    "gates": "lifecycle",
    "lifecycle": "lifecycle",
    "timers": "lifecycle",
    "alarms": "alarms",
    "rpc": "rpc",
    "errors": "rpc",
    "identity": "identity",
}


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    folder = Real(tmp_path)
    yield folder
    folder.forget_bundles()


def test_every_probe_agrees_with_workerd(real: Real) -> None:
    done = real.run("conform", "--json")
    document = json.loads(done.out)
    wrong = [probe for probe in document["probes"] if probe["verdict"] != "known"]
    assert done.code == 0 and not wrong, json.dumps(wrong, indent=1)
    counts: Counter[str] = Counter()
    for theme, verdicts in document["themes"].items():
        about = "sql" if theme.startswith("sql") else ABOUT.get(theme, "storage")
        counts[about] += sum(verdicts.values())
    assert all(counts[about] >= least for about, least in AT_LEAST.items()), counts


def test_one_theme_can_be_asked_for(real: Real) -> None:
    done = real.run("conform", "kv-list")
    assert done.code == 0 and done.out.splitlines()[-1].startswith("pass: "), done.out + done.err


def test_an_unknown_theme_is_bad_input(real: Real) -> None:
    done = real.run("conform", "nonsense")
    assert done.code == 2 and "no such theme: nonsense" in done.out + done.err
