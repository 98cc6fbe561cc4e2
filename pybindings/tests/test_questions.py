"""The page of questions to a trace. Goal: each can be asked as it stands. Method: ask all of a real trace."""

from __future__ import annotations

import json

import pytest
from orrery.cli.query import questions
from real import ROOT, Real

#: Questions that this trace must have an answer to; the others may find nothing in it.
ANSWERED = {
    "overview", "entities", "slowest", "overlaps", "same-answer", "objects", "writes", "commits", "moment", "before",
    "decisions", "unusual", "links", "syncs",
}  # fmt: skip


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    real = Real(tmp_path_factory.mktemp("trace"))
    target = f"{ROOT / 'scenarios/flash_sale_faulty/scenario.py'}"
    ended = real.run("run", target, "--seed", "1", "--json")
    capsule = ended.json["scenarios"][0]["failures"][0]["capsule"]
    assert real.run("replay", capsule, "--trace", "t.sqlite").code == 11
    return real


@pytest.mark.parametrize("question", questions(), ids=lambda question: question.name)
def test_every_question_can_be_asked(trace, question):
    ended = trace.run("query", "t.sqlite", question.name, "--json")
    assert ended.code == 0, ended.err
    assert question.sentence.endswith(".")
    assert bool(json.loads(ended.out)["rows"]) or question.name not in ANSWERED


def test_questions_are_listed_and_a_name_that_is_none_is_told(trace):
    listed = trace.run("query", "t.sqlite")
    assert all(question.name in listed.out for question in questions()) and len(questions()) > 15
    ended = trace.run("query", "t.sqlite", "slowst")
    assert ended.code == 2 and "Did you mean slowest?" in ended.err
