"""Exhaustive search and sweeps.

Goal: everything that a small scenario can do is tried once, what is broken in any order is found, and a search that was cut
short says so. Method: toy runs for the frontier; the real build on the app in `orders/`.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Iterator

import pytest
from orrery.exhaustive import Frontier
from real import Real, beside


def toy_run(prefix: tuple[tuple[str, int], ...], processes: dict[str, str]) -> tuple[str, list[dict]]:
    """One run of processes that each do their letters in order: the whole order, and the points at which it had a choice."""
    chosen, at, order, points = dict(prefix), {p: 0 for p in processes}, "", []
    while any(at[p] < len(processes[p]) for p in processes):
        due = [p for p in processes if at[p] < len(processes[p])]
        taken = 0
        if len(due) > 1:
            key = f"schedule.order/{due[0]}{at[due[0]]}-{order}/0"
            tags = [ord(processes[p][at[p]]) for p in due]
            taken = tags.index(chosen[key]) if key in chosen else 0
            state = ",".join(f"{p}{at[p]}" for p in sorted(processes))
            points.append({"state": state, "key": key, "tags": tags, "taken": taken})
        order += processes[due[taken]][at[due[taken]]]
        at[due[taken]] += 1
    return order, points


def search(processes: dict[str, str], prune: bool) -> tuple[Frontier, list[str]]:
    frontier, orders = Frontier(prune), []
    while (prefix := frontier.next()) is not None:
        order, points = toy_run(prefix, processes)
        orders.append(order)
        frontier.add(points)
    return frontier, orders


def test_without_pruning_every_interleaving_is_had_once() -> None:
    processes = {"one": "ab", "two": "cd", "three": "e"}
    _, orders = search(processes, prune=False)
    every = {
        "".join(letters)
        for letters in itertools.permutations("abcde")
        if letters.index("a") < letters.index("b") and letters.index("c") < letters.index("d")
    }
    assert len(orders) == len(every) == 30
    assert set(orders) == every


def test_with_pruning_every_alternative_of_every_state_is_had_once() -> None:
    frontier, orders = search({"one": "ab", "two": "cd", "three": "e"}, prune=True)
    # 3 * 3 * 2 states; no choice is left where at most one process has something to do: 1 + 2 + 2 + 1.
    assert frontier.states == 12
    # One run for the defaults and one for each further alternative: 3 due in 4 states, 2 in 8.
    assert len(orders) == 1 + 4 * 2 + 8 * 1


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    yield from beside(tmp_path, "orders")


def test_the_order_in_which_it_fails_is_found_and_replays(real: Real) -> None:
    done = real.run("explore", "orders/scenario.py::faulty", "--exhaustive", "--json", seconds=300)
    assert done.code == 11, done.out + done.err
    scenario = done.json["scenarios"][0]
    assert scenario["whole"] and scenario["runs"] > 1
    assert {failure["rule"] for failure in scenario["failures"]} == {"APP-GAUGE-1"}
    # The default order is a good one, so seeds alone would not show it on median delays.
    assert "order 1" not in scenario["kinds"][0]["labels"]
    capsule = scenario["failures"][0]["capsule"]
    body = json.loads((real.folder / capsule).read_text())
    assert body["base"] == "default" and 1 <= len(body["overrides"]) <= 3
    assert all(override["key"].startswith("schedule.order/") for override in body["overrides"])
    again = real.run("replay", capsule)
    assert again.code == 11 and "the same run" in again.out, again.out + again.err


def test_the_right_way_is_proven_over_every_order(real: Real) -> None:
    done = real.run("explore", "orders/scenario.py::right", "--exhaustive", seconds=300)
    assert done.code == 0, done.out + done.err
    assert "schedules of" in done.out and "states seen" in done.out and "all " in done.out


def test_a_search_cut_short_does_not_claim_to_know(real: Real) -> None:
    done = real.run("explore", "orders/scenario.py::right", "--exhaustive", "--budget", "1ms", "--json")
    assert done.code == 14, done.out + done.err
    assert done.json["scenarios"][0]["whole"] is False


@pytest.mark.parametrize("kind", ["disk", "message", "commit-step", "host-call"])
def test_a_sweep_of_the_right_platform_ends_clean(real: Real, kind: str) -> None:
    done = real.run("explore", "orders/scenario.py::counting", "--sweep", kind, "--json", seconds=300)
    assert done.code == 0, done.out + done.err
    scenario = done.json["scenarios"][0]
    assert scenario["whole"] and scenario["points"] >= 5
    assert [point["n"] for point in scenario["hit"]] == list(range(1, scenario["points"] + 1))
    assert len({point["what"] for point in scenario["hit"]}) >= 3


def test_a_sweep_names_the_moment_at_which_a_flaw_shows(real: Real) -> None:
    words = ("explore", "orders/scenario.py::counting", "--sweep", "message", "--weaken", "at_most_once=off", "--json")
    done = real.run(*words, seconds=300)
    assert done.code == 11, done.out + done.err
    scenario = done.json["scenarios"][0]
    hit = {point["n"]: point for point in scenario["hit"]}
    failed = [point for point in hit.values() if point["verdict"] == "fail"]
    # What is lost then is the object's answer: the call was handled, and is made again.
    assert failed and all(point["what"].startswith("reply") for point in failed), failed
    first = failed[0]["n"]
    again = real.run(*words[:-1], "--from", first, "--max", 1)
    assert again.code == 11 and f"message {first} is the reply" in again.out, again.out + again.err
    body = json.loads((real.folder / scenario["failures"][0]["capsule"]).read_text())
    assert body["sweep"] == {"kind": "message", "n": first}
    replayed = real.run("replay", scenario["failures"][0]["capsule"])
    assert replayed.code == 11 and "the same run" in replayed.out, replayed.out + replayed.err


@pytest.mark.parametrize(
    "words",
    [
        ("--exhaustive", "--sweep", "disk"),
        ("--max", "3"),
        ("--from", "2"),
        ("--seed", "2"),
        ("--exhaustive", "--faults", "swarm"),
        ("--sweep", "luck"),
        ("--schedule", "pct:17"),
        ("--schedule", "chance"),
    ],
)
def test_what_makes_no_sense_is_refused(real: Real, words: tuple[str, ...]) -> None:
    done = real.run("explore", "orders/scenario.py::right", *words)
    assert done.code == 2 and done.err.startswith("orrery:") and "Traceback" not in done.err


@pytest.mark.parametrize("schedule", ["random", "pct:3", "pos", "portfolio"])
def test_a_strategy_repeats_and_its_capsule_replays(real: Real, schedule: str) -> None:
    words = ("run", "orders/scenario.py::counting", "--faults", "swarm", "--seed", "4", "--schedule", schedule, "--json")
    first, second = real.run(*words), real.run(*words)
    assert first.code == second.code == 0, first.out + first.err
    assert first.json["scenarios"][0]["hash"] == second.json["scenarios"][0]["hash"]
