"""Shrinking as a property, over made-up failures: whatever makes a run fail, the result still fails, nothing of it can be left
out by itself, what is left is in its order, and it comes to an end in a bounded number of runs.

Failures are drawn by seeds: monotone ones (several reasons, each of which is enough) and others, where more can heal (something
that spoils a reason, a count that must be odd, a hash of everything). `Toy` of test_shrink.py is the world without a world."""

from __future__ import annotations

import hashlib
import random
from typing import Any, Callable, Generator, Sequence

import pytest
from orrery.shrink import begins, drop_fault
from orrery.shrink_case import Case, leave_out
from orrery.shrink_requests import without
from test_shrink import Toy

#: Whether a run in which these things happen fails.
Failing = Callable[[frozenset[Any]], bool]


def reasons(chance: random.Random, things: Sequence[Any]) -> list[frozenset[Any]]:
    return [frozenset(chance.sample(list(things), chance.randint(1, min(5, len(things))))) for _ in range(chance.randint(1, 4))]


def monotone(chance: random.Random, things: Sequence[Any]) -> Failing:
    """Several reasons, each of which is enough."""
    enough = reasons(chance, things)
    return lambda happens: any(reason <= happens for reason in enough)


def spoilt(chance: random.Random, things: Sequence[Any]) -> Failing:
    """Reasons, of which some only count as long as something else does not happen, or does."""
    enough = [(reason, chance.choice(things), chance.choice(things)) for reason in reasons(chance, things)]

    def fails(happens: frozenset[Any]) -> bool:
        return any(reason <= happens and (spoiler not in happens or healer in happens) for reason, spoiler, healer in enough)

    return fails


def odd(chance: random.Random, things: Sequence[Any]) -> Failing:
    """An odd number of some, beside a reason."""
    counted = frozenset(chance.sample(list(things), chance.randint(1, len(things))))
    reason = reasons(chance, things)[0]
    return lambda happens: reason <= happens and len(counted & happens) % 2 == 1


def hashed(chance: random.Random, things: Sequence[Any]) -> Failing:
    """No reason at all."""
    salt, of = chance.random(), chance.randint(2, 12)

    def fails(happens: frozenset[Any]) -> bool:
        text = f"{salt} {sorted(map(str, happens))}"
        return hashlib.sha256(text.encode()).digest()[0] % of == 0

    return fails


KINDS = {"monotone": monotone, "spoilt": spoilt, "odd": odd, "hashed": hashed}


def drawn(kind: str, seed: int, things: Sequence[Any], start: frozenset[Any]) -> Failing:
    """A failure that begins with everything that happens at the start."""
    chance = random.Random(f"{kind} {seed}")
    while not (fails := KINDS[kind](chance, things))(start):
        pass
    return fails


def left_of(items: list[int], fails: Failing, at_once: bool) -> tuple[list[int], int]:
    """What leave_out leaves, and how many runs it asks for."""
    asked = 0
    leaving: Generator[list[Case], Any, list[int]] = leave_out(items, lambda kept: Case.of({str(n): n for n in kept}), at_once)
    answer: Any = None
    try:
        while True:
            cases = leaving.send(answer)
            asked += len(cases)
            answer = next((place for place, case in enumerate(cases) if fails(frozenset(case.values().values()))), None)
    except StopIteration as end:
        return end.value, asked


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_keeps_what_it_needs_in_order_whatever_fails(kind: str) -> None:
    for seed in range(150):
        chance = random.Random(seed)
        items = chance.sample(range(1000), chance.randint(1, 40))
        fails = drawn(kind, seed, items, frozenset(items))
        kept, asked = left_of(items, fails, at_once=seed % 2 == 0)
        assert fails(frozenset(kept)), seed
        assert kept == [item for item in items if item in kept], seed
        for one in kept:
            assert not fails(frozenset(kept) - {one}), (seed, one)
        # One pass of all sizes in vain, and as much again for each that went.
        assert asked <= (len(items) - len(kept) + 2) * (2 * len(items) + 4), seed


class Drawn(Toy):
    """A toy whose run fails as `failing` says of the names of what happens."""

    def __init__(self, kind: str, seed: int) -> None:
        super().__init__(set())
        every = [*self.jitter, *self.present, *(op["key"] for op in self.operations)]
        self.failing = drawn(kind, seed, every, frozenset(every))
        self.runs = 0

    def happens(self, case: Case) -> frozenset[str]:
        values = case.values()
        return frozenset(
            [key for key in self.jitter + self.present if values.get(key, 0) != 0]
            + [op["key"] for op in self.operations if self.leaves(values, op)]
        )

    def fails(self, case: Case) -> bool:
        self.runs += 1
        return self.failing(self.happens(case))

    def smaller_by_one(self, case: Case) -> Generator[tuple[str, Case], None, None]:
        """The case without each one thing that is left."""
        values, facts = case.values(), self.facts(case)
        for key in self.jitter:
            if values.get(key):
                yield key, case.using({k: v for k, v in values.items() if k != key})
        for fault in facts.plan:
            if begins(values, fault):
                fewer = dict(values)
                drop_fault(fewer, fault)
                yield fault["name"], case.using(fewer)
        for op in facts.operations:
            if not op["dropped"]:
                yield op["key"], without(case, facts, [op])


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_a_shrunk_run_can_be_left_out_whatever_fails(kind: str) -> None:
    for seed in range(25):
        toy = Drawn(kind, seed)
        case = toy.drive(vain=seed % 3)
        assert toy.runs < 4000, seed
        assert toy.fails(case), seed
        for name, fewer in toy.smaller_by_one(case):
            assert toy.happens(fewer) < toy.happens(case), (seed, name)
            assert not toy.fails(fewer), (seed, name)


@pytest.mark.parametrize("kind", KINDS)
def test_a_shrunk_run_shrinks_to_itself(kind: str) -> None:
    for seed in range(8):
        toy = Drawn(kind, seed)
        case = toy.drive()
        toy.start = lambda case=case: case  # type: ignore[method-assign]
        assert toy.happens(toy.drive()) == toy.happens(case), seed
