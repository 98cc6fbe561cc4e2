"""Load generators: described once in Python, run in C++."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from orrery.driver import Pending, ScenarioError
from orrery.times import Span, parse_rate, parse_us

if TYPE_CHECKING:
    from orrery.world import World

_COUNTS = ("sent", "ok", "refused", "failed", "unknown")


class Load:
    """A load in progress. `await load.done()` waits for its last answer; then `sent`, `ok` (2xx),
    `refused` (4xx), `failed` (5xx) and `unknown` (no answer) add up: sent = ok + refused + failed +
    unknown.
    """

    def __init__(self, pending: Pending, result: dict[str, Any]) -> None:
        self.pending = pending
        self._result = result

    def done(self) -> Pending:
        return self.pending

    def __await__(self):
        return self.pending.__await__()

    def __getattr__(self, name: str) -> int:
        if name not in _COUNTS:
            raise AttributeError(name)
        if not self.pending.done:
            raise ScenarioError(f"load.{name} is known after `await load.done()`")
        return int(self._result.get(name, 0))

    @property
    def latency_us(self) -> dict[str, int]:
        """Percentiles of the answered requests in simulated microseconds, e.g. {"p50": ..., "p99":
        ...}."""
        return dict(self._result.get("latency_us", {}))


def start_load(
    world: "World",
    clients: int,
    rate: str | int | float,
    near: Sequence[str],
    request: Mapping[str, Any],
    for_: Span,
    op: tuple[Any, ...] | None,
) -> Load:
    """Hands a load to the world; it begins now."""
    if type(clients) is not int or clients < 1:
        raise ScenarioError(f"load: clients={clients!r} is not a whole number above 0")
    try:
        count, per_us = parse_rate(rate)
        for_us = parse_us(for_)
    except ValueError as error:
        raise ScenarioError(f"load: {error}") from None
    request = dict(request)
    if "url" not in request:
        raise ScenarioError('load: request= needs a "url"')
    for key in request:
        if key not in ("method", "url", "headers", "body", "json"):
            raise ScenarioError(f'load: request= has an unknown key "{key}"')
    headers = [[str(name), str(value)] for name, value in dict(request.get("headers", {})).items()]
    body = request.get("body")
    if "json" in request:
        body = json.dumps(request["json"])
        headers.append(["content-type", "application/json"])
    description = {
        "clients": clients,
        "rate_count": count,
        "rate_per_us": per_us,
        "near": [near] if isinstance(near, str) else list(near),
        "for_us": for_us,
        "request": {
            "method": request.get("method", "GET"),
            "url": request["url"],
            "headers": headers,
            "body": body,
        },
        "op": None if op is None else dict(zip(("f", "key", "value"), op)),
    }
    number = world.native.load(json.dumps(description))
    counts: dict[str, Any] = {}
    load: Load

    def convert(result: dict[str, Any]) -> Load:
        counts.update(result)
        return load

    pending = world.driver.operation(number, f"load of {count} per {per_us} us", convert)
    load = Load(pending, counts)
    return load
