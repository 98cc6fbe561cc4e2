"""`orrery check --html`: every operation in its lane, the order or the contradiction, and no way out of the page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Iterator

import pytest

from orrery.check_page import DRAWN_MAX, bars, page
from real import Real

WRITE_READ = [
    {"i": 0, "p": "a", "e": "invoke", "f": "write", "k": "x", "v": 1},
    {"i": 1, "p": "b", "e": "invoke", "f": "read", "k": "x"},
    {"i": 2, "p": "a", "e": "ok", "f": "write", "k": "x"},
    {"i": 3, "p": "b", "e": "ok", "f": "read", "k": "x", "v": 1},
    {"i": 4, "p": "c", "e": "invoke", "f": "write", "k": "x", "v": 2},
    {"i": 5, "p": "b", "e": "invoke", "f": "read", "k": "x"},
    {"i": 6, "p": "b", "e": "ok", "f": "read", "k": "x", "v": 2},
]


def lines(events: list[dict]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def test_bars_run_from_request_to_answer() -> None:
    first, second, third, fourth = bars(lines(WRITE_READ))
    assert (first.begin, first.end, first.outcome) == (1, 3, "ok")
    assert second.text == "read x \u2192 1"
    assert (third.end, third.outcome) == (None, "info")
    assert fourth.process == "b"


def test_values_cannot_leave_the_page() -> None:
    events = [{**WRITE_READ[0], "v": "<script>alert(1)</script>"}]
    made = page("h<b>.jsonl", "register", lines(events), {"verdict": "ok", "orders": [[1]]})
    assert "<script" not in made and "h<b>" not in made


def test_of_a_long_history_the_part_around_the_contradiction_is_drawn() -> None:
    events = [
        event
        for n in range(3 * DRAWN_MAX)
        for event in ({"p": "a", "e": "invoke", "f": "write", "v": n}, {"p": "a", "e": "ok", "f": "write"})
    ]
    witness = {"operations": [{"line": 1}, {"line": 4 * DRAWN_MAX + 1}], "sentence": "so it is"}
    made = page("h", "register", lines(events), {"verdict": "violation", "witness": witness})
    assert made.count("<rect") <= DRAWN_MAX + 1
    assert f"line {4 * DRAWN_MAX + 1}:" in made and "line 1:" in made and "so it is" in made


def test_of_lines_that_are_not_drawn_only_answers_are_read() -> None:
    events = [{"p": "late", "e": "invoke", "f": "write", "v": 1}, {"p": "never", "e": "invoke", "f": "read"}]
    events += [
        event
        for n in range(9)
        for event in ({"p": n, "e": "invoke", "f": "read"}, {"p": n, "e": "ok", "f": "read", "v": 7})
    ]
    text = lines(events) + '{"p" : "late" , "e":"ok","f":"write"}\n' + "no JSON, and nobody's answer\n"
    drawn = bars(text, lambda line: line <= 3)
    assert [(bar.begin, bar.end, bar.outcome) for bar in drawn] == [(1, 21, "ok"), (2, None, "info"), (3, 4, "ok")]


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    folder = Real(tmp_path)
    yield folder
    folder.forget_bundles()


@pytest.mark.parametrize("good", [True, False])
def test_the_command_writes_a_page(real: Real, tmp_path: Path, good: bool) -> None:
    events = WRITE_READ + [
        {"i": 7, "p": "a", "e": "invoke", "f": "read", "k": "x"},
        {"i": 8, "p": "a", "e": "ok", "f": "read", "k": "x", "v": 2 if good else 1},
    ]
    history, made = tmp_path / "h.jsonl", tmp_path / "h.html"
    history.write_text(lines(events))
    ended = real.run("check", history, "--model", "register", "--html", made)
    assert ended.code == (0 if good else 11)
    text = made.read_text()
    assert text.count("<rect") == 5
    if good:
        # Write 1, both reads of it or before 2; the write of 2 that nobody answered took effect before it was read.
        rows = dict(row.split("</td><td>")[0::4] for row in text.split("<tr><td>")[1:])
        assert [int(place.split("<")[0]) for _, place in sorted(rows.items(), key=lambda row: int(row[0]))] == [1, 2, 3, 4, 5]
    else:
        assert text.count("#b3261e\" stroke-width") == 4 and "contradict" in text
