"""Levels told to a gauge at the same moment: one way to keep the highest needs them in the order of their rise. And a count."""

import orrery

POPS = ["FRA", "CDG", "AMS", "SIN", "IAD"]


async def told_at_once(world, way, levels):
    """Whatever is answered counts, whatever is not may."""
    clients = world.clients(len(levels), near="Frankfurt")
    # Everybody has been there before: what is left open then is the order alone.
    for client in clients:
        await client.get("/")
    await world.sleep("1s")
    answers = await world.gather(*(client.post(f"/{way}/{level}") for client, level in zip(clients, levels)))
    known = max((level for level, answer in zip(levels, answers) if answer.ok), default=0)
    for _ in range(60):
        seen = await clients[0].get("/")
        if seen.ok:
            break
        await world.sleep("1s")
    highest = seen.json()["highest"]
    world.check.that(highest >= known, f"the highest of {levels} is {highest}, but {known} was told", rule="APP-GAUGE-1")


@orrery.scenario(app=".", pops=POPS, faults="none")
async def right(world: orrery.World) -> None:
    """Every order of the levels gives the highest."""
    await told_at_once(world, "tell", [3, 5, 7, 9])


@orrery.scenario(app=".", pops=POPS, faults="none")
async def faulty(world: orrery.World) -> None:
    """Only some orders of the levels give the highest."""
    await told_at_once(world, "rising", [3, 5, 7, 9])


def sum_or_unsure(response):
    return ("ok", response.json()["n"]) if response.ok else ("info", None)


@orrery.scenario(app=".", pops=POPS, faults="none")
async def counting(world: orrery.World) -> None:
    """Three additions, and what they came to: whatever fails, none counts twice and none that was answered is lost."""
    client = world.client(near="Frankfurt")
    for _ in range(3):
        await client.post("/add", op=("add", "n", 1), outcome=sum_or_unsure)
    witness = world.client(near="Paris")
    for _ in range(60):
        seen = await witness.get("/count", op=("read", "n"), outcome=sum_or_unsure)
        if seen.ok:
            break
        await world.sleep("1s")
    world.check.linearizable(world.history, model="counter", add_returns=True)
