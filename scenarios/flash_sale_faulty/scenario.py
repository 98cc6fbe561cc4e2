"""The flash sale's faulty twin: the suite must find that two buyers get the same piece."""

import orrery

ARTICLE = "/sale/headphones"
CITIES = ["Hanoi", "Paris", "Ashburn", "Singapore", "Frankfurt", "Tokyo"]


def sold_or_unsure(response):
    """A 2xx carries the count; a 4xx means nothing was bought; anything else tells nothing."""
    if response.ok:
        return "ok", response.json()["sold"]
    return ("fail" if 400 <= response.status <= 499 else "info"), None


async def buyer(world, client):
    for _ in range(4):
        await client.post(ARTICLE, op=("add", "headphones", 1), outcome=sold_or_unsure)
        await world.sleep(f"{world.random.randrange(5, 60)}ms")


@orrery.scenario(app="app", pops=["FRA", "CDG", "SIN", "HAN", "IAD", "NRT"], expect="DO-LIN-1")
async def flash_sale_faulty(world: orrery.World) -> None:
    """An outside fetch awaited between get and put lets two purchases read the same count."""
    world.origin("fraud.example", lambda request: {"fine": True})
    buyers = world.clients(12, near=CITIES)
    await world.gather(*(world.spawn(buyer(world, client)) for client in buyers))
    world.heal()
    world.check.linearizable(world.history, model="counter", add_returns=True)
