"""A cart that is read from memory: the suite must find that it shows what was refused and never stored, unless memory
follows what was stored (the app's environment `right`).

Each article's pieces are a register; a refused change is one that did not happen.
"""

import orrery

CART = "/carts/anna"
ARTICLES = ["lamp", "shade", "bulb"]
POPS = ["FRA", "SIN", "IAD"]
CITIES = ["Frankfurt", "Singapore", "Ashburn"]


def pieces_or_unsure(response):
    if response.ok:
        return "ok", response.json()["pieces"]
    return ("fail" if response.status == 409 else "info"), None


async def member_of_the_household(world, client):
    for _ in range(6):
        article = world.random.choice(ARTICLES)
        await client.put(
            f"{CART}/{article}",
            json={"pieces": (pieces := world.random.randrange(1, 8))},
            op=("write", article, pieces),
            outcome=pieces_or_unsure,
        )
        await world.sleep(f"{world.random.randrange(20, 900)}ms")
        article = world.random.choice(ARTICLES)
        await client.get(f"{CART}/{article}", op=("read", article), outcome=pieces_or_unsure)


async def shopping(world):
    household = world.clients(3, near=CITIES)
    await world.gather(*(world.spawn(member_of_the_household(world, client)) for client in household))
    world.heal()
    world.check.linearizable(world.history, model="register")


@orrery.scenario(app="app", pops=POPS, expect="DO-LIN-1")
async def cache_faulty(world: orrery.World) -> None:
    """A change of the cache inside a transaction outlives the transaction's failure."""
    await shopping(world)


@orrery.scenario(app="app", pops=POPS, environment="right")
async def cache_after_commit(world: orrery.World) -> None:
    """The cache is changed once the transaction has succeeded."""
    await shopping(world)
