"""`orrery check --model path.py::Name` and `orrery.check`: a model of one's own has the verdicts of the built-in one and of
every order tried, and whatever it does wrong is one message, or "unknown" within the budget."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path
from typing import Any, Iterator

import pytest

import orrery
from orrery.model_states import States
from real import Real, module_folder

OWN = '''
import orrery

class Register(orrery.Model):
    def step(self, state, operation):
        if operation.f == "write":
            return True, operation.value
        if operation.f == "cas":
            hit = state == operation.value[0]
            allowed = not operation.answered or operation.result in (None, hit)
            return allowed, operation.value[1] if hit else state
        return state == operation.result, state

class Queue(orrery.Model):
    def initial(self):
        return ()
    def step(self, state, operation):
        if operation.f == "enqueue":
            return True, state + (operation.value,)
        return not operation.answered or operation.result == (state[0] if state else None), state[1:]

class Counter(orrery.Model):
    def initial(self):
        return 0
    def step(self, state, operation):
        if operation.f == "add":
            return True, state + operation.value
        return state == operation.result, state

class Lossy(orrery.Model):
    """A register whose writes may be lost, answered or not."""
    def step(self, state, operation):
        if operation.f == "write":
            yield state
            yield operation.value
        elif state == operation.result:
            yield state
'''
MODULE: dict[str, Any] = {}
exec(OWN, MODULE)  # noqa: S102 - the same text is a file in the tests of the command


def lines(events: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def drawn(chance: random.Random, functions: list[str], operations: int) -> list[dict[str, Any]]:
    """A history of a few processes and values, its answers made up: about half are possible."""
    events: list[dict[str, Any]] = []
    begun: dict[int, dict[str, Any]] = {}
    while operations or begun:
        process = chance.randrange(3)
        if process not in begun:
            if not operations:
                process = min(begun)
            else:
                operations -= 1
                event = {"p": process, "e": "invoke", "f": chance.choice(functions), "k": "x"}
                if event["f"] == "cas":
                    event["v"] = [chance.randrange(2), chance.randrange(2)]
                elif event["f"] in ("write", "enqueue", "add"):
                    event["v"] = chance.randrange(1, 3)
                events.append(event)
                begun[process] = event
                continue
        asked = begun.pop(process)
        end = {**asked, "e": chance.choice(("ok", "ok", "ok", "ok", "info", "fail"))}
        end.pop("v", None)
        if asked["f"] in ("read", "dequeue"):
            end["v"] = chance.choice((None, 1, 2)) if asked["f"] == "dequeue" else chance.choice((0, 1, 2, 3))
        if asked["f"] == "cas":
            end["v"] = chance.choice((True, False))
        events.append(end)
    return events


@pytest.fixture(scope="module")
def module() -> Any:
    import importlib
    import sys

    sys.path.insert(0, str(module_folder()))
    return importlib.import_module("_orrery")


def own_verdict(module: Any, text: str, model: Any) -> str:
    answer, raised = module.check_history_with(text, States(model), "own", '{"orders":true}')
    assert raised is None, raised
    return str(json.loads(answer)["verdict"])


@pytest.mark.parametrize(
    ("built_in", "own", "functions"),
    [
        ("cas-register", "Register", ["write", "read", "cas"]),
        ("queue", "Queue", ["enqueue", "dequeue"]),
        ("counter", "Counter", ["add", "read"]),
    ],
)
def test_a_model_of_ones_own_has_the_verdicts_of_the_built_in_one(module: Any, built_in: str, own: str, functions: list[str]) -> None:
    chance, seen = random.Random(own), {"ok": 0, "violation": 0}
    for _ in range(1500):
        text = lines(drawn(chance, functions, chance.randrange(1, 8)))
        expected = json.loads(module.check_history(text, built_in, ""))["verdict"]
        assert own_verdict(module, text, MODULE[own]()) == expected, text
        seen[expected] += 1
    assert min(seen.values()) > 150, seen


def possible(operations: list[dict[str, Any]], model: Any) -> bool:
    """Whether some order of all answered and some unanswered operations explains the answers: each is tried."""
    required = [n for n, op in enumerate(operations) if op["end"] is not None]
    for order in itertools.chain.from_iterable(
        itertools.permutations(range(len(operations)), size) for size in range(len(required), len(operations) + 1)
    ):
        if not set(required) <= set(order):
            continue
        if any(
            operations[later]["end"] is not None and operations[later]["end"] < operations[first]["begin"]
            for first, later in itertools.combinations(order, 2)
        ):
            continue
        states = {model.initial()}
        for n in order:
            states = {after for state in states for after in model.step(state, operations[n]["operation"])}
        if states:
            return True
    return False


def test_a_model_with_several_next_states_has_the_verdicts_of_every_order(module: Any) -> None:
    chance, seen = random.Random(7), {"ok": 0, "violation": 0}
    for _ in range(600):
        events = drawn(chance, ["write", "read"], chance.randrange(1, 6))
        operations: list[dict[str, Any]] = []
        begun: dict[int, dict[str, Any]] = {}
        for at, event in enumerate(events):
            if event["e"] == "invoke":
                op = begun[event["p"]] = {"begin": at, "end": None, "asked": event, "result": None}
                operations.append(op)
            elif event["e"] == "ok":
                begun[event["p"]].update(end=at, result=event.get("v"))
            elif event["e"] == "fail":
                operations.remove(begun[event["p"]])
        operations = [op for op in operations if op["asked"]["f"] == "write" or op["end"] is not None]
        for op in operations:
            op["operation"] = orrery.Operation(op["asked"]["f"], "x", op["asked"].get("v"), op["result"], op["end"] is not None)
        expected = "ok" if possible(operations, MODULE["Lossy"]()) else "violation"
        assert own_verdict(module, lines(events), MODULE["Lossy"]()) == expected, lines(events)
        seen[expected] += 1
    assert min(seen.values()) > 60, seen


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    folder = Real(tmp_path)
    folder.write("own.py", OWN)
    yield folder
    folder.forget_bundles()


WRITE_READ = [
    {"p": "a", "e": "invoke", "f": "write", "v": 1},
    {"p": "b", "e": "invoke", "f": "read"},
    {"p": "a", "e": "ok", "f": "write"},
    {"p": "b", "e": "ok", "f": "read", "v": 1},
]


@pytest.mark.parametrize("good", [True, False])
def test_the_command_takes_a_model_by_its_file_and_draws_the_page(real: Real, good: bool) -> None:
    events = WRITE_READ if good else [*WRITE_READ[:3], {**WRITE_READ[3], "v": 2}]
    history = real.write("h.jsonl", lines(events))
    ended = real.run("check", history, "--model", "own.py::Register", "--html", "h.html")
    assert ended.code == (0 if good else 11), ended.err
    page = (real.folder / "h.html").read_text()
    assert page.count("<rect") == 2
    if good:
        assert "a place in the order" in page and page.count("font-weight=\"bold\"") == 2
    else:
        assert "line 2: #2 b read -> 2" in ended.out and "contradict" in page


STACK = '''
import orrery

class Stack(orrery.Model):
    def initial(self):
        return ()
    def key(self, operation):
        return operation.value[0] if operation.value else operation.result[0]
    def step(self, state, operation):
        if operation.f == "push":
            return True, state + (operation.value,)
        return state[-1:] == (operation.result,), state[:-1]

class Owned(orrery.Model):
    sees_process = True
    def step(self, state, operation):
        if operation.f == "acquire":
            return state is None, operation.process
        return state == operation.process, None
'''


def test_a_script_asks_with_operations_names_and_keys_of_its_own(real: Real) -> None:
    real.write("mine.py", STACK)
    ended = real.python(
        """
