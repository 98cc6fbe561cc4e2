"""Shrinking generated programs, without workerd: an oracle of the test's own says what differs."""

from __future__ import annotations

import json
from typing import Any, Callable, Iterator

from orrery.fuzz_shrink import AT_ONCE, Program, labels_in_order, shrink, smaller


def names(part: Any) -> Iterator[str]:
    """The names of all operations in a program, or in a part of it."""
    if isinstance(part, dict):
        part = part.get("together", [])
    if isinstance(part, list):
        if len(part) > 1 and isinstance(part[0], int) and isinstance(part[1], str):
            yield part[1]
        for inner in part:
            yield from names(inner)


def drive(program: Program, differs: Callable[[Program], bool]) -> Program:
    shrinking = shrink(program)
    asked = next(shrinking)
    while True:
        assert 0 < len(asked) <= AT_ONCE
        try:
            asked = shrinking.send([differs(candidate) for candidate in asked])
        except StopIteration as end:
            return end.value


BIG: Program = [
    [[1, "get", "a"], [2, "all", [[[3, "put", "a", 1]], [[4, "sync"], [5, "delete", ["a", "b"]]]]]],
    [[6, "micro", 3], [7, "call", "x", [[8, "kvPut", "a", 1]]]],
    [
        [9, "transaction", [[10, "outer", [11, "put", "b", 2]], [12, "try", [[13, "rollback"]]]], "throw"],
        [14, "timer", 15, [[15, "callback", "y", [[16, "back", 1]], [[17, "list", {"limit": 2}]]]]],
    ],
    [[18, "block", [[19, "transactionSync", [[20, "insert", "a", 1], [21, "select"]], "throw"]]]],
]


def test_what_is_left_is_what_the_difference_needs() -> None:
    left = drive(BIG, lambda p: {"rollback", "insert"} <= set(names(p)))
    assert set(names(left)) == {"rollback", "insert"}
    assert left == labels_in_order(left), "labels count from 1"


def test_an_operation_is_cut_out_of_every_kind_of_nest() -> None:
    for wanted in ("put", "delete", "kvPut", "rollback", "back", "list", "insert", "select", "sync"):
        left = drive(BIG, lambda p: wanted in set(names(p)))
        assert list(names(left)) == [wanted], left


def test_calls_made_at_once_are_made_smaller_and_apart() -> None:
    same = [[4, "get", "a"], [5, "try", [[6, "sync"]]]]
    together = [
        {"together": [[[1, "put", "a", 1], [2, "sync"]], [[3, "list"]]], "stubs": 1},
        {"together": [same, same, same], "stubs": 2},
    ]
    assert drive(together, lambda p: "sync" in set(names(p))) == [[[1, "sync"]]]
    both = drive(together, lambda p: {"put", "list"} <= set(names(p)))
    assert both == [{"together": [[[1, "put", "a", 1]], [[2, "list"]]], "stubs": 1}]
    twice = drive(together, lambda p: any(len(c["together"]) > 1 and c["stubs"] == 2 for c in p if isinstance(c, dict)))
    assert [len(call["together"]) for call in twice] == [2] and twice[0]["together"][0] == twice[0]["together"][1]


def test_what_surrounds_a_difference_stays_when_it_is_needed() -> None:
    def within(p: Program) -> bool:
        return '"block", [[' in json.dumps(p) and "transactionSync" in json.dumps(p)

    left = drive(BIG, within)
    assert sorted(names(left)) == ["block", "transactionSync"], left


def test_arguments_become_simpler() -> None:
    assert drive(BIG, lambda p: "micro" in set(names(p))) == [[[1, "micro", 1]]]
    assert drive(BIG, lambda p: "transaction" in set(names(p))) == [[[1, "transaction", [], "commit"]]]


def test_a_program_that_nothing_can_be_cut_from_is_the_answer() -> None:
    assert drive(BIG, lambda p: False) == BIG


def test_every_candidate_is_new_and_no_larger() -> None:
    candidates = list(smaller(BIG))
    texts = [json.dumps(candidate) for candidate in candidates]
    assert len(texts) == len(set(texts)) and json.dumps(BIG) not in texts
    assert all(len(list(names(candidate))) <= len(list(names(BIG))) for candidate in candidates)
