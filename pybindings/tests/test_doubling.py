"""Doubled runs: each twice, in unlike processes, in opposite orders; what differs is found, what is equal is cheap."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Iterator

import pytest
from real import ROOT, Real

from orrery import doubling
from orrery.outcome import Outcome

SMALL = ROOT / "conformance" / "drift" / "small.py"
SEEDS = int(os.environ.get("ORRERY_TEST_SEEDS", "2"))


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    folder = Real(tmp_path)
    yield folder
    folder.forget_bundles()


class FakePool:
    """Ends runs at once; keeps in which order each worker got them."""

    def __init__(self) -> None:
        self.got: dict[str, list[int]] = {"a": [], "b": []}
        self.most = 0
        self._ended: list[tuple[dict[str, Any], Outcome]] = []

    @property
    def free(self) -> bool:
        return len(self._ended) < 2

    def submit(self, worker: Any, job: dict[str, Any]) -> None:
        self.got[worker].append(job["seed"])
        other = job["seed"] == 700 and worker == "b"
        result = {"verdict": "pass", "hash": "x" if other else "h", "lanes_hash": "l"}
        self._ended.append((job, Outcome.of(job, result)))

    def next(self) -> tuple[dict[str, Any], Outcome]:
        return self._ended.pop()


def test_the_second_worker_gets_each_block_backwards_and_every_pair_is_compared() -> None:
    pool: Any = FakePool()
    pair: Any = doubling.Pair("a", "b")  # type: ignore[arg-type]
    keys = (("s", "none", seed) for seed in range(1000))
    job = lambda key: {"scenario": key[0], "faults": key[1], "seed": key[2]}  # noqa: E731
    heard: list[int] = []
    ends = list(doubling.double(pool, pair, keys, job, heard.append))
    assert pool.got["a"] == list(range(1000))
    block = doubling.BLOCK
    assert pool.got["b"] == [*reversed(range(block)), *reversed(range(block, 1000))]
    assert [key[2] for key, _, _ in ends] == list(range(1000)) and sum(heard) == 2000
    assert [key[2] for key, one, two in ends if not doubling.equal(one, two)] == [700]


def test_equal_hashes_with_unlike_lanes_are_a_drift() -> None:
    job = {"seed": 1, "faults": "none"}
    one, two = (
        Outcome.of(job, {"verdict": "pass", "hash": "h", "lanes_hash": lanes}) for lanes in "ab"
    )
    assert doubling.equal(one, one) and not doubling.equal(one, two)


def test_no_small_scenario_drifts(real: Real) -> None:
    ended = real.run("selfcheck", SMALL, "--seeds", 5 * SEEDS, "--json", seconds=300)
    assert ended.code == 0 and ended.json["drift_count"] == 0, ended.out
    by_name = {found["scenario"]: found for found in ended.json["scenarios"]}
    assert sorted(by_name) == ["lines", "stock", "trials", "views"]
    for found in by_name.values():
        assert found["doubled"] == 5 * SEEDS and found["events"] > 100 * SEEDS
        assert found["verdicts"] == {"pass": 5 * SEEDS}
