"""Every kind of fault, in each of its modes, strikes somewhere in scenarios/faults, which the suite runs."""

import json
import sys
from pathlib import Path
from typing import Any

from real import Real

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "conformance" / "tidy"))

import fault_table  # noqa: E402

#: What the platform says it does not support.
UNSUPPORTED = {"hibernate"}


def known() -> set[str]:
    return set(fault_table.names((ROOT / fault_table.KINDS).read_text())) - UNSUPPORTED


def never_fired(scenarios: list[dict[str, Any]], wanted: set[str]) -> set[str]:
    fired = {name for scenario in scenarios for name, count in scenario["faults"].items() if count > 0}
    return wanted - fired


def test_a_kind_that_never_fires_is_found() -> None:
    scenarios = [{"faults": {"disk": 2, "disk.torn": 1, "evict": 0}}, {"faults": {"heal": 1}}]
    assert never_fired(scenarios, {"disk.torn", "heal", "evict", "move"}) == {"evict", "move"}


def test_every_fault_fires_in_the_suite(tmp_path: Path) -> None:
    done = Real(tmp_path).run("suite", ROOT / "scenarios/faults", "--json", seconds=120)
    result = json.loads(done.out)
    assert done.code == 0, [scenario["failures"] for scenario in result["scenarios"]]
    assert not never_fired(result["scenarios"], known())
