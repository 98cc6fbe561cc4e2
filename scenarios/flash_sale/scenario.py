"""Flash sale: many buyers in many cities at once, on one counter in key-value storage.

A purchase has no id, so nobody asks twice: a purchase without an answer is one that may have happened.
"""

import orrery

ARTICLE = "/sale/headphones"
PIECES = 40  # as in the app's wrangler.toml
CITIES = ["Hanoi", "Paris", "Ashburn", "Singapore", "Frankfurt", "Tokyo", "Sydney", "São Paulo"]
# Purchases need not be idempotent for this: what was confirmed is among what is counted.
ACKNOWLEDGED_STAYS = "DO-DUR-1"


def sold_or_unsure(response):
    """A 2xx carries the count; a 4xx means nothing was bought; anything else tells nothing."""
    if response.ok:
        return "ok", response.json()["sold"]
    return ("fail" if 400 <= response.status <= 499 else "info"), None


async def buyer(world, client, confirmed):
    for _ in range(6):
        response = await client.post(ARTICLE, op=("add", "headphones", 1), outcome=sold_or_unsure)
        if response.ok:
            confirmed.append(response.json()["sold"])
        await world.sleep(f"{world.random.randrange(5, 400)}ms")
        await client.get(ARTICLE, op=("read", "headphones"), outcome=sold_or_unsure)


async def last_count(world):
    """The count once the faults are over; asked until it is told."""
    witness = world.client(near="Frankfurt")
    return (await witness.until_ok("GET", ARTICLE, op=("read", "headphones"), outcome=sold_or_unsure)).json()["sold"]


@orrery.scenario(app="app", pops=["FRA", "CDG", "SIN", "HAN", "IAD", "NRT", "SYD", "GRU"])
async def flash_sale(world: orrery.World) -> None:
    """No piece is sold twice, none is lost, and every answer fits one order of purchases and looks."""
    confirmed = []
    buyers = world.clients(16, near=CITIES)
    await world.gather(*(world.spawn(buyer(world, client, confirmed)) for client in buyers))
    world.heal()
    sold = await last_count(world)
    world.check.linearizable(world.history, model="counter", add_returns=True)
    world.check.that(
        len(set(confirmed)) == len(confirmed) <= sold <= PIECES,
        f"{len(confirmed)} purchases were confirmed and {sold} of {PIECES} pieces are counted",
        rule=ACKNOWLEDGED_STAYS,
    )
