"""Makes a generated program smaller while it still does what it was kept for (`conformance/fuzz/generate.js` says what a
program is).

`shrink` asks for many candidates at once and takes the first that will do, until none will: what is left cannot lose an
operation, a call or an argument. It knows nothing of who judges, so that programs can be shrunk side by side.
"""

from __future__ import annotations

from typing import Any, Generator, Iterator

Program = list[Any]
#: Gives candidates, is sent which of them will do, returns the smallest found.
Shrinking = Generator[list[Program], list[bool], Program]

#: Candidates of one program asked for at once.
AT_ONCE = 16

#: Where an operation [label, name, ...] holds operations,
_LISTS = {
    "try": (2,),
    "block": (2,),
    "go": (2,),
    "waitUntil": (2,),
    "transaction": (2,),
    "transactionSync": (2,),
    "timer": (3,),
    "call": (3,),
    "fetch": (3,),
    "callback": (3, 4),
}
#: where it holds lists of them,
_STRANDS = {"all": 2, "race": 2}
#: and where it holds one.
_SINGLE = {"plain": 2, "outer": 2}


def shrink(program: Program) -> Shrinking:
    """The generator to drive: see `Shrinking`."""
    at = 0  # where the last cut was good the next one is tried: what comes before was tried already
    while True:
        candidates = list(smaller(program))
        at = at % len(candidates) if candidates else 0
        candidates = candidates[at:] + candidates[:at]
        for begin in range(0, len(candidates), AT_ONCE):
            asked = candidates[begin : begin + AT_ONCE]
            verdicts = yield asked
            if True in verdicts:
                good = verdicts.index(True)
                program = asked[good]
                at += begin + good
                break
        else:
            return program


def smaller(program: Program) -> Iterator[Program]:
    """Programs that are one step smaller, those that lose most first, each once."""
    seen = {repr(program)}
    for candidate in _steps(program):
        if repr(candidate) not in seen:
            seen.add(repr(candidate))
            yield candidate


def labels_in_order(program: Program) -> Program:
    """The same program with labels 1, 2, 3."""
    count = 0

    def operation(op: list[Any]) -> list[Any]:
        nonlocal count
        count += 1
        copy = [count, *op[1:]]
        for at in _LISTS.get(op[1], ()):
            copy[at] = [operation(inner) for inner in op[at]]
        if op[1] in _STRANDS:
            copy[2] = [[operation(inner) for inner in strand] for strand in op[2]]
        if op[1] in _SINGLE:
            copy[2] = operation(op[2])
        return copy

    def whole(call: Any) -> Any:
        if isinstance(call, list):
            return [operation(op) for op in call]
        if call["stubs"] == 1:
            return {**call, "together": [whole(one) for one in call["together"]]}
        return {**call, "together": [whole(call["together"][0])] * len(call["together"])}

    return [whole(call) for call in program]


def _steps(program: Program) -> Iterator[Program]:
    if len(program) > 1:
        yield from _without_each(program)
    for at, call in enumerate(program):
        for fewer in _operations(call) if isinstance(call, list) else _together(call):
            yield [*program[:at], fewer, *program[at + 1 :]]
    yield labels_in_order(program)


def _together(call: dict[str, Any]) -> Iterator[Any]:
    """Calls made at once made smaller: one of them alone, one fewer, one made smaller - or all, where they are the same."""
    calls = call["together"]
    yield from calls
    if len(calls) > 2:
        for fewer in _without_each(calls):
            yield {**call, "together": fewer}
    for at, operations in enumerate(calls):
        for fewer_operations in _operations(operations):
            if call["stubs"] == 1:
                yield {**call, "together": [*calls[:at], fewer_operations, *calls[at + 1 :]]}
            elif at == 0:
                yield {**call, "together": [fewer_operations] * len(calls)}


def _without_each(items: list[Any]) -> Iterator[list[Any]]:
    if len(items) > 3:
        half = len(items) // 2
        yield items[half:]
        yield items[:half]
    for at in range(len(items)):
        yield items[:at] + items[at + 1 :]


def _operations(operations: list[Any]) -> Iterator[list[Any]]:
    """A list of operations made smaller: one fewer, one replaced by what it holds, one made simpler."""
    yield from _without_each(operations)
    for at, op in enumerate(operations):
        before, after = operations[:at], operations[at + 1 :]
        for held in _held(op):
            yield [*before, *held, *after]
    for at, op in enumerate(operations):
        for simpler in _simpler(op):
            yield [*operations[:at], simpler, *operations[at + 1 :]]


def _held(op: list[Any]) -> Iterator[list[Any]]:
    name = op[1]
    for at in _LISTS.get(name, ()):
        yield op[at]
    if name in _STRANDS:
        yield from op[2]
    if name in _SINGLE:
        yield [op[2]]


def _simpler(op: list[Any]) -> Iterator[list[Any]]:
    name = op[1]

    def with_part(at: int, part: Any) -> list[Any]:
        return [*op[:at], part, *op[at + 1 :]]

    for at in _LISTS.get(name, ()):
        for fewer in _operations(op[at]):
            yield with_part(at, fewer)
    if name in _STRANDS:
        if len(op[2]) > 1:
            for fewer in _without_each(op[2]):
                yield with_part(2, fewer)
        for number, strand in enumerate(op[2]):
            for fewer in _operations(strand):
                yield with_part(2, [*op[2][:number], fewer, *op[2][number + 1 :]])
    if name in _SINGLE:
        for simpler in _simpler(op[2]):
            yield with_part(2, simpler)
    if name in ("transaction", "transactionSync") and op[3] != "commit":
        yield with_part(3, "commit")
    if name == "throw" and op[3:] not in ([], ["Error"]):
        yield op[:3]
    if name == "micro" and op[2] > 1:
        yield with_part(2, op[2] - 1)
    if name in ("get", "put", "delete", "list", "setAlarm", "kvList", "kvOpen") and len(op) > 2:
        if isinstance(op[-1], dict) or op[-1] is None:
            yield op[:-1]
        elif isinstance(op[2], list):
            yield with_part(2, op[2][0])
