"""`orrery bisect`. Goal: it names the commit that brought the failure. Method: histories of a scenario, made by hand, over
the toy world."""

from __future__ import annotations

import subprocess

import pytest

GOOD = "await world.sleep('1s')"
BAD = "await world.sleep('1s')\nassert world.seed != 3, 'three'"


@pytest.fixture
def history(bench):
    """Makes commits, each a version of the scenario; returns their hashes."""

    def git(*words: str) -> str:
        done = subprocess.run(
            ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(bench.folder), *words],
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def make(*bodies: str) -> list[str]:
        git("init", "--quiet")
        (bench.folder / ".gitignore").write_text("runs/\n__pycache__/\n.build/\n")
        commits = []
        for number, body in enumerate(bodies):
            bench.scenario(body)
            git("add", ".gitignore", "scenario.py")
            git("commit", "--quiet", "--allow-empty", "-m", f"version {number}")
            commits.append(git("rev-parse", "HEAD"))
        return commits

    return make


def capsule(bench) -> str:
    assert bench.run("run", "scenario.py", "--seed", "3").code == 11
    return str(next((bench.folder / "runs").glob("*.capsule.json")))


@pytest.mark.parametrize("first", [1, 3, 6])
def test_the_first_bad_commit_is_found(bench, history, first):
    commits = history(*[GOOD + f"  # {n}" if n < first else BAD + f"  # {n}" for n in range(8)])
    ended = bench.run("bisect", capsule(bench), "--good", commits[0], "--json")
    assert ended.code == 0, ended.err
    assert ended.json["commit"] == commits[first] and ended.json["subject"] == f"version {first}"
    assert len(ended.json["tried"]) <= 3  # of six between


def test_commits_that_do_not_load_are_skipped(bench, history):
    commits = history(GOOD, GOOD + " # 1", "this is no Python", BAD, BAD + " # 4")
    ended = bench.run("bisect", capsule(bench), "--good", commits[0], "--json")
    assert ended.code == 14 and set(ended.json["left"]) == {commits[2], commits[3]}


def test_a_failure_of_another_rule_is_not_the_one(bench, history):
    other = "await world.client().get('/rule')"
    commits = history(GOOD, other, other + " # 2", BAD, BAD + " # 4")
    ended = bench.run("bisect", capsule(bench), "--good", commits[0], "--json")
    assert ended.json["commit"] == commits[3]


def test_the_ends_must_be_what_they_are_called_and_the_tree_is_left_alone(bench, history):
    commits = history(GOOD, BAD, BAD + " # 2")
    found = capsule(bench)
    ended = bench.run("bisect", found, "--good", commits[1])
    assert ended.code == 2 and "is not good" in ended.err
    ended = bench.run("bisect", found, "--good", "nowhere")
    assert ended.code == 2 and "nowhere is not a commit" in ended.err
    listed = subprocess.run(
        ["git", "-C", str(bench.folder), "worktree", "list"], capture_output=True, text=True, check=True
    )
    assert len(listed.stdout.splitlines()) == 1
    status = subprocess.run(
        ["git", "-C", str(bench.folder), "status", "--porcelain"], capture_output=True, text=True, check=True
    )
    assert status.stdout == ""