import sys, orrery
sys.path.insert(0, "")
import mine

def op(p, f, v=None, answer=None):
    return [{"p": p, "e": "invoke", "f": f, "v": v}, {"p": p, "e": "ok", "f": f, "v": answer}]

both = op(1, "push", ["a", 1]) + op(1, "push", ["b", 2]) + op(1, "pop", None, ["a", 1])
print(orrery.check(both, mine.Stack)["verdict"])
print(orrery.check(both + op(1, "pop", None, ["a", 1]), mine.Stack)["verdict"])
print(orrery.check(op(1, "acquire") + op(1, "release"), mine.Owned())["verdict"])
print(orrery.check(op(1, "acquire") + op(2, "release"), mine.Owned())["witness"]["operations"][-1]["text"])
print(orrery.check(op(1, "acquire") + op(2, "release"), "lock")["verdict"])
try:
    orrery.check(op(1, "push", 1), "stack")
except orrery.UserError as error:
    print(error)
"""
    )
    assert ended.out.splitlines() == ["ok", "violation", "ok", "#3 2 release", "ok", "there is no model 'stack'"], ended.err


#: What a model may do, and what is said; FILE is its own. Line 3 is where its step begins, line 4 the step's first.
WRONG = {
    "raises": ("return True, 1 // state", "FILE:4: ZeroDivisionError: integer division or modulo by zero, asked step(0, write 1"),
    "nonsense": ("return 7", "FILE:3: step answered 7; it answers (allowed, next state)"),
    "unhashable": ("return True, [1]", "FILE:3: step made the state [1], which cannot be looked up again"),
    "not_only_a_read": ("return True, state + 1", "FILE:3: step made 2 of 1 by read -> 1, which `reads` calls"),
    "recurses": ("return self.step(state, operation)", "FILE:4: RecursionError"),
    "exits": ("raise SystemExit(3)", "FILE:4: calls sys.exit(3)"),
    "loops": ("while True: pass", "the model's 300 ms ended, at FILE:4; the budget ended with 0 of 2"),
    "hides": ("import signal; signal.signal(signal.SIGALRM, signal.SIG_IGN)\n        while True: pass", "did not come back within 300 ms, at FILE:5"),
    "endless": ("while True: yield (state := state + 1)", "the model's 300 ms ended, at FILE:"),
    "grows": ("while True: state = (state, bytearray(1 << 24))", "the states of the model need more than 64 MB"),
    "dies": ("import os; os.abort()", "the model FILE ended its process: SIGABRT"),
}


def test_whatever_a_model_does_wrong_is_one_message_or_unknown(real: Real) -> None:
    for name, (deed, _) in WRONG.items():
        real.write(
            f"{name}.py",
            f"class {name}:\n    def initial(self): return 0\n    def step(self, state, operation):\n        {deed}\n",
        )
    ended = real.python(
        f"""
import orrery
for name in {list(WRONG)}:
    try:
        limits = dict(budget="9s", memory_mb=32) if name == "grows" else dict(budget="300ms")
        print(name, orrery.check({[WRITE_READ[n] for n in (0, 2, 1, 3)]}, name + ".py", **limits)["reason"])
    except orrery.UserError as error:
        print(name, error)
"""
    )
    told = dict(line.split(" ", 1) for line in ended.out.splitlines())
    for name, (_, expected) in WRONG.items():
        assert expected.replace("FILE", f"{name}.py") in told.get(name, ""), (name, told.get(name), ended.err)


def test_a_broken_model_file_is_bad_input(real: Real) -> None:
    history = real.write("h.jsonl", lines(WRITE_READ))
    real.write("broken.py", "import orrery\nraise KeyError('x')\n")
    ended = real.run("check", history, "--model", "broken.py")
    assert ended.code == 2 and "broken.py:2: KeyError" in ended.err
    ended = real.run("check", history, "--model", "own.py")
    assert ended.code == 2 and "several models: Register, Queue, Counter, Lossy" in ended.err
    assert real.run("check", history, "--model", "none.py").code == 2
