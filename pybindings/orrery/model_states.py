"""A model of Python's own as the C++ search asks it: states, kinds of operations and objects are numbers.

What may be several states is one number for the set of them, so the search is the same for models that know what
happens next and for those that do not. An operation is allowed in a set if it is in one of its states.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from typing import Any

from orrery.model import Model, Operation

_REPR_MAX = 200


class ModelError(Exception):
    """The model answered what no model can. `method`: who did."""

    def __init__(self, method: str, message: str) -> None:
        super().__init__(message)
        self.method = method


def shown(value: Any) -> str:
    """A value of the user's making, cut to a line's length; never raises."""
    try:
        text = repr(value)
    except Exception as error:  # noqa: BLE001 - the user's __repr__ may raise anything
        return f"<{type(value).__name__}, whose repr raises {type(error).__name__}>"
    return text if len(text) <= _REPR_MAX else f"{text[:_REPR_MAX]}..."


class States:
    """What `_orrery.check_history_with` asks. Whatever the model raises passes through."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._step = model.step
        self._kinds: list[Operation] = []
        self._reads: list[bool] = []
        self._number: dict[Any, int] = {}
        self._number_of_several: dict[frozenset[int], int] = {}
        # The states that a number stands for: one, or several.
        self._states: list[tuple[Any, ...]] = []
        #: What is being asked, for messages: a method and its arguments.
        self.asking: tuple[str, Any, Any] = ("initial", None, None)

    def _own(self, name: str) -> Any:
        # A class that only looks like a Model has its defaults.
        found = getattr(self._model, name, None)
        return getattr(Model, name).__get__(self._model) if found is None else found

    def sees_process(self) -> bool:
        return bool(getattr(self._model, "sees_process", False))

    def learn(self, operations: list[str]) -> list[tuple[int, bool]]:
        """Kinds of operations, as JSON; of each, which object it is about and whether it only reads."""
        key_of, reads = self._own("key"), self._own("reads")
        sees_process = self.sees_process()
        objects: dict[Any, int] = {}
        answers = []
        for text in operations:
            operation = Operation(*_tuples(json.loads(text)), sees_process)
            self.asking = ("key", None, operation)
            key = key_of(operation)
            try:
                number = objects.setdefault(key, len(objects))
            except TypeError as error:
                raise ModelError("key", f"answered {shown(key)}, which is no key: {error}") from None
            self.asking = ("reads", None, operation)
            self._kinds.append(operation)
            self._reads.append(bool(reads(operation)))
            answers.append((number, self._reads[-1]))
        return answers

    def initial(self) -> int:
        self.asking = ("initial", None, None)
        return self._one("initial", self._model.initial())

    def step(self, state: int, kind: int) -> int:
        """The number of what is after an operation, or -1 where it is not allowed."""
        operation = self._kinds[kind]
        after = []
        for each in self._states[state]:
            self.asking = ("step", each, operation)
            answer = self._step(each, operation)
            if type(answer) is tuple and len(answer) == 2 and isinstance(answer[0], bool):
                nexts = answer[1:] if answer[0] else ()
            elif isinstance(answer, (list, set, frozenset, Iterator)):
                nexts = answer
            else:
                raise ModelError(
                    "step",
                    f"answered {shown(answer)}; it answers (allowed, next state), or the possible next states as a"
                    " list, a set or by yield",
                )
            for following in nexts:
                number = self._one("step", following)
                if self._reads[kind] and number != self._number[each]:
                    raise ModelError(
                        "step",
                        f"made {shown(following)} of {shown(each)} by {shown(operation)}, which `reads` calls an"
                        " operation that never changes the state; say otherwise: def reads(self, operation): return False",
                    )
                after.append(number)
        if len(after) <= 1:
            return after[0] if after else -1
        several = frozenset(after)
        if len(several) == 1:
            return after[0]
        found = self._number_of_several.get(several)
        if found is None:
            found = self._number_of_several[several] = len(self._states)
            self._states.append(tuple(self._states[number][0] for number in sorted(several)))
        return found

    def _one(self, method: str, state: Any) -> int:
        try:
            number = self._number.get(state)
        except TypeError as error:
            raise ModelError(
                method, f"made the state {shown(state)}, which cannot be looked up again ({error}); use a tuple or a frozenset"
            ) from None
        if number is None:
            number = self._number[state] = len(self._states)
            self._states.append((state,))
        return number

    def forget(self) -> None:
        """Gives the memory of all states back."""
        self._number.clear()
        self._number_of_several.clear()
        self._states.clear()
        self.asking = (self.asking[0], None, None)

    def place_of(self, method: str) -> tuple[str, int] | None:
        """File and line at which a method of the model begins."""
        code = getattr(inspect.unwrap(getattr(self._model, method, None) or (lambda: None)), "__code__", None)
        return (code.co_filename, code.co_firstlineno) if code is not None else None


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
