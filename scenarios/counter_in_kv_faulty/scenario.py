"""Page views counted in Workers KV: the suite must find that counts get lost.

KV has no read-and-write in one step, and a read may be a minute old: two visitors in two cities, or one city's
stale cache, write the same number twice.
"""

import orrery

CITIES = ["Paris", "Ashburn", "Singapore", "Tokyo"]
ACKNOWLEDGED_STAYS = "APP-VIEWS-1"


async def visitor(world, client, counted):
    for _ in range(3):
        response = await client.post("/views/home")
        if response.ok:
            counted.append(response.json()["views"])
        await world.sleep(f"{world.random.randrange(1500, 9000)}ms")


@orrery.scenario(app="app", pops=["CDG", "IAD", "SIN", "NRT"], faults_over="20s", expect=ACKNOWLEDGED_STAYS)
async def counter_in_kv_faulty(world: orrery.World) -> None:
    """Every view that was counted must be in the count once all caches have looked again."""
    counted = []
    visitors = world.clients(len(CITIES), near=CITIES)
    await world.gather(*(world.spawn(visitor(world, client, counted)) for client in visitors))
    world.heal()
    await world.sleep("2m")
    for _ in range(60):
        response = await visitors[0].get("/views/home")
        if response.ok:
            break
        await world.sleep("1s")
    else:
        raise orrery.NotLive("the count was not told within a minute of asking")
    views = response.json()["views"]
    world.check.that(views >= len(counted), f"{len(counted)} views were counted, but the count is {views}", rule=ACKNOWLEDGED_STAYS)
