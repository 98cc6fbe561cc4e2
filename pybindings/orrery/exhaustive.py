"""Every order of what happens at one instant, for small scenarios.

Runs know nothing of each other. Each follows a prefix of choices (overrides on the default base) and then takes the
first of whatever is due; it tells every point at which it had a choice, by a hash of the state before
(sim/explore/enumerator.h). Each alternative of each state is tried once; when none is left, everything has been seen.
The order is by the number of choices that differ from the default: the failure found first is the one with the fewest.
"""

from __future__ import annotations

from collections import deque
from typing import Any, Callable

from orrery.outcome import Outcome
from orrery.pool import Pool, Worker
from orrery.search import Search

Prefix = tuple[tuple[str, int], ...]
Progress = Callable[[Search, int, int], None]


class Frontier:
    """Which prefixes are still to be had, and which states were seen."""

    def __init__(self, prune: bool = True) -> None:
        self._left: deque[Prefix] = deque([()])
        self._tried: dict[str, set[int]] = {}
        self._asked: set[Prefix] = {()}
        self._prune = prune

    @property
    def left(self) -> int:
        return len(self._left)

    @property
    def states(self) -> int:
        """How many states with a choice were seen."""
        return len(self._tried)

    def next(self) -> Prefix | None:
        return self._left.popleft() if self._left else None

    def add(self, choices: list[dict[str, Any]]) -> None:
        """Takes in the points of a run: {"state", "key", "tags", "taken"}; the first tag is the default."""
        prefix: Prefix = ()
        for point in choices:
            tried = self._tried.setdefault(point["state"], set())
            taken = point["tags"][point["taken"]]
            tried.add(taken)
            for index, tag in enumerate(point["tags"]):
                if tag == taken or (self._prune and tag in tried):
                    continue
                tried.add(tag)
                other = prefix + (((point["key"], tag),) if index else ())
                if other not in self._asked:
                    self._asked.add(other)
                    self._left.append(other)
            if point["taken"]:
                prefix += ((point["key"], taken),)


def label(job: dict[str, Any]) -> str:
    return "order " + str(job["order"])


def exhaust(
    pool: Pool,
    worker: Worker,
    scenario: dict[str, Any],
    job: dict[str, Any],
    progress: Progress,
    budget_s: float | None = None,
    prune: bool = True,
) -> tuple[Search, Frontier, bool]:
    """Runs one scenario under every order; the last value: whether all were seen. Choices are overrides, so a capsule
    is a run of the default base that any strategy replays."""
    job = {**job, "base": "default", "schedule": "random"}
    search = Search(pool, worker, scenario, job, label, budget_s)
    frontier = Frontier(prune)
    order = 0
    whole = True
    while True:
        while search.room and frontier.left and not search.out_of_time:
            prefix = frontier.next()
            assert prefix is not None
            order += 1
            overrides = [{"key": key, "value": value} for key, value in prefix]
            search.submit({"enumerate": True, "order": order, "overrides": overrides})
        if not search.busy:
            break
        ended = search.take()
        progress(search, frontier.states, frontier.left)
        if ended is not None:
            choices = _choices(ended[1])
            whole = whole and choices is not None
            frontier.add(choices or [])
    return search, frontier, whole and not frontier.left


def _choices(outcome: Outcome) -> list[dict[str, Any]] | None:
    """Nothing of a run that died: what lies beyond its end is unknown."""
    return outcome.result.get("choices")
