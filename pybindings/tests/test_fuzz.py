"""`orrery conform --fuzz` but for workerd: comparing, known differences, drawing, and what it says when it cannot ask."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from orrery import fuzz
from orrery.errors import UserError
from real import ROOT, Real

DRAW = 'import { generate } from "%s"; console.log(JSON.stringify([...Array(%d).keys()].map((n) => generate(n + 1))));'


def drawn(count: int) -> list[fuzz.Program]:
    script = DRAW % ((ROOT / "conformance" / "fuzz" / "generate.js").as_uri(), count)
    done = subprocess.run(
        ["node", "--input-type=module", "-e", script], capture_output=True, text=True, check=True, timeout=60
    )
    return json.loads(done.stdout)


def test_a_program_follows_from_its_number() -> None:
    first = drawn(300)
    assert first == drawn(300)
    assert len({json.dumps(program) for program in first}) > 290


def test_every_operation_is_drawn() -> None:
    text = json.dumps(drawn(1500))
    for name in (
        "transaction transactionSync block all race try go waitUntil micro rollback outer plain timer clear sleep wait "
        "call fetch callback back target property sync deleteAll abort throw open next rest kvOpen kvNext setAlarm "
        "deleteAlarm putUndefined script lend tools together"
    ).split():
        assert f'"{name}"' in text, name


def said(workerd: object, here: object) -> fuzz.Said:
    return fuzz.Said([], workerd, here)


def test_a_known_difference_explains_what_it_matches_and_nothing_else() -> None:
    known = [fuzz.Known("because", "Error: x", "Error: y"), fuzz.Known("and", "Error: v", "Error: w")]
    assert fuzz.explain(said([[[1, "Error: x!"]]], [[[1, "Error: y!"]]]), known) == "because"
    assert fuzz.explain(said([[[1, "Error: x, Error: v"]]], [[[1, "Error: y, Error: w"]]]), known) == "because; and"
    assert fuzz.explain(said([[[1, "Error: x"]]], [[[1, "Error: yy"]]]), known) is None
    assert fuzz.explain(said([[[1, "Error: x"], [2, 1]]], [[[1, "Error: y"], [2, 2]]]), known) is None
    assert fuzz.explain(said([[[1, "x"]]], [[[1, "x"]]]), known) is None
    assert fuzz.explain(said("no answer: fetch failed", [[[1, "x"]]]), known) == "the program ends workerd itself"


def test_the_search_sorts_out_what_is_unsteady_explained_and_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """Method: programs [[[n, "put"], ...]] whose answers are known here: 2 differs, 3 is known, 4 is unsteady, and 5 differs
    while workerd is busy."""
    asked = [0]

    class FakeWorkerd(fuzz.Workerd):
        version = "fake"

        def __enter__(self) -> "FakeWorkerd":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def ask(self, questions):  # type: ignore[no-untyped-def]
            asked[0] += 1
            programs = [q["program"] if "program" in q else [[[1, "get"], [q["seed"], "put"]]] for q in questions]
            odd = {4: asked[0], 5: "ok" if self.calm else "late"}
            return [(p, [[n, odd.get(n, "ok")] for n, _ in p[0]]) for p in programs]

    class FakeHere(fuzz.Here):
        def ask(self, programs):  # type: ignore[no-untyped-def]
            return [[[n, "bad" if name == "put" and n in (2, 3, 4) else "ok"] for n, name in p[0]] for p in programs]

    monkeypatch.setattr(fuzz, "Workerd", FakeWorkerd)
    monkeypatch.setattr(fuzz, "Here", FakeHere)
    monkeypatch.setattr(fuzz, "known_differences", lambda: [fuzz.Known("known", '[3, "ok"]', '[3, "bad"]')])
    result = fuzz.run(5, 1, lambda *_: None)
    assert (result.programs, result.unsteady, result.hasty, result.explained) == (5, [4], [5], {"known": [3]})
    assert [(found.seeds, found.said.program) for found in result.found] == [([2], [[[2, "put"]]])]


def test_without_npm_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz.shutil, "which", lambda name: None)
    with pytest.raises(UserError) as error:
        fuzz.install(tmp_path)
    assert "workerd is not installed" in error.value.message and "npm ci" in error.value.hint


def test_a_registry_that_does_not_answer_is_one_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    npm = tmp_path / "npm"
    npm.write_text("#!/bin/sh\necho 'npm error network unreachable' >&2\nexit 1\n")
    npm.chmod(0o755)
    monkeypatch.setattr(fuzz.shutil, "which", lambda name: str(npm))
    with pytest.raises(UserError) as error:
        fuzz.install(tmp_path)
    assert "network unreachable" in error.value.message and "npm ci" in error.value.hint


def test_themes_and_programs_do_not_go_together(tmp_path: Path) -> None:
    done = Real(tmp_path).run("conform", "kv-list", "--fuzz", 3)
    assert done.code == 2 and "--fuzz takes no themes" in done.out + done.err
