"""Shrinking, first without a world: what it asks for, and that it ends where nothing can be left out."""

from __future__ import annotations

import itertools
from typing import Any

from orrery.outcome import Outcome
from orrery.shrink import compact, shrink
from orrery.shrink_case import Anew, Case, Facts, Shrinking, leave_out
from orrery.shrink_requests import client_cause
from orrery.shrink_run import Goal

CAUSE = "00000000000000{:02x}"


class Toy:
    """A world of 40 jitters, 3 faults, 12 requests of 4 clients, which fails where `fails(what differs)` says so."""

    def __init__(self, needs: set[str]) -> None:
        self.needs = needs
        self.jitter = [f"net.delay/{CAUSE.format(n)}/0" for n in range(40)]
        self.faults = [
            {"name": f"crash-{n}", "cause": CAUSE.format(100 + n), "drawn": CAUSE.format(200 + n), "us": 0, "begun": True}
            for n in range(3)
        ]
        self.present = [f"swarm.present/{fault['drawn']}/0" for fault in self.faults]
        self.operations = [
            {"key": f"client.leaves/{CAUSE.format(60 + n)}/0", "client": f"client/{n % 4}", "asked_us": 10 * n,
             "took_us": 100 + n}
            for n in range(12)
        ]
        self.asked: list[Case] = []

    def start(self) -> Case:
        return Case.of({key: 7 for key in self.jitter} | {key: 1 for key in self.present})

    def leaves(self, values: dict[str, int], op: dict[str, Any]) -> bool:
        mine = [other for other in self.operations if other["client"] == op["client"]]
        every = values.get(f"clients.operations/{CAUSE.format(250)}/0", -1)
        limit = values.get(f"client.operations/{client_cause(op['client'])}/0", every)
        leave = values.get(op["key"], 1)
        return leave > 1 or (leave == 1 and (limit < 0 or mine.index(op) < limit))

    def fails(self, case: Case) -> bool:
        values = case.values()
        happens = {key for key in self.jitter + self.present if values.get(key, 0) != 0}
        happens |= {op["key"] for op in self.operations if self.leaves(values, op)}
        return self.needs <= happens

    def facts(self, case: Case) -> Facts:
        values = case.values()
        usual = {key: 0 for key in self.jitter + self.present} | {op["key"]: 1 for op in self.operations}
        usual |= {f"client.operations/{client_cause(f'client/{n}')}/0": -1 for n in range(4)}
        usual[f"clients.operations/{CAUSE.format(250)}/0"] = -1
        return Facts.of(
            {
                "decision_list": [[key, values.get(key, base), base, 0] for key, base in usual.items()],
                "operations": [dict(op, dropped=not self.leaves(values, op)) for op in self.operations],
                "plan": [
                    fault for fault, key in zip(self.faults, self.present) if values.get(key, 0)
                ],
            }
        )

    def drawn_anew(self, case: Case) -> Case | None:
        drawn = case.using(case.values() | {key: 7 for key in self.jitter})
        return drawn if self.fails(drawn) else None

    def drive(self, vain: int = 0) -> Case:
        """vain: so many cases behind the first good one are run too, as with several processes."""
        return self._drive(compact(self._drive(shrink(self.start(), ()), vain)), vain)

    def _drive(self, shrinking: Shrinking, vain: int) -> Case:
        answer: Any = None
        try:
            while True:
                asked = shrinking.send(answer)
                if isinstance(asked, Case):
                    answer = self.facts(asked)
                    continue
                if isinstance(asked, Anew):
                    answer = self.drawn_anew(asked.case)
                    continue
                good = [place for place, case in enumerate(asked) if self.fails(case)]
                self.asked += asked[: (good[0] if good else len(asked)) + 1 + vain]
                answer = good[0] if good else None
        except StopIteration as end:
            return end.value


def test_what_is_left_is_what_the_failure_needs() -> None:
    toy = Toy(set())
    toy.needs = {toy.jitter[3], toy.jitter[31], toy.present[1], toy.operations[5]["key"], toy.operations[6]["key"]}
    case = toy.drive()
    values = case.values()
    assert toy.fails(case)
    assert {key for key in toy.jitter if values.get(key)} == {toy.jitter[3], toy.jitter[31]}
    assert [key for key in toy.present if values.get(key)] == [toy.present[1]]
    # Client 1 sent its 1st and 2nd request, of which the 2nd is needed; client 2 likewise; the others none.
    left = [op["key"] for op in toy.operations if toy.leaves(values, op)]
    assert left == [toy.operations[5]["key"], toy.operations[6]["key"]]
    # Of ten requests that do not leave, no list is left: every client sends none, but for the first two of two clients, or two that leave at an instant.
    assert len(values) <= 3 + 5


def test_nothing_of_the_result_can_be_left_out_by_itself() -> None:
    for needed in itertools.combinations(range(12), 3):
        toy = Toy(set())
        toy.needs = {toy.operations[n]["key"] for n in needed}
        values = toy.drive().values()
        assert {op["key"] for op in toy.operations if toy.leaves(values, op)} == toy.needs


def test_many_requests_give_way_to_one_and_a_chance() -> None:
    """It fails when all requests leave, or with the first and one jitter, which was left out while all did."""
    toy = Toy(set())
    first, all_of_them = toy.operations[0]["key"], {op["key"] for op in toy.operations}

    def fails(case: Case) -> bool:
        values = case.values()
        left = {op["key"] for op in toy.operations if toy.leaves(values, op)}
        return left == all_of_them or (first in left and toy.jitter[4] in values)

    toy.fails = fails  # type: ignore[method-assign]
    values = toy.drive().values()
    assert [op["key"] for op in toy.operations if toy.leaves(values, op)] == [first]
    assert [key for key in toy.jitter if key in values] == [toy.jitter[4]]


def test_the_result_does_not_depend_on_what_was_run_in_vain() -> None:
    one, other = Toy(set()), Toy(set())
    for toy in (one, other):
        toy.needs = {toy.jitter[9], toy.operations[0]["key"], toy.present[2]}
    assert one.drive() == other.drive(vain=3)
    assert len(other.asked) > len(one.asked)


def test_a_list_that_needs_everything_is_left_whole() -> None:
    asked = []
    leaving = leave_out([1, 2, 3, 4, 5], lambda kept: Case.of({str(n): n for n in kept}))
    answer: Any = None
    try:
        while True:
            asked += leaving.send(answer)
            answer = None
    except StopIteration as end:
        assert end.value == [1, 2, 3, 4, 5]
    assert len(asked) < 30


def test_only_the_same_failure_under_a_plan_that_could_be_survived_counts() -> None:
    failure = {"rule": "DO-DUR-1", "signature": "ab"}
    goal = Goal("DO-DUR-1", "ab", survivable=True)

    def ended(failures: list[dict[str, Any]], unsurvivable: str = "") -> Outcome:
        return Outcome(1, "swarm", "fail", failures=failures, result={"unsurvivable": unsurvivable})

    assert goal.met_by(ended([{"rule": "LIVE-1", "signature": "cd"}, failure]))
    assert not goal.met_by(ended([{**failure, "signature": "cd"}]))
    assert not goal.met_by(ended([{**failure, "rule": "DO-OG-1"}]))
    assert not goal.met_by(ended([failure], "directory may lose 3 of its disks, of 2 that may"))
    # What failed under such a plan from the start may go on to.
    assert Goal("DO-DUR-1", "ab", survivable=False).met_by(ended([failure], "directory may lose 3 of its disks"))
