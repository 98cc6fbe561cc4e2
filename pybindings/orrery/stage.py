"""Many small tests against one deployed world, for pytest.

    import orrery

    @orrery.stage(app="app", pops=["FRA", "IAD"])
    async def shop(world):
        "Deployed and filled once; every test begins from here."
        client = world.client("Paris")
        await client.post("/skus/lamp/stock", json={"pieces": 3})
        return client

    @shop.test
    async def test_the_last_piece(world, client):
        assert (await client.post("/skus/lamp/reserve", json={"order": "1"})).ok

The set-up runs once for all tests of a file; each test gets a fork of that world with everything in it (open sockets,
pending alarms, objects in memory), whatever the tests before it did. A test is also a scenario with this set-up:
`orrery run test_shop.py::test_the_last_piece`, `explore`, `replay` take it, and from scratch it is the same run with
the same hash.
"""

from __future__ import annotations

import atexit
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable

from orrery.errors import UserError
from orrery.scenario import ATTRIBUTE, Scenario, ScenarioFunction, scenario

if TYPE_CHECKING:
    from orrery.api import Result
    from orrery.pool import Pool, Worker


class Stage:
    """A set-up, and the tests that begin where it ends."""

    def __init__(self, setup: ScenarioFunction, settings: dict[str, Any]) -> None:
        self._setup = setup
        self._settings = settings
        self.__name__ = setup.__name__
        self.__doc__ = setup.__doc__

    def test(
        self, function: ScenarioFunction | None = None, *, seed: int = 1, faults: str = "none"
    ) -> Any:
        """Makes an `async def test_x(world, staged)` a test that pytest runs: with this seed, under this fault
        preset. It fails with the story of its run."""

        def mark(target: ScenarioFunction) -> Callable[[], None]:
            scenario(**{"faults": faults, **self._settings}, setup=self._setup)(target)
            found: Scenario = getattr(target, ATTRIBUTE)

            def test() -> None:
                __tracebackhide__ = True
                result = run_staged(found, seed, faults)
                if not result:
                    raise AssertionError(_told(found, seed, faults, result)) from None

            # Not functools.wraps: pytest would take the parameters of what is wrapped for fixtures.
            for name in ("__name__", "__qualname__", "__doc__", "__module__"):
                setattr(test, name, getattr(target, name))
            setattr(test, ATTRIBUTE, found)
            return test

        return mark(function) if function is not None else mark


def stage(function: ScenarioFunction | None = None, **settings: Any) -> Any:
    """Marks an `async def` as a set-up for many tests; the settings are those of `@orrery.scenario`. What it returns
    is every test's second argument."""

    def mark(target: ScenarioFunction) -> Stage:
        if "setup" in settings:
            raise UserError(f"stage {target.__name__}: the function itself is the setup")
        return Stage(target, settings)

    return mark(function) if function is not None else mark


#: Workers by the file they have loaded; alive until the process ends, so that their stages are.
_open: dict[tuple[int, Path], "tuple[Pool, Worker]"] = {}


def run_staged(found: Scenario, seed: int, faults: str) -> "Result":
    """One test in a fork of its stage; a failure once more from scratch, recorded."""
    from orrery.api import Result
    from orrery.exploration import compared
    from orrery.outcome import Outcome

    pool, worker = _worker(found)
    job = {"scenario": found.name, "seed": seed, "faults": faults}

    def once(more: dict[str, Any]) -> Outcome:
        return pool.run(worker, {**job, **more})

    outcome = once({"stage": True})
    if outcome.failed:
        outcome = compared(outcome, once({"record": True}))
    return Result(
        verdict=outcome.verdict,
        hash=outcome.hash,
        events=outcome.events,
        simulated_us=outcome.simulated_us,
        failures=outcome.failures,
        document=outcome.result,
    )


def _worker(found: Scenario) -> "tuple[Pool, Worker]":
    from orrery.pool import Pool
    from orrery.targets import Target

    key = (os.getpid(), found.path)
    if key not in _open or not _open[key][1].alive:
        pool = Pool(1)
        _open[key] = (pool, pool.open(Target("scenario", found.path).load()))
        atexit.register(pool.__exit__)
    return _open[key]


def _told(found: Scenario, seed: int, faults: str, result: "Result") -> str:
    lines = [f"{found.target} with seed {seed}, faults {faults}: {result.verdict}"]
    for failure in result.failures:
        lines += [f"{failure['rule']}: {failure['reason']}", *failure.get("story", [])]
    return "\n".join([*lines, f"again: orrery run {found.target} --seed {seed} --faults {faults}"])
