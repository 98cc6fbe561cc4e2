"""orrery.run, explore and replay from a test of somebody's own."""

from __future__ import annotations

import importlib.util

import pytest

import orrery


@pytest.fixture
def module(bench, monkeypatch):
    for key, value in bench.environment.items():
        monkeypatch.setenv(key, value)
    monkeypatch.chdir(bench.folder)
    path = bench.scenario(
        'for _ in range(3):\n    r = await world.client().get("/value")\nassert r.ok, "lost"'
    )
    spec = importlib.util.spec_from_file_location("written", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_run_gives_a_result(module):
    result = orrery.run(module.one)
    assert result and result.verdict == "pass" and len(result.hash) == 64 and result.story == []


def test_explore_finds_and_replay_brings_back(module, tmp_path):
    result = orrery.explore(module.one, seeds=3, faults="swarm", out=tmp_path / "found")
    assert not result and result.verdict == "fail" and result.story
    again = orrery.replay(result.failures[0]["capsule"], trace=tmp_path / "t.sqlite")
    assert (
        again.verdict == "fail"
        and again.failures[0]["signature"] == result.failures[0]["signature"]
    )
    assert again.trace.exists()


def test_what_is_no_scenario_is_refused():
    with pytest.raises(orrery.UserError, match="not decorated"):
        orrery.run(lambda world: None)
