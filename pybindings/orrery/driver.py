"""Drives a scenario's coroutines over the world, without asyncio and without real time.

What a coroutine may await is a Pending: an operation of the world (a request, a sleep, a load),
another strand (a coroutine started with `world.spawn`), or a gathering of several. Operations begin
when they are made, not when they are awaited, so any number may be in flight. The driver resumes
strands one after the other, in the order in which what they wait for came to an end; the world
gives that order, so equal seeds give equal orders. When every strand waits, the world is stepped to
its next completed operation.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from typing import TYPE_CHECKING, Any, Callable, Coroutine, Generator, Iterable

from orrery.errors import not_in_this_build
from orrery.times import MAX_US, show_span

if TYPE_CHECKING:
    from orrery.branching import Fan


class ScenarioError(Exception):
    """The scenario used its interface wrongly."""


class DeployRefused(ScenarioError):
    """The platform refuses an upload; the text is the one it gives."""


class NotLive(Exception):
    """The scenario waits for something that does not come. `chain`: who waits for whom, as the
    world tells it; `lines`: the same as text."""

    def __init__(self, why: str, found: dict[str, Any] | None = None) -> None:
        super().__init__(why)
        self.chain: list[dict[str, str]] = (found or {}).get("chain", [])
        self.lines: list[str] = (found or {}).get("lines", [])


class Stopped(Exception):
    """The run reached the moment it was asked to stop at (`replay --until`, `--break`)."""


class Pending:
    """Something that ends once, with a result or an error; awaiting it gives the result."""

    def __init__(self, driver: "Driver", what: str) -> None:
        self._driver = driver
        self._what = what
        self._done = False
        self._result: Any = None
        self._error: BaseException | None = None
        self._watchers: list[Callable[[], None]] = []

    @property
    def done(self) -> bool:
        """True once the result is there; awaiting then takes no time."""
        return self._done

    def __await__(self) -> Generator["Pending", None, Any]:
        while not self._done:
            yield self
        if self._error is not None:
            self._driver.take_error(self)
            raise self._error
        return self._result

    def __repr__(self) -> str:
        return f"<{self._what}{', done' if self._done else ''}>"

    def _watch(self, watcher: Callable[[], None]) -> None:
        if self._done:
            watcher()
        else:
            self._watchers.append(watcher)

    def _finish(self, result: Any = None, error: BaseException | None = None) -> None:
        self._result, self._error, self._done = result, error, True
        watchers, self._watchers = self._watchers, []
        for watcher in watchers:
            watcher()


class Strand(Pending):
    """A coroutine of the scenario in progress. `path`: whose n-th strand whose n-th it is, empty for the scenario itself;
    the same however the strands take turns."""

    def __init__(self, driver: "Driver", coroutine: Coroutine[Any, Any, Any], path: tuple[int, ...]) -> None:
        super().__init__(driver, f"strand {coroutine.__qualname__}")
        self._coroutine = coroutine
        self._waits_for: Pending | None = None
        self.path = path


class Driver:
    """Runs strands to their end over one native world.

    native: an `_orrery.World`. patience_us: simulated time without any completed operation after
    which the run is not live. until_us: stop there; until_rule: where the native world says that its
    rule is broken. Not reentrant.
    """

    def __init__(
        self, native: Any, patience_us: int, until_us: int | None = None, until_rule: bool = False
    ) -> None:
        self._native = native
        self._patience_us = patience_us
        self._until_us = until_us
        self._until_rule = until_rule
        self._ready: deque[Strand] = deque()
        #: The strand that runs; None outside all of them.
        self.running: Strand | None = None
        self._spawned: Counter[tuple[int, ...]] = Counter()
        self._operations: dict[int, tuple[Pending, Callable[[dict[str, Any]], Any]]] = {}
        self._sleeps: dict[int, int] = {}
        self._untaken: list[Pending] = []
        self.origins: dict[int, Callable[[dict[str, Any]], None]] = {}
        #: Where the world pauses to be forked (branching.py), and who is told of a redrawn future.
        self.fan: "Fan | None" = None
        self.redrawn: Callable[[int], None] | None = None

    # --- what the World makes ---

    def operation(
        self,
        number: int,
        what: str,
        convert: Callable[[dict[str, Any]], Any],
        sleep_end_us: int | None = None,
    ) -> Pending:
        """A Pending for operation `number` of the native world; `convert` makes its result (or
        raises)."""
        pending = Pending(self, what)
        self._operations[number] = (pending, convert)
        if sleep_end_us is not None:
            self._sleeps[number] = sleep_end_us
        return pending

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> Strand:
        """Starts a coroutine; it first runs when the caller next waits."""
        if not hasattr(coroutine, "send"):
            raise ScenarioError(
                f"world.spawn() takes a coroutine (the call of an `async def`), not {coroutine!r}"
            )
        by = self.running.path if self.running is not None else ()
        self._spawned[by] += 1
        return self._begin(coroutine, (*by, self._spawned[by]))

    def _begin(self, coroutine: Coroutine[Any, Any, Any], path: tuple[int, ...]) -> Strand:
        strand = Strand(self, coroutine, path)
        self._ready.append(strand)
        return strand

    def gather(self, awaited: Iterable[Any]) -> Pending:
        """Ends when all have ended; the results in the given order, or the first error in that
        order."""
        parts = [self._pending(part) for part in awaited]
        whole = Pending(self, f"gather of {len(parts)}")
        left = len(parts)

        def one_more() -> None:
            nonlocal left
            left -= 1
            if left == 0:
                errors = [part._error for part in parts if part._error is not None]
                for part in parts:
                    self.take_error(part)
                whole._finish([part._result for part in parts], errors[0] if errors else None)

        if not parts:
            whole._finish([])
        for part in parts:
            part._watch(one_more)
        return whole

    def _pending(self, thing: Any) -> Pending:
        if isinstance(thing, Pending):
            return thing
        if hasattr(thing, "send"):
            return self.spawn(thing)
        inner = getattr(thing, "__await__", None)
        if inner is not None and isinstance(getattr(thing, "pending", None), Pending):
            return thing.pending
        raise ScenarioError(_foreign(thing))

    def take_error(self, pending: Pending) -> None:
        """Notes that somebody has seen the error of a strand."""
        if pending in self._untaken:
            self._untaken.remove(pending)

    # --- running ---

    def run(self, main: Coroutine[Any, Any, Any]) -> Any:
        """Runs `main` to its end and returns its result. Strands it left behind are closed; an
        error of one that nobody awaited is raised. Raises NotLive, Stopped, or what the scenario
        raised."""
        first = self._begin(main, ())
        try:
            while True:
                while self._ready and not first._done:
                    self._resume(self._ready.popleft())
                if first._done:
                    break
                try:
                    self._step(first)
                except NotLive:
                    self._raise_untaken(first)
                    raise
        finally:
            for strand in list(self._ready):
                strand._coroutine.close()
            main.close()
        if first._error is not None:
            raise first._error
        self._raise_untaken(first)
        return first._result

    def settle(self) -> None:
        """After a storm: lets the world go on until what must happen has happened, or has missed
        its deadline. What the scenario left under way ends unheard."""
        self._operations.clear()
        self._sleeps.clear()
        self._ready.clear()
        settled = self.operation(self._native.settle(), "the end of the storm", lambda _: None)

        async def wait() -> None:
            await settled

        self.run(wait())

    def _raise_untaken(self, first: Strand) -> None:
        """Errors of strands that nobody awaited must not get lost."""
        for strand in self._untaken:
            if strand is not first and strand._error is not None:
                raise strand._error

    def _resume(self, strand: Strand) -> None:
        self.running = strand
        try:
            awaited = strand._coroutine.send(None)
        except StopIteration as end:
            strand._finish(end.value)
            return
        except (NotLive, Stopped):
            raise
        except BaseException as error:  # noqa: BLE001 - handed to whoever awaits the strand
            self._untaken.append(strand)
            strand._finish(error=error)
            return
        finally:
            self.running = None
        if not isinstance(awaited, Pending):
            strand._coroutine.close()
            strand._finish(error=ScenarioError(_foreign(awaited)))
            self._untaken.append(strand)
            return
        strand._waits_for = awaited
        awaited._watch(lambda: self._ready.append(strand))

    def _step(self, first: Strand) -> None:
        """Lets the world go on until an operation ends."""
        now = self._native.now_us()
        patience_end = max([now, *self._sleeps.values()]) + self._patience_us
        deadline = min(patience_end, MAX_US if self._until_us is None else self._until_us)
        done = self._native.step(deadline)
        while self.fan is not None and self._native.paused():
            self.fan.pause()
            if self.fan.stopping:
                raise Stopped()
            if not done:
                done = self._native.step(deadline)
        if self.redrawn is not None:
            for seed in self._native.redrawn():
                self.redrawn(seed)
        if self._until_rule and self._native.broken():
            raise Stopped()
        for number in done:
            self._sleeps.pop(number, None)
            if number in self._operations:
                pending, convert = self._operations.pop(number)
                try:
                    pending._finish(convert(self._native.op_result(number)))
                except Exception as error:  # noqa: BLE001 - belongs to whoever awaits the operation
                    pending._finish(error=error)
        asked = self._answer_origins()
        if done or asked or self._ready:
            return
        stuck = self._stuck(False)
        if stuck is not None:
            raise NotLive(stuck["reason"], stuck)
        reached = self._native.now_us()
        if self._until_us is not None and reached >= self._until_us:
            raise Stopped()
        waited = first._waits_for
        while isinstance(waited, Strand) and waited._waits_for is not None:
            waited = waited._waits_for
        if reached >= patience_end:
            why = (
                f"nothing it waits for came within {show_span(self._patience_us)} of simulated time"
            )
        else:
            why = "nothing more can happen in the world"
        raise NotLive(f"the scenario waits for {waited!r}, but {why}", self._stuck(True))

    def _stuck(self, all_open: bool) -> dict[str, Any] | None:
        """What the world knows to wait for ever, or what it has open."""
        found: dict[str, Any] | None = json.loads(self._native.stuck(all_open))
        return found

    def _answer_origins(self) -> bool:
        if not self.origins:
            return False
        pending = getattr(self._native, "pending_origin_requests", None)
        if pending is None:
            raise not_in_this_build("world.origin()")
        requests = pending()
        for request in requests:
            self.origins[request["handler"]](request)
        return bool(requests)


def _foreign(thing: Any) -> str:
    return (
        f"a scenario may only await what its world makes, not {type(thing).__name__}; "
        "for asyncio.sleep(s) write world.sleep(s), for asyncio.gather(...) world.gather(...), "
        "for asyncio.create_task(...) world.spawn(...)"
    )
