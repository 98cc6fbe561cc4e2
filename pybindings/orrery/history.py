"""Operations as clients saw them, and the checks on them."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, Iterator

from orrery.driver import ScenarioError
from orrery.native import method

if TYPE_CHECKING:
    from orrery.world import World

#: The rule that a history's checker speaks for when the scenario names no other.
LINEARIZABLE = "DO-LIN-1"
SERIALIZABLE = "DO-SER-1"
_ENDS = ("ok", "fail", "info")


class CheckFailed(AssertionError):
    """A check that a rule stands behind did not hold."""

    def __init__(self, rule: str, reason: str, witness: Any = None) -> None:
        super().__init__(f"{rule}: {reason}")
        self.rule = rule
        self.reason = reason
        self.witness = witness


class CheckUnknown(Exception):
    """A check ran out of its budget before it knew."""


class Record:
    """One operation in progress. End it exactly once with ok, fail (did not happen) or info (nobody
    knows)."""

    def __init__(self, history: "History", process: str, f: str, key: Any) -> None:
        self._history = history
        self._process = process
        self._f = f
        self._key = key
        self._ended = False

    def ok(self, value: Any = None) -> None:
        self.end("ok", value)

    def fail(self) -> None:
        self.end("fail", None)

    def info(self) -> None:
        self.end("info", None)

    def end(self, how: str, value: Any = None) -> None:
        if how not in _ENDS:
            raise ScenarioError(f"an operation ends as ok, fail or info, not {how!r}")
        if self._ended:
            raise ScenarioError(f"operation {self._f} of {self._process} ended twice")
        self._ended = True
        self._history.write(self._process, how, self._f, self._key, value)


class History:
    """`world.history`: iterate it for the operations so far (dicts as in a trace's `operation`
    table)."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._busy: dict[str, int] = {}
        self._lines = 0
        #: Which request an operation was, by its line (from 0): the client and its count.
        self.asked: dict[int, tuple[str, int]] = {}

    def invoke(self, process: Any, f: str, key: Any = None, value: Any = None) -> Record:
        """Notes that a process (a client, or any name) begins an operation now."""
        name = getattr(process, "name", None) or str(process)
        self.write(name, "invoke", f, key, value)
        return Record(self, name, f, key)

    def begin(self, process: str, op: tuple[Any, ...], nth: int = 0) -> Record:
        """The operation of a request: op is (f,), (f, key) or (f, key, value). A client with
        several requests on their way counts as several processes, for a process does one thing at a
        time. `nth`: which of the client's requests it is, from 1.
        """
        if not isinstance(op, tuple) or not 1 <= len(op) <= 3 or not isinstance(op[0], str):
            raise ScenarioError(f"op= is a tuple (f,), (f, key) or (f, key, value), not {op!r}")
        number = self._busy.get(process, 0)
        self._busy[process] = number + 1
        if nth:
            self.asked[self._lines] = (process, nth)
        f, key, value = (*op, None, None)[:3]
        return self.invoke(f"{process}#{number}", f, key, value)

    def write(self, process: str, event: str, f: str, key: Any, value: Any) -> None:
        line = {"p": process, "e": event, "f": f, "k": key, "v": value}
        try:
            self._world.native.history_add(json.dumps(line))
        except TypeError as error:
            raise ScenarioError(f"an operation's key and value must be JSON: {error}") from None
        self._lines += 1

    def operations(self) -> list[dict[str, Any]]:
        return list(self._world.native.history())

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self.operations())

    def __len__(self) -> int:
        return len(self.operations())


class Check:
    """`world.check`: each method raises CheckFailed, citing a rule, when something does not
    hold."""

    def __init__(self, world: "World") -> None:
        self._world = world
        #: How often each rule was checked, by its id.
        self.exercised: Counter[str] = Counter()

    def _exercise(self, rule: str) -> None:
        self.exercised[rule] += 1

    def linearizable(
        self,
        history: History | None = None,
        *,
        model: str,
        rule: str = LINEARIZABLE,
        **options: Any,
    ) -> None:
        """The recorded operations have one order that explains every answer and keeps real time."""
        self._run(history, model, rule, options)

    def serializable(
        self,
        history: History | None = None,
        *,
        model: str = "list-append",
        rule: str = SERIALIZABLE,
        **options: Any,
    ) -> None:
        """The recorded transactions have one order that explains every answer."""
        self._run(history, model, rule, options)

    def that(self, condition: Any, reason: str, *, rule: str) -> None:
        """A condition of the scenario's own, under a rule's id."""
        self._exercise(rule)
        if not condition:
            raise CheckFailed(rule, reason)

    def _run(self, history: History | None, model: str, rule: str, options: dict[str, Any]) -> None:
        if history is not None and history is not self._world.history:
            raise ScenarioError(
                "only this world's own history can be checked here; use `orrery check` for files"
            )
        self._exercise(rule)
        result = method(self._world.native, "check", "world.check")(model, json.dumps(options))
        verdict = result.get("verdict")
        if verdict == "violation":
            witness = result.get("witness")
            text = (
                witness
                if isinstance(witness, str)
                else (witness or {}).get("sentence") or json.dumps(witness)
            )
            raise CheckFailed(rule, text, witness)
        if verdict != "ok":
            raise CheckUnknown(
                f"{rule}: {result.get('reason') or 'the checker ran out of its budget'}"
            )
