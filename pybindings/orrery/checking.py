"""A history against a model, in a process of its own: `orrery.check`, and what `orrery check` does.

The search is C++ and a model may be anybody's Python, so the asking process only waits: it can tell how long it has
waited, be interrupted, and say what became of the other. A model of Python's own is kept to the budget three times
over: by steps, which is what makes verdicts repeatable; by an alarm, for one that is slow or never answers; and by a
thread of C that ends the process, for one that never comes back to Python. Its memory is the process's own limit.
"""

from __future__ import annotations

import faulthandler
import json
import os
import re
import resource
import select
import signal
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterable

from orrery import native
from orrery.bootstrap import die_with_parent, last_words
from orrery.errors import CRASH, UserError
from orrery.files import read_text
from orrery.model_states import ModelError, States, shown as shown_value
from orrery.places import shown
from orrery.scenario import import_file, where
from orrery.times import Span, parse_us, show_span

MODELS = (
    "register",
    "cas-register",
    "kv",
    "counter",
    "set",
    "queue",
    "lock",
    "multi-register",
    "list-append",
    "rw-register",
)
#: Memory that a search may remember things in; the states of a model in Python have as much again, twice.
MEMORY_MB = 1024
#: After an alarm that a model did not let through, its process ends this much later.
GRACE_S = 1.0
TELL_EVERY_S = 2.0


@dataclass(frozen=True)
class OwnModel:
    """A model of Python's own: a class or an instance, or where its file is."""

    name: str
    made: Any = None
    path: Path | None = None
    attribute: str | None = None

    def load(self) -> Any:
        """The model itself. Runs the user's code."""
        made = self.made
        if self.path is not None:
            found = import_file(self.path)
            names = [self.attribute] if self.attribute else _models_of(found)
            if len(names) != 1:
                said = f"several models: {', '.join(names)}; say which: {self.name}::NAME" if names else "no model"
                raise UserError(f"{shown(self.path)} has {said}", hint="A model has initial() and step(); see orrery.Model.")
            made = getattr(found, names[0], None)
            if made is None:
                raise UserError(f"{shown(self.path)} has no {names[0]!r}")
        model = made() if isinstance(made, type) else made
        missing = [name for name in ("initial", "step") if not callable(getattr(model, name, None))]
        if missing:
            raise UserError(f"{self.name} is no model: it has no {missing[0]}()", hint="See orrery.Model.")
        return model


def _models_of(module: Any) -> list[str]:
    return [
        name
        for name, value in vars(module).items()
        if isinstance(value, type) and value.__module__ == module.__name__ and hasattr(value, "initial") and hasattr(value, "step")
    ]


def model_named(text: str) -> str | OwnModel:
    """A model of the contract by its name, or one of Python's own as `path.py` or `path.py::Name`."""
    if text in MODELS:
        return text
    path, mark, name = text.partition("::")
    if not path.endswith(".py") or (mark and not name):
        raise UserError(
            f"there is no model {text!r}", hint=f"Models: {', '.join(MODELS)}; or one of your own: path.py::Name."
        )
    if not Path(path).is_file():
        raise UserError(f"no such model file: {path}")
    return OwnModel(text, path=Path(path).resolve(), attribute=name or None)


def check(
    history: "Path | str | Iterable[dict[str, Any]]",
    model: Any,
    *,
    budget: Span = "10s",
    memory_mb: int = MEMORY_MB,
    **options: Any,
) -> dict[str, Any]:
    """What the checker says of a history, as `orrery check --json` does: `verdict` is "ok", "violation" (see
    `witness`) or "unknown" (see `reason`). history: a file of JSON lines, or its lines as dicts, such as
    `world.history`. model: a name of the contract, `path.py::Name`, or an `orrery.Model`, class or instance.
    UserError, with file and line, where a line or the model is at fault."""
    if isinstance(history, (str, Path)):
        text, name = read_text(Path(history), "history"), shown(history)
    else:
        text, name = "".join(json.dumps(line) + "\n" for line in history), "history"
    chosen = model_named(model) if isinstance(model, str) else OwnModel(_name_of(model), made=model)
    return judged(name, text, chosen, {"budget_us": parse_us(budget), "memory_mb": memory_mb, **options})


def _name_of(model: Any) -> str:
    return str(getattr(model, "__name__", type(model).__name__))


