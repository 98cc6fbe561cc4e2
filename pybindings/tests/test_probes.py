"""The probes recorded from real workerd, run on the real build.

Goal: nothing that a Durable Object can see of its storage differs from the real runtime, unless `differences.json`
says so. Method: every probe in one world, each answer compared exactly.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Iterator

import pytest
from real import Real

#: How many there are at least; a theme that is lost must not pass.
AT_LEAST = {"storage": 250, "sql": 150}


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
    counts = {theme: sum(verdicts.values()) for theme, verdicts in document["themes"].items()}
    sql = sum(count for theme, count in counts.items() if theme.startswith("sql"))
    assert sql >= AT_LEAST["sql"] and sum(counts.values()) - sql >= AT_LEAST["storage"], counts


def test_one_theme_can_be_asked_for(real: Real) -> None:
    done = real.run("conform", "kv-list")
    assert done.code == 0 and done.out.splitlines()[-1].startswith("pass: "), done.out + done.err


def test_an_unknown_theme_is_bad_input(real: Real) -> None:
    done = real.run("conform", "nonsense")
    assert done.code == 2 and "no such theme: nonsense" in done.out + done.err
