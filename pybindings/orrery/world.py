"""The world as a scenario sees it."""

from __future__ import annotations

import json
import random
from typing import Any, Callable, Coroutine, Mapping, Sequence

from orrery import guard
from orrery.client import Client, Response
from orrery.driver import DeployRefused, Driver, NotLive, Pending, ScenarioError, Strand
from orrery.errors import not_in_this_build
from orrery.history import Check, History
from orrery.kv import KvView
from orrery.load import Load, start_load
from orrery.origin import answer_origin
from orrery.timeline import Share, Timeline, deployment
from orrery.times import MAX_US, Span, parse_us, show_span

DEFAULT_CITY = "Frankfurt"
_LATER = ("r2", "d1", "queues", "rules", "trace")


class World:
    """A simulated edge cloud, one seed, and everything a scenario can do to it.

    Only the driver makes one. Nothing in here may use real time or real chance: `now` is the
    world's clock, `random` its seeded generators.
    """

    def __init__(self, native: Any, driver: Driver, seed: int) -> None:
        self.native = native
        self.driver = driver
        self.seed = seed
        self._random_from = str(seed)
        self._randoms = {(): random.Random(seed)}
        self.history = History(self)
        self.check = Check(self)
        #: The faults this scenario has put on the timeline, as data.
        self.faults: list[dict[str, Any]] = []
        self._clients = 0
        self._origins = 0

    def __getattr__(self, name: str) -> Any:
        if name in _LATER:
            raise not_in_this_build(f"world.{name}")
        raise AttributeError(f"World has no {name!r}")

    def reseed(self, seed: int) -> None:
        """The future is drawn anew from here on (a branch): Python's chance too."""
        self._random_from = f"{self.seed} redrawn {seed}"
        for path, generator in self._randoms.items():
            generator.seed(self._seed_of(path))
        guard.reseed(self._random_from)

    def _seed_of(self, path: tuple[int, ...]) -> str:
        return "/".join([self._random_from, *map(str, path)])

    @property
    def random(self) -> random.Random:
        """Python's own generator, seeded by the run's seed: one for each strand, so that what one of several concurrent
        strands does, or how often it draws, changes no other's chance."""
        running = self.driver.running
        path = running.path if running is not None else ()
        generator = self._randoms.get(path)
        if generator is None:
            generator = self._randoms[path] = random.Random(self._seed_of(path))
        return generator

    # --- time ---

    @property
    def now(self) -> float:
        """Simulated seconds since the world began; `now_us` for whole microseconds."""
        return self.native.now_us() / 1_000_000

    @property
    def now_us(self) -> int:
        return int(self.native.now_us())

    @property
    def idle(self) -> bool:
        """True when nothing is on its way and no timer of the platform's users is set."""
        return bool(self.native.idle())

    def sleep(self, span: Span) -> Pending:
        """Simulated time passes: "5s", seconds as a number, or a timedelta."""
        us = _us(span)
        end_us = self.now_us + us
        return self.driver.operation(
            self.native.sleep(us), f"sleep of {show_span(us)}", lambda _: None, end_us
        )

    run_for = sleep

    async def run_until(
        self, condition: Callable[[], Any], timeout: Span = "5m", every: Span = "50ms"
    ) -> None:
        """Waits until condition() holds, looking after every `every`; not live if it does not in
        time."""
        end_us = self.now_us + _us(timeout)
        step_us = max(1, _us(every))
        while not condition():
            left_us = end_us - self.now_us
            if left_us <= 0:
                raise NotLive(
                    f"run_until: the condition did not hold within {show_span(_us(timeout))}"
                )
            us = min(step_us, left_us)
            await self.sleep(f"{us}us")

    # --- several things at once ---

    def gather(self, *awaited: Any) -> Pending:
        """Waits for all of them; `await` gives the list of results in the given order."""
        return self.driver.gather(awaited)

    def spawn(self, coroutine: Coroutine[Any, Any, Any]) -> Strand:
        """Runs a coroutine beside this one; await the result to join it."""
        return self.driver.spawn(coroutine)

    # --- clients ---

    def client(self, near: str = DEFAULT_CITY, name: str | None = None) -> Client:
        """A client near a city; unnamed ones are client/1, client/2, ..."""
        self._clients += 1
        name = name or f"client/{self._clients}"
        try:
            number = self.native.client(near, name)
        except ValueError as error:
            raise ScenarioError(f"client near {near!r}: {error}") from None
        return Client(self, number, name, near)

    def clients(self, count: int, near: str | Sequence[str] = DEFAULT_CITY) -> list[Client]:
        """Several clients near one city, or spread over several in turn."""
        cities = [near] if isinstance(near, str) else list(near)
        if type(count) is not int or count < 0 or not cities:
            raise ScenarioError(f"clients: {count!r} near {near!r} makes no sense")
        return [self.client(cities[index % len(cities)]) for index in range(count)]

    def load(
        self,
        *,
        request: Mapping[str, Any],
        clients: int = 10,
        rate: str | int | float = "10/s",
        near: str | Sequence[str] = DEFAULT_CITY,
        for_: Span = "10s",
        op: tuple[Any, ...] | None = None,
    ) -> Load:
        """Starts a load generator: `clients` of them near the cities send `rate` in all, for a
        while."""
        return start_load(self, clients, rate, near, request, for_, op)

    def origin(self, host: str, handler: Callable[..., Any]) -> None:
        """fetch() of the Workers to a host outside is answered by handler(request): a text, bytes,
        a dict (sent as JSON), a (status, body) pair or a Response; `async def` handlers may await
        the world.
        """
        self._origins += 1
        number = self._origins
        self.native.origin(host, number)
        self.driver.origins[number] = lambda request: answer_origin(self, handler, request)

    # --- faults ---

    def at(self, moment: Span) -> Timeline:
        """What happens at a moment since the world began."""
        return Timeline(self, _us(moment))

    def after(self, span: Span) -> Timeline:
        """What happens that long from now."""
        return Timeline(self, self.now_us + _us(span))

    def deploy(self, app: str, *, version: str | None = None, share: Share | None = None) -> None:
        """Deploys a version that the scenario declares: `deploy("v2")`, or `deploy("shop", version="v2")`;
        `deploy("shop")` is the same code again. Objects that start from now on run it; it comes to each
        host within seconds, and resets the objects there ("Durable Object reset because its code was
        updated."). share=0.1: a tenth of the requests and of the objects; greater shares follow by further
        calls. DeployRefused when the platform would refuse the upload; then nothing has changed."""
        fields = {key: value for key, value in deployment(app, version, share).items() if value is not None}
        try:
            self.native.deploy(json.dumps(fields))
        except ValueError as error:
            raise DeployRefused(str(error)) from None

    def upgrade(self, target: str, *, release: int, every: Span = "5s", down: Span = "1s") -> None:
        """Puts another release of the cloud's own software on hosts, one after another each `every`; each is
        `down` for that long, its disk as after a crash. target: a host ("host:FRA/1"), a point of presence ("FRA"),
        an object's host or with its followers ("do:Cart/42", "replicas:do:Cart/42"), "*" (every host in use, and
        those to come). Releases: 1 knows one format of followers' logs; 2 reads a second too; 3 writes it. Hosts
        begin with 1."""
        Timeline(self, self.now_us).upgrade(target, release=release, every=every, down=down)

    def heal(self) -> None:
        """Ends every fault now, those of the run's preset too; no new ones are drawn after it."""
        self.native.heal()

    # --- looking in, and speaking to the reader of the story ---

    def objects(self, class_name: str) -> dict[str, Any]:
        """The live Durable Objects of a class, by name (or id), as the world describes them."""
        found = self.native.objects(class_name)
        return {
            str(entry["name"]) if isinstance(entry, dict) else str(entry): entry for entry in found
        }

    @property
    def kv(self) -> KvView:
        """The KV namespaces seen from outside, by binding: `world.kv["FLAGS"]["beta"]`."""
        return KvView(self)

    def note(self, text: str) -> None:
        """A line of the scenario's own in the story."""
        self.native.note(str(text))


def _us(span: Span) -> int:
    try:
        us = parse_us(span)
    except ValueError as error:
        raise ScenarioError(str(error)) from None
    if us >= MAX_US:
        raise ScenarioError(f"{span!r} is more than a world's time")
    return us


__all__ = ["World", "Response", "Client"]
