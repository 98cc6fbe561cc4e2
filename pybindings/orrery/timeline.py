"""Faults and other events at fixed moments: `world.at("10s").partition(...)`.

Each call hands the world one fault as data, at once; nothing of the scenario runs when it strikes.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Sequence

from orrery.driver import ScenarioError
from orrery.times import Span, parse_us

if TYPE_CHECKING:
    from orrery.world import World


Share = float | str


class Timeline:
    """What happens at one moment. Every method returns the timeline, so that calls can be
    chained."""

    def __init__(self, world: "World", at_us: int) -> None:
        self._world = world
        self._at_us = at_us

    def _fault(self, kind: str, **fields: Any) -> "Timeline":
        fault: dict[str, Any] = {"kind": kind, "at_us": self._at_us}
        fault.update((key, value) for key, value in fields.items() if value is not None)
        self._world.native.fault(json.dumps(fault))
        self._world.faults.append(fault)
        return self

    def crash(self, target: str, *, restart_after: Span | None = None) -> "Timeline":
        """Ends the process of a host ("host:FRA/1"): memory gone, disk as synced; it restarts after
        the span. Targets of this and of the other faults of hosts may also be whoever serves an object now
        ("do:Cart/42"), its followers ("followers:do:Cart/42", "followers:3:do:Cart/42" for three of them), the
        scheduler of its alarm ("scheduler:do:Cart/42"), members of the directory ("directory/2"), back ends of KV
        ("kv/1"). All that a target stands for is hit."""
        return self._fault("crash", target=target, restart_after_us=_us(restart_after))

    def crash_in_turn(
        self, target: str, *, host_call: int = 1, restart_after: Span = "1s"
    ) -> "Timeline":
        """Ends the process of a host, or of an object ("do:Cart/42"), in the middle of a turn: at its host call
        number `host_call` from then on (storage, calls, timers, WebSockets). No `finally` block runs, nothing that
        the turn wrote is kept; what it sent before may have left."""
        return self._fault(
            "crash_in_turn",
            target=target,
            host_call=host_call,
            restart_after_us=_us(restart_after),
        )

    def crash_at_step(
        self,
        target: str,
        *,
        step: str,
        nth: int = 1,
        restart_after: Span = "1s",
        for_: Span | None = None,
    ) -> "Timeline":
        """Ends a process when, from then on, it passes a numbered step of a commit or of an alarm for the n-th time:
        step="3.2.7" is "a commit is durable and nobody has been told" (platform/durable/steps.h has all). The target is
        an object ("do:Cart/42": whichever process takes the step for it, a follower's too), a host, or "*"."""
        return self._fault(
            "crash_at_step",
            target=target,
            step=step,
            nth=nth,
            restart_after_us=_us(restart_after),
            for_us=_us(for_),
        )

    def kill_isolate(self, target: str, *, reason: str) -> "Timeline":
        """Ends the isolate that an object ("do:Cart/42") runs in, or all those of a host, as the limits of a Worker do:
        reason is "memory" or "cpu". Every object in it is reset, requests under way in it fail. With "evicted" it makes
        room for others, if nothing is under way in it."""
        return self._fault("kill_isolate", target=target, reason=reason)

    def slow_host(self, target: str, *, factor: int, for_: Span | None = None) -> "Timeline":
        """A host gets its processor for 10 ms in every factor * 10 ms; what comes meanwhile waits."""
        return self._fault("slow_host", target=target, factor=factor, for_us=_us(for_))

    def origin(
        self,
        host: str,
        mode: str,
        *,
        for_: Span,
        status: int | None = None,
        delay: Span | None = None,
    ) -> "Timeline":
        """An origin answers badly: mode is "status" (at once, with `status`), "timeout" (never) or "slow" (its answers
        leave `delay` later, bodies and all)."""
        return self._fault(
            "origin", target=host, mode=mode, status=status, delay_us=_us(delay), for_us=_us(for_)
        )

    def reroute(self, target: str, *, for_: Span | None = None) -> "Timeline":
        """Anycast takes a client ("client/1"), or all of a city ("HAN"), to the next place instead of the nearest;
        connections that are open break."""
        return self._fault("reroute", target=target, for_us=_us(for_))

    def cut_socket(self, target: str) -> "Timeline":
        """Cuts the WebSockets of a client ("client/1") or a host without a close frame."""
        return self._fault("cut_socket", target=target)

    def repeat_alarm(self, target: str, *, after: Span = "0s") -> "Timeline":
        """The next alarm of an object ("do:Trial/7") is delivered a second time, so long after it was sent first."""
        return self._fault("repeat_alarm", target=target, after_us=_us(after))

    def restart(self, target: str) -> "Timeline":
        return self._fault("restart", target=target)

    def pause(self, target: str, *, for_: Span | None = None) -> "Timeline":
        """Stops a process without ending it: it wakes later and knows nothing of the gap."""
        return self._fault("pause", target=target, for_us=_us(for_))

    def partition(
        self,
        a: Sequence[str],
        b: Sequence[str],
        *,
        name: str | None = None,
        for_: Span | None = None,
        one_way: bool = False,
        every: Span | None = None,
        open: Span | None = None,
    ) -> "Timeline":
        """Nothing passes between two groups of points of presence or hosts (or, one_way, from a to
        b). With `every` it flaps: of each such span the last part, `open` (half of it), lets all pass."""
        sides = {"a": _places(a), "b": _places(b)}
        name = name or "-".join((sides["a"][0], sides["b"][0])).lower()
        return self._fault(
            "partition",
            name=name,
            for_us=_us(for_),
            one_way=one_way or None,
            every_us=_us(every),
            open_us=_us(open),
            **sides,
        )

    def backbone_loss(
        self,
        *,
        loss_ppm: int | None = None,
        delay: Span | None = None,
        name: str = "backbone",
        for_: Span | None = None,
    ) -> "Timeline":
        """The network between points of presence loses everything; or so many packets in a million; or all it carries is
        late by `delay`. Clients reach their nearest point as ever, and hosts their neighbours."""
        if delay is not None:
            return self._fault("clog", name=name, backbone=True, delay_us=_us(delay), for_us=_us(for_))
        if loss_ppm is None:
            return self._fault("partition", name=name, backbone=True, for_us=_us(for_))
        return self._fault("loss", name=name, backbone=True, loss_ppm=loss_ppm, for_us=_us(for_))

    def isolate_owner(
        self,
        target: str,
        *,
        from_: Sequence[str],
        name: str | None = None,
        for_: Span | None = None,
    ) -> "Timeline":
        """Cuts whatever host owns an object ("do:Register/x") then off from parts of the platform,
        but from no client: from_ names them, "directory", "followers" (all), "followers:3" (three,
        the others being cut off from the rest of the platform along with the owner), hosts or
        points of presence."""
        return self._fault(
            "isolate_owner",
            target=target,
            name=name or "isolated-owner",
            for_us=_us(for_),
            **{"from": _places(from_)},
        )

    def heal(self, name: str | None = None) -> "Timeline":
        """Ends the named partition or clog, or all of them."""
        return self._fault("heal", name=name)

    def clog(
        self,
        a: Sequence[str],
        b: Sequence[str],
        *,
        delay: Span | None = None,
        direction: str | None = None,
        name: str | None = None,
        for_: Span | None = None,
    ) -> "Timeline":
        """Messages between two groups pile up and arrive late instead of being lost; direction="send" only those from a
        to b, "receive" only those from b to a."""
        return self._fault(
            "clog",
            a=_places(a),
            b=_places(b),
            delay_us=_us(delay),
            direction=direction,
            name=name,
            for_us=_us(for_),
        )

    def clock(
        self,
        target: str,
        *,
        step: Span | None = None,
        back: bool = False,
        drift: str | float | None = None,
        for_: Span | None = None,
    ) -> "Timeline":
        """A host's clock jumps by `step` (backwards with back=True) or runs fast or slow:
        drift="200ppm"."""
        step_us = _us(step)
        return self._fault(
            "clock",
            target=target,
            step_us=-step_us if step_us is not None and back else step_us,
            drift_ppm=None if drift is None else _ppm(drift),
            for_us=_us(for_),
        )

    def loss(
        self,
        a: Sequence[str],
        b: Sequence[str],
        *,
        loss_ppm: int = 0,
        tail_ppm: int = 0,
        delay: Span | None = None,
        bytes_per_second: int = 0,
        direction: str | None = None,
        name: str | None = None,
        for_: Span | None = None,
    ) -> "Timeline":
        """Packets between two groups are lost (and sent again); so many messages in a million are late by up to `delay`;
        what a host sends queues for `bytes_per_second`."""
        return self._fault(
            "loss",
            a=_places(a),
            b=_places(b),
            loss_ppm=loss_ppm or None,
            tail_ppm=tail_ppm or None,
            delay_us=_us(delay),
            bytes_per_second=bytes_per_second or None,
            direction=direction,
            name=name,
            for_us=_us(for_),
        )

    def disk(
        self,
        target: str,
        kind: str,
        *,
        for_: Span | None = None,
        restart_after: Span | None = None,
        **options: int,
    ) -> "Timeline":
        """A disk fault of a host: kind is "full", "io_error", "slow", "fsync_fails", "fsync_lies",
        "bit_rot", "misdirected", "gone", "lost" or "torn"; options are chance_ppm, factor,
        capacity_bytes; of "io_error" also from_call (the n-th call fails) and calls (so many from there on)."""
        return self._fault(
            "disk",
            target=target,
            disk=kind,
            for_us=_us(for_),
            restart_after_us=_us(restart_after),
            **options,
        )

    def evict(self, target: str) -> "Timeline":
        """Removes an object ("do:Cart/42") from memory as after idleness."""
        return self._fault("evict", target=target)

    def move(self, target: str, *, to: str) -> "Timeline":
        """Moves an object ("do:Cart/42") that is live to another point of presence ("SIN"): it takes no new events,
        ends those under way (10 s at most), and wakes there. Its followers then move near it, one by one."""
        return self._fault("move", target=target, to=_pop(to).removeprefix("pop:"))

    def hibernate(self, target: str) -> "Timeline":
        return self._fault("hibernate", target=target)

    def kv_delay(self, namespace: str, delay: Span, *, for_: Span | None = None) -> "Timeline":
        return self._fault(
            "kv_delay", target=f"kv:{namespace}", delay_us=_us(delay), for_us=_us(for_)
        )

    def deploy(
        self, app: str, *, version: str | None = None, share: Share | None = None
    ) -> "Timeline":
        """Like `world.deploy`, at that moment. One that is refused then changes nothing, and the
        story says why."""
        return self._fault("deploy", **deployment(app, version, share))

    def upgrade(self, target: str, *, release: int, every: Span = "5s", down: Span = "1s") -> "Timeline":
        """Like `world.upgrade`, from that moment on."""
        return self._fault(
            "upgrade", target=target, release=release, every_us=_us(every), down_us=_us(down)
        )

    def lose_pop(self, pop: str, *, for_: Span | None = None) -> "Timeline":
        """A whole point of presence goes: its hosts crash, and anycast goes elsewhere."""
        return self._fault("lose_pop", target=_pop(pop), for_us=_us(for_))

    def return_pop(self, pop: str) -> "Timeline":
        return self._fault("return_pop", target=_pop(pop))


def deployment(app: str, version: str | None, share: Share | None) -> dict[str, Any]:
    """A deployment as data."""
    return {"app": app, "version": version, "share_ppm": _share_ppm(share)}


def _share_ppm(share: Share | None) -> int | None:
    """Millionths: of 0.1, "10%", 1."""
    if share is None:
        return None
    try:
        text = str(share).strip()
        part = Decimal(text[:-1]) / 100 if text.endswith("%") else Decimal(text)
    except ArithmeticError:
        part = Decimal(0)
    if isinstance(share, bool) or not 0 < part <= 1 or part * 1_000_000 < 1:
        raise ScenarioError(f'deploy: share={share!r} is not a part of the whole (write 0.1 or "10%")')
    return int(part * 1_000_000)


def _us(span: Span | None) -> int | None:
    if span is None:
        return None
    try:
        return parse_us(span)
    except ValueError as error:
        raise ScenarioError(str(error)) from None


def _pop(pop: str) -> str:
    return pop if pop.startswith("pop:") else f"pop:{pop}"


def _places(places: Sequence[str]) -> list[str]:
    if isinstance(places, str):
        places = [places]
    if not places or not all(isinstance(place, str) and place for place in places):
        raise ScenarioError(f"a side of a partition is a list of names, not {places!r}")
    return list(places)


def _ppm(drift: str | float) -> int:
    """Parts per million: 200, "200ppm", "0.02%", or a ratio as a float (0.0002)."""
    try:
        text = str(drift).strip() if isinstance(drift, str) else None
        if text is None:
            return int(Decimal(repr(drift)) * 1_000_000) if isinstance(drift, float) else int(drift)
        if text.endswith("ppm"):
            return int(Decimal(text[:-3]))
        if text.endswith("%"):
            return int(Decimal(text[:-1]) * 10_000)
        return int(Decimal(text))
    except (ArithmeticError, ValueError):
        raise ScenarioError(f'not a drift: {drift!r} (write "200ppm", "0.02%")') from None
