"""Feature flags in Workers KV, read from twelve cities while an administrator changes them.

KV promises little: a reader may see an old flag, or none, until its city's cache looks again. What must hold is
the bound: with nothing broken, a change is seen everywhere after the cacheTtl that a city reads with plus the
delay that a fault declared. While the preset's faults last the back ends may differ; the bound then counts from
their end.
"""

import json

import orrery

READERS = ["Frankfurt", "Hanoi", "Paris", "Ashburn", "Singapore", "Tokyo", "Sydney", "São Paulo", "London", "San Jose", "Mumbai", "Johannesburg"]
# How old a flag each city is content with, in turn, and the cacheTtl that the app takes for it.
FRESHNESS = {"strict": 30, "usual": 60, "relaxed": 120}
POPS = ["FRA", "HAN", "CDG", "IAD", "SIN", "NRT", "SYD", "GRU", "LHR", "SJC", "BOM", "JNB"]
FLAGS = ["beta", "checkout"]
ADMIN = {"authorization": "Bearer let-me-in"}
# From the first back end that has a write to the second, and one look of a back end at the other.
SETTLING = 3.0
# As a client can see it; the monitor of that name looks inside.
STALENESS = "KV-1"


class Changes:
    """What the administrator did to one flag: (revision, when it was acknowledged, from when the bound counts)."""

    def __init__(self):
        self.revision = 0
        self.acknowledged = []

    def seen_by(self, moment, ttl):
        """The revision that a read begun at this moment must at least show."""
        return max((revision for revision, counts_from in self.acknowledged if counts_from + ttl <= moment), default=0)


async def change(world, admin, name, changes, delay=0.0):
    """Writes the next revision until it is acknowledged; tries without an answer may have happened, too."""
    for _ in range(30):
        changes.revision += 1
        flag = {"enabled": changes.revision % 2 == 1, "revision": changes.revision}
        response = await admin.put(f"/flags/{name}", json=flag, headers=ADMIN)
        if response.ok:
            changes.acknowledged.append((changes.revision, world.now + SETTLING + delay))
            return
        await world.sleep("1200ms")


async def read(world, client, freshness, name, changes, late):
    moment = world.now
    response = await client.get(f"/flags/{name}?freshness={freshness}")
    if not response.ok:
        return
    seen, least = response.json()["revision"], changes.seen_by(moment, FRESHNESS[freshness])
    if seen < least:
        late.append(f"{client.city} read revision {seen} of {name} at {moment:.3f} s, but {least} was due")


async def reader(world, client, freshness, flags, late, stop):
    while not stop:
        for name in FLAGS:
            await read(world, client, freshness, name, flags[name], late)
        await world.sleep(f"{world.random.randrange(800, 4000)}ms")


async def watch(world):
    flags = {name: Changes() for name in FLAGS}
    late, stop = [], []
    admin = world.client(near="Frankfurt")
    ways = list(FRESHNESS)
    clients = world.clients(len(READERS), near=READERS)
    readers = [
        world.spawn(reader(world, client, ways[i % len(ways)], flags, late, stop)) for i, client in enumerate(clients)
    ]

    # The preset's faults: nobody knows the flags yet, so "not found" is cached as well.
    await world.sleep("3s")
    storm = {name: Changes() for name in FLAGS}
    for _ in range(4):
        for name in FLAGS:
            storm[name].revision = flags[name].revision
            await change(world, admin, name, storm[name])
            flags[name].revision = storm[name].revision
        await world.sleep(f"{world.random.randrange(1200, 3000)}ms")
    world.heal()
    # Broken connections are noticed and back ends reconcile; from then on the bound counts.
    calm = world.now + 20 + SETTLING
    for name in FLAGS:
        flags[name].acknowledged = [(revision, max(calm, at)) for revision, at in storm[name].acknowledged]

    # Nothing is broken now but what is declared: writes take twelve seconds to be seen.
    await world.sleep("20s")
    world.after("0s").kv_delay("FLAGS", "12s", for_="10s")
    await world.sleep("2s")
    for _ in range(3):
        for name in FLAGS:
            await change(world, admin, name, flags[name], delay=12.0)
        await world.sleep(f"{world.random.randrange(1500, 2500)}ms")
    await world.sleep(f"{max(FRESHNESS.values()) + 12 + SETTLING}s")
    stop.append(True)
    await world.gather(*readers)

    world.check.that(not late, late[0] if late else "", rule=STALENESS)
    for name in FLAGS:
        last = json.loads(world.kv["FLAGS"][name])["revision"]
        world.check.that(last == flags[name].revision, f"{name} is at revision {last}, not {flags[name].revision}", rule=STALENESS)
        for client, freshness in zip(clients, ways * len(clients)):
            response = await client.get(f"/flags/{name}?freshness={freshness}")
            shown = response.json()["revision"] if response.ok else None
            if shown != last:
                raise orrery.NotLive(f"{client.city} still shows revision {shown} of {name}, not {last}")


@orrery.scenario(app="app", pops=POPS, faults_over="20s", patience="15m")
async def feature_flags(world: orrery.World) -> None:
    """No city shows a flag older than its cacheTtl and the declared delays allow, nor misses one for longer."""
    await watch(world)


@orrery.scenario(app="app", pops=POPS, faults="storm", faults_over="20s", patience="15m")
async def feature_flags_in_a_storm(world: orrery.World) -> None:
    """The same with clocks that jump, and everything else harder and more often."""
    await watch(world)
