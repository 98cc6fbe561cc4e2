"""Page views counted in Workers KV: the suite must find that counts get lost, unless an object counts (the app's environment
`right`).

KV has no read-and-write in one step, and a read may be a minute old: two visitors in two cities, or one city's
stale cache, write the same number twice.
"""

import orrery

POPS = ["CDG", "IAD", "SIN", "NRT"]
CITIES = ["Paris", "Ashburn", "Singapore", "Tokyo"]
ACKNOWLEDGED_STAYS = "APP-VIEWS-1"


async def visitor(world, client, counted):
    for _ in range(3):
        response = await client.post("/views/home")
        if response.ok:
            counted.append(response.json()["views"])
        await world.sleep(f"{world.random.randrange(1500, 9000)}ms")


async def counting(world):
    """Every view that was counted must be in the count once all caches have looked again."""
    counted = []
    visitors = world.clients(len(CITIES), near=CITIES)
    await world.gather(*(world.spawn(visitor(world, client, counted)) for client in visitors))
    world.heal()
    await world.sleep("2m")
    views = (await visitors[0].until_ok("GET", "/views/home", tries=60)).json()["views"]
    world.check.that(views >= len(counted), f"{len(counted)} views were counted, but the count is {views}", rule=ACKNOWLEDGED_STAYS)


@orrery.scenario(app="app", pops=POPS, faults_over="20s", expect=ACKNOWLEDGED_STAYS)
async def counter_in_kv_faulty(world: orrery.World) -> None:
    """KV counts: two may write the same number."""
    await counting(world)


@orrery.scenario(app="app", pops=POPS, faults_over="20s", environment="right")
async def counter_in_object(world: orrery.World) -> None:
    """An object counts: what it has confirmed stays counted."""
    await counting(world)
