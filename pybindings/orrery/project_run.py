"""Runs a wrangler project without a scenario: sends requests at their times and notes what came
back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orrery.client import Client, Response
from orrery.scenario import DEFAULT_FAULTS_OVER, DEFAULT_PATIENCE, Scenario
from orrery.times import parse_us

if TYPE_CHECKING:
    from orrery.world import World

BODY_SHOWN_MAX = 2000


@dataclass
class Exchange:
    """A request and its answer."""

    client: str
    city: str
    method: str
    url: str
    sent_us: int
    answered_us: int
    response: Response

    def document(self, body_max: int = BODY_SHOWN_MAX) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "status": self.response.status,
            "body": self.response.text()[:body_max],
        }
        if self.response.error is not None:
            answer = {"error": self.response.error}
        return {
            "client": self.client,
            "city": self.city,
            "method": self.method,
            "url": self.url,
            "sent_us": self.sent_us,
            "answered_us": self.answered_us,
            **answer,
        }


def project_scenario(
    folder: Path, environment: str | None, seeds: int, beside: tuple[Path, ...] = ()
) -> Scenario:
    """The scenario that stands for a bare project folder, with the Workers in `beside` and those
    that its bindings name and lie in folders next to it."""
    from orrery.app import with_bound_workers

    async def nothing(world: "World") -> None:
        raise AssertionError("a project's run is driven by its requests")

    return Scenario(
        name=folder.resolve().name,
        path=folder.resolve() / "requests",
        line=0,
        function=nothing,
        apps=with_bound_workers((folder.resolve(), *beside), environment),
        environment=environment,
        seeds=seeds,
        patience_us=parse_us(DEFAULT_PATIENCE),
        faults_over_us=parse_us(DEFAULT_FAULTS_OVER),
    )


async def run_requests(
    world: "World", requests: list[dict[str, Any]], for_us: int | None, exchanges: list[Exchange]
) -> None:
    """Sends each request at its time from a client near its city (one client a city), waits for all
    answers, and lets the world run on to `for_us` if that is later."""
    clients: dict[str, Client] = {}
    for request in requests:
        if request["city"] not in clients:
            clients[request["city"]] = world.client(request["city"])

    async def one(request: dict[str, Any]) -> None:
        client = clients[request["city"]]
        sent_us = world.now_us
        response = await client.fetch(
            request["method"],
            request["url"],
            headers=dict(request["headers"]),
            body=request["body"],
        )
        exchanges.append(
            Exchange(
                client.name,
                client.city,
                request["method"],
                request["url"],
                sent_us,
                world.now_us,
                response,
            )
        )

    strands = []
    for request in requests:
        if request["at_us"] > world.now_us:
            await world.sleep(f"{request['at_us'] - world.now_us}us")
        strands.append(world.spawn(one(request)))
    await world.gather(*strands)
    if for_us is not None and for_us > world.now_us:
        await world.sleep(f"{for_us - world.now_us}us")