def judged(
    name: str,
    text: str,
    model: str | OwnModel,
    options: dict[str, Any],
    tell: Callable[[float], None] = lambda _: None,
) -> dict[str, Any]:
    """The checker's document about the history `text`, shown as `name`. options: those of `check_history`. tell: called
    every two seconds with how long it has taken."""
    with tempfile.TemporaryFile() as stack:
        head, body, status = _in_a_child(lambda: _ask(text, model, options, stack.fileno()), tell)
        stack.seek(0)
        trace = stack.read().decode("utf-8", "replace")
    if head == b"E":
        error = json.loads(body)
        raise UserError(error["message"], hint=error["hint"])
    if head == b"D":
        result: dict[str, Any] = json.loads(body)
    elif isinstance(model, OwnModel) and trace:
        said = f"it did not come back within {show_span(options['budget_us'])}{_innermost(trace, model)}"
        result = _unknown(model, text, f"the model was given up: {said}")
    else:
        ended = signal.Signals(-status).name if status < 0 else f"exit {status}"
        whose = f"the model {model.name}" if isinstance(model, OwnModel) else "the checker"
        raise UserError(f"{whose} ended its process: {ended}", code=2 if isinstance(model, OwnModel) else CRASH)
    if result["verdict"] == "bad-input":
        wrong = result["error"]
        line = f", line {wrong['line']}" if wrong["line"] else ""
        raise UserError(f"{name}{line}: {wrong['reason']}")
    return result


def _unknown(model: str | OwnModel, text: str, reason: str) -> dict[str, Any]:
    """What is said where no document came back."""
    shown_as = model.name if isinstance(model, OwnModel) else model
    asked = text.count('"invoke"')
    return {"orrery": 1, "verdict": "unknown", "model": shown_as, "operations": asked, "steps": 0, "key": None, "reason": reason}


def _innermost(trace: str, model: OwnModel) -> str:
    """Where the model was, from what the C thread wrote."""
    near = model.path.parent if model.path is not None else None
    for file, line in re.findall(r'File "([^"<]+)", line (\d+)', trace):
        if near is None or Path(file).resolve().parent == near:
            return f", at {shown(file)}:{line}"
    return f", in {model.name}"


# --- the waiting side ---


def _in_a_child(work: Callable[[], tuple[bytes, bytes]], tell: Callable[[float], None]) -> tuple[bytes, bytes, int]:
    """What `work` answered in a forked process: a letter and its bytes, or nothing; and how the process ended."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        with last_words():
            os.close(reading)
            # A model may print; standard output is the document's.
            os.dup2(2, 1)
            die_with_parent()
            head, body = work()
            with os.fdopen(writing, "wb") as out:
                out.write(head + body)
            os._exit(0)
    os.close(writing)
    # A scenario's clock stands still while it waits, so time is counted in waits.
    parts, waited = [], 0.0
    try:
        while True:
            begun = time.monotonic()
            ready, _, _ = select.select([reading], [], [], TELL_EVERY_S)
            waited += time.monotonic() - begun if ready else TELL_EVERY_S
            if not ready:
                tell(waited)
                continue
            part = os.read(reading, 1 << 20)
            if not part:
                break
            parts.append(part)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        os.close(reading)
        _, status = os.waitpid(child, 0)
    whole = b"".join(parts)
    return whole[:1], whole[1:], os.waitstatus_to_exitcode(status)


# --- the asked side ---


class _OutOfTime(BaseException):
    """The alarm. No Exception, so that a model that catches those is ended too."""


def _ask(text: str, model: str | OwnModel, options: dict[str, Any], stack: int) -> tuple[bytes, bytes]:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        if not isinstance(model, OwnModel):
            module = native.load()
            try:
                answer = native.method(module, "check_history", "orrery check")(text, model, json.dumps(options))
            except getattr(module, "BadInput", ValueError) as error:
                raise UserError(str(error)) from None
            return b"D", answer.encode()
        return b"D", _ask_own(text, model, options, stack)
    except MemoryError:
        return b"D", json.dumps(_unknown(model, "", "the memory that this process may use ended")).encode()
    except UserError as error:
        return b"E", json.dumps({"message": error.message, "hint": error.hint}).encode()


def _ask_own(text: str, model: OwnModel, options: dict[str, Any], stack: int) -> bytes:
    budget_us, memory_mb = options["budget_us"], options.get("memory_mb", MEMORY_MB)
    module = native.load()
    ask = native.method(module, "check_history_with", "a model of one's own")
    signal.signal(signal.SIGALRM, _alarm)
    _limit_memory(memory_mb)
    states: States | None = None
    raised: BaseException | None
    document: dict[str, Any] | None = None
    try:
        _set_alarm(budget_us / 1e6, stack)
        states = _Timed(model.load(), lambda: _set_alarm(budget_us / 1e6, stack))
        kept = {key: value for key, value in options.items() if key != "require"}
        answer, raised = ask(text, states, model.name, json.dumps(kept))
        _set_alarm(0, stack)
        document = json.loads(answer)
    except UserError:
        raise
    except BaseException as error:  # noqa: BLE001 - the user's module may raise anything, and the alarm may come at any time
        raised = error
    _set_alarm(0, stack)
    return json.dumps(_ended(model, states, document, raised, text, budget_us, memory_mb)).encode()


class _Timed(States):
    """Reading the file is none of the model's doing: its time begins with its first question."""

    def __init__(self, model: Any, begin: Callable[[], None]) -> None:
        super().__init__(model)
        self._begin = begin

    def learn(self, operations: list[str]) -> list[tuple[int, bool]]:
        self._begin()
        return super().learn(operations)


