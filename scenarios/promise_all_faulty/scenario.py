"""Shops' sales figures, read and written by several strands of one request: the suite must find that pieces get
lost when an order names an article twice, unless its lines are added one after the other (the app's environment `right`).

An order is one operation on each article that it names. It has no id, so nobody asks twice.
"""

import orrery

ARTICLES = ["lamp", "shade", "bulb", "cable"]
POPS = ["FRA", "SIN", "IAD"]
CITIES = ["Frankfurt", "Singapore", "Ashburn"]


async def buyer(world, client, shop):
    for _ in range(4):
        basket = [world.random.choice(ARTICLES) for _ in range(3)]
        # Two of an article are one addition of 2.
        records = [
            world.history.invoke(f"{client.name}#{a}", "add", f"{shop}/{a}", basket.count(a)) for a in sorted(set(basket))
        ]
        response = await client.post(f"/shops/{shop}", json={"lines": [{"article": a, "pieces": 1} for a in basket]})
        for record in records:
            record.ok() if response.ok else record.info()
        await look(world, client, shop, max(basket, key=basket.count))
        await world.sleep(f"{world.random.randrange(50, 900)}ms")


async def look(world, client, shop, article):
    record = world.history.invoke(f"{client.name}#look", "read", f"{shop}/{article}")
    response = await client.get(f"/shops/{shop}/sold/{article}")
    record.ok(response.json()["sold"]) if response.ok else record.info()
    return response.ok


async def last_look(world, client, shop, article):
    for _ in range(120):
        if await look(world, client, shop, article):
            return
        await world.sleep("1s")
    raise orrery.NotLive(f"how many of {article} are sold was not told within two minutes of asking")


async def ordering(world):
    shops = ["north", "south", "east"]
    buyers = world.clients(len(shops), near=CITIES)
    await world.gather(*(world.spawn(buyer(world, client, shop)) for client, shop in zip(buyers, shops)))
    world.heal()
    witness = world.client(near="Frankfurt")
    for shop in shops:
        for article in ARTICLES:
            await last_look(world, witness, shop, article)
    world.check.linearizable(world.history, model="counter")


@orrery.scenario(app="app", pops=POPS, expect="DO-LIN-1")
async def promise_all_faulty(world: orrery.World) -> None:
    """Two lines of one order, side by side in Promise.all, add to the same figure."""
    await ordering(world)


@orrery.scenario(app="app", pops=POPS, environment="right")
async def lines_in_a_row(world: orrery.World) -> None:
    """The lines of an order, one after the other in a transaction."""
    await ordering(world)
