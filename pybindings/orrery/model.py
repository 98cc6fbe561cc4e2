"""A model of your own for `orrery check`: what an object is, in Python.

    class Stack(orrery.Model):
        def initial(self):
            return ()

        def step(self, state, operation):
            if operation.f == "push":
                return True, state + (operation.value,)
            if not operation.answered:                       # a pop that nobody answered took whatever was on top
                return True, state[:-1]
            return state[-1:] == (operation.result,), state[:-1]

`orrery check h.jsonl --model stack.py` asks it; so does `orrery.check(history, Stack)`.
"""

from __future__ import annotations

from typing import Any, Hashable, Iterable


class Operation:
    """What a client asked for and was told. Lists of the history file are tuples here, so that they can be states."""

    __slots__ = ("f", "key", "value", "result", "answered", "_process", "_sees_process")

    def __init__(
        self,
        f: str,
        key: Any = None,
        value: Any = None,
        result: Any = None,
        answered: bool = True,
        process: Any = None,
        sees_process: bool = True,
    ) -> None:
        self.f = f
        self.key = key
        #: The argument: `v` of the invoke line.
        self.value = value
        #: `r`, or else `v`, of the ok line; None when nobody answered.
        self.result = result
        #: False: it may have taken effect at any time after it was asked for, or never; its answer is not known.
        self.answered = answered
        self._process = process
        self._sees_process = sees_process

    @property
    def process(self) -> Any:
        """Who asked. Only for a model with `sees_process = True`."""
        if not self._sees_process:
            raise AttributeError("operation.process is for models that say `sees_process = True`")
        return self._process

    def __repr__(self) -> str:
        words = [self.f, *(repr(part) for part in (self.key, self.value) if part is not None)]
        return " ".join(words) + (f" -> {self.result!r}" if self.answered else " (no answer)")


class Model:
    """What an object is: its first state, and what an operation does to it. Derive from it, or write a class with
    the same methods.

    States are hashable values (numbers, strings, tuples, frozensets, frozen dataclasses); equal states are one state.
    The methods are functions of what they are given: what `step` said once of a state and an operation is never asked
    again. Operations that failed are never asked about."""

    #: True: `operation.process` may be used. Then equal requests of different processes are different operations,
    #: and a search may have to try them all.
    sees_process = False

    def initial(self) -> Hashable:
        """The state before any operation, of every object."""
        return None

    def step(self, state: Any, operation: Operation) -> tuple[bool, Hashable] | Iterable[Hashable]:
        """Whether the operation may take effect in `state` and give the answer it gave, and the state after it:
        `(allowed, next state)`. Where several states may follow: all of them, as a list, a set or by `yield`;
        none means that it is not allowed."""
        raise NotImplementedError

    def key(self, operation: Operation) -> Hashable:
        """Which object it is about. Objects are checked each by itself, so operations that have to do with each
        other have one key; None for all makes one object of everything."""
        return operation.key

    def reads(self, operation: Operation) -> bool:
        """Whether the operation never changes the state, whatever it is. Searches are far shorter for it; an
        operation that does change the state after all is an error."""
        return operation.f in ("read", "get")