def _ended(
    model: OwnModel,
    states: States | None,
    document: dict[str, Any] | None,
    raised: BaseException | None,
    text: str,
    budget_us: int,
    memory_mb: int,
) -> dict[str, Any]:
    """The document, its reason told; a UserError for a model that raised."""
    if raised is None and document is not None:
        return document
    asking = states.asking if states is not None else ("import", None, None)
    if isinstance(raised, MemoryError) and states is not None:
        states.forget()
    place = _place(model, states, raised)
    if isinstance(raised, (MemoryError, _OutOfTime)):
        reason = (
            f"the states of the model need more than {2 * memory_mb} MB"
            if isinstance(raised, MemoryError)
            else f"the model's {show_span(budget_us)} ended, at {place}"
        )
        if document is None:
            return _unknown(model, text, reason)
        if document["verdict"] == "unknown":
            document["reason"] = reason + document["reason"].removeprefix("the model gave up")
        return document
    said = f"{raised.method} {raised}" if isinstance(raised, ModelError) else f"{type(raised).__name__}: {raised}"
    if isinstance(raised, SystemExit):
        said = f"calls sys.exit({raised.code!r})"
    method, state, operation = asking
    about = {"import": "", "initial": ", asked for the initial state"}.get(
        method,
        f", asked {method}({shown_value(operation)})" if method != "step" else f", asked step({shown_value(state)}, {operation})",
    )
    raise UserError(f"{place}: {said}{about}")


def _place(model: OwnModel, states: States | None, raised: BaseException | None) -> str:
    """'file:line' of the model's own that raised, or that answered nonsense."""
    here = str(Path(__file__).parent)
    frames = traceback.extract_tb(raised.__traceback__) if raised is not None else []
    if not isinstance(raised, ModelError):
        if model.path is not None and raised is not None and (found := where(raised, model.path)) != shown(model.path):
            return found
        for frame in reversed(frames if model.path is None else []):
            if not frame.filename.startswith(here) and frame.filename[:1] != "<":
                return f"{shown(frame.filename)}:{frame.lineno}"
    # Nonsense was answered, or the alarm came between two states of a generator.
    begins = states.place_of(raised.method if isinstance(raised, ModelError) else states.asking[0]) if states is not None else None
    return f"{shown(begins[0])}:{begins[1]}" if begins else model.name


def _alarm(*_: Any) -> None:
    raise _OutOfTime


def _set_alarm(seconds: float, stack: int) -> None:
    """In so many seconds of real time Python raises; a little later a thread of C writes where Python is and ends the
    process. 0: neither."""
    signal.setitimer(signal.ITIMER_REAL, seconds)
    if seconds:
        faulthandler.dump_traceback_later(seconds + GRACE_S, exit=True, file=stack)
    else:
        faulthandler.cancel_dump_traceback_later()


def _limit_memory(memory_mb: int) -> None:
    """No more than now and three times that, or what the caller's limit allows."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    wanted = pages * resource.getpagesize() + 3 * memory_mb * (1 << 20)
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    known = [limit for limit in (soft, hard, wanted) if limit != resource.RLIM_INFINITY]
    resource.setrlimit(resource.RLIMIT_AS, (min(known), hard))
