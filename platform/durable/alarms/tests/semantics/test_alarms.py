"""Runs each probe of probes.py in a world of its own, and checks what sleeping alarms cost."""

from __future__ import annotations

from pathlib import Path

import pytest

import orrery

PROBES = Path(__file__).with_name("probes.py")
NAMES = [
    line.split()[2].split("(")[0]
    for line in PROBES.read_text().splitlines()
    if line.startswith("async def ") and "(world)" in line
]
TRIAL = PROBES.parents[5] / "scenarios" / "trial" / "scenario.py"


@pytest.mark.parametrize("name", NAMES)
def test_probe(name: str) -> None:
    result = orrery.run(f"{PROBES}::{name}")
    assert result, "\n".join([result.failures[0]["reason"], *result.story[-40:]])


def test_a_fortnight_asleep_costs_few_events() -> None:
    result = orrery.run(f"{TRIAL}::trial", seed=1)
    assert result
    assert result.simulated_us > 14 * 86_400 * 1_000_000
    assert result.events < 12_000
