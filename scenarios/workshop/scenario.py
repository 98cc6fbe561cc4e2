"""A workshop with benches at which visitors try what Durable Objects promise of transactions, resets, order and deletion,
over and over while the preset's faults go on.

Here every check holds; the museum weakens the platform, and then the monitors or these checks must notice.
"""

import orrery

POPS = ["FRA", "CDG", "SIN", "HAN", "IAD", "NRT"]
CITIES = ["Frankfurt", "Paris", "Singapore", "Ashburn", "Tokyo"]


async def value(client, url):
    """What an answer told, or None without one."""
    answer = await client.post(url)
    return answer.json()["value"] if answer.ok else None


async def working(world, client):
    """One visitor at a bench of their own."""
    bench = client.name.replace("/", "-")
    check = world.check
    for number in range(4):
        name = f"{bench}-{number}"
        await client.get(f"/{bench}/stream?id={name}")
        await value(client, f"/{bench}/transact?id={name}")
        nested = await value(client, f"/{bench}/nest?id={name}")
        check.that(
            nested in (None, name), f"a failed inner transaction left {nested!r} of {name!r}", rule="DO-TXN-1"
        )
        drawn = await value(client, f"/{bench}/draw")
        check.that(drawn is None or drawn == sorted(drawn), f"calls of one stub drew {drawn}", rule="DO-ORD-1")
        await value(client, f"/{bench}/abort?id={name}")
        kept = await value(client, f"/{bench}/aborted")
        check.that(kept is None, f"the write of an aborted turn was kept: {kept!r}", rule="DO-RESET-1")
        await value(client, f"/{bench}/fail?id={name}")
        remembered = await value(client, f"/{bench}/remembers")
        check.that(
            not remembered, f"{remembered!r} is still in memory after a failed critical section", rule="DO-RESET-2"
        )
        left = await value(client, f"/{bench}/clear?id={name}")
        check.that(not left, f"{left} things are left after deleteAll()", rule="DO-STO-1")
        taken = await value(client, f"/{bench}/foreign")
        check.that(taken in (None, "refused"), "an id of one class is taken by another", rule="DO-ID-1")
        await world.sleep(f"{world.random.randrange(50, 700)}ms")


@orrery.scenario(app="app", pops=POPS, faults_over="6s")
async def workshop(world: orrery.World) -> None:
    """Transactions nest, resets forget, calls keep their order, what is deleted is gone, work under way is kept."""
    await world.gather(*(world.spawn(working(world, client)) for client in world.clients(5, near=CITIES)))
    world.heal()
    guard = world.client(near="Frankfurt")
    await guard.until_ok("GET", "/last/remembers")
    await guard.until_ok("GET", "/last/linger?id=last")
    await world.sleep("15s")
    lingered = (await guard.until_ok("GET", "/last/lingered?id=last")).json()["value"]
    world.check.that(lingered, "an object was evicted before what it had promised to waitUntil", rule="DO-LIFE-4")
