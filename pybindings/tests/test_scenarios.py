"""The checkout's own scenarios: there, named in their README, and citing rules that exist."""

import json
import re

import pytest
from real import Real

from orrery.places import SCENARIOS
from orrery.scenario import find_scenario_files, load_scenarios

FOLDERS = sorted(file.parent.name for file in find_scenario_files(SCENARIOS))


def test_the_apps_and_the_faulty_twins_of_the_suite_are_there():
    right = {"inventory", "flash_sale", "stale_primary", "feature_flags", "trial", "saga", "rate_limiter", "sessions", "chat", "time_travel"}
    twins = {"flash_sale_faulty", "counter_in_kv_faulty", "trial_faulty", "promise_all_faulty", "cache_faulty"}
    assert right | twins <= set(FOLDERS)


def test_the_readme_has_a_row_for_each_folder_and_no_other():
    rows = re.findall(r"^\| `(\w+)/` \|.*\|.*\|$", (SCENARIOS / "README.md").read_text(), re.MULTILINE)
    assert sorted(set(rows)) == FOLDERS


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_faulty_twin_and_nothing_else_is_expected_to_break_a_rule(folder):
    scenarios = load_scenarios(SCENARIOS / folder / "scenario.py")
    for scenario in scenarios:
        faulty = scenario.name.endswith("_faulty") or bool(scenario.weaken)
        assert (scenario.expect is not None) == faulty, scenario.name
        assert scenario.description and scenario.apps, scenario.name


def test_rules_that_scenarios_cite_are_in_the_table(tmp_path):
    table = Real(tmp_path).run("rules", "--json").out
    known = {rule["id"] for rule in json.loads(table)["rules"]}
    for folder in FOLDERS:
        text = (SCENARIOS / folder / "scenario.py").read_text()
        cited = set(re.findall(r'"((?:DO|KV|APP|LIVE)-[A-Z]+-\d+|KV-\d+)"', text))
        assert cited <= known, f"{folder} cites {sorted(cited - known)}"
