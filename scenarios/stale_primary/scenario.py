"""Stale primary: an object's host is cut off from the directory and its followers, but not from the clients
near it. They go on reading there while others, far away, are given a new host and write.

The lease must keep the old host from answering once another may have been granted, and the quorum must
keep it from confirming what the new host will not know. Each variant with one of the two switched off must
go red.
"""

import orrery

URL = "/x"
OWNER = "do:Register/x"
POPS = ["FRA", "CDG", "SIN", "HAN", "IAD", "NRT"]


def value_or_unsure(response):
    """Nothing is refused here: whatever is no 2xx may or may not have happened."""
    return ("ok", response.json()["value"]) if response.ok else ("info", None)


def write(client, value):
    return client.fetch("PUT", URL, json={"value": value}, op=("write", "x", value), outcome=value_or_unsure)


def read(client):
    return client.get(URL, op=("read", "x"), outcome=value_or_unsure)


async def reader(world, client, end_s):
    while world.now < end_s:
        await read(client)
        await world.sleep(f"{world.random.randrange(40, 160)}ms")


async def writer(world, client, values, end_s):
    while world.now < end_s:
        values.append(len(values) + 1)
        await write(client, values[-1])
        await world.sleep(f"{world.random.randrange(100, 400)}ms")


async def drive(world, writers_near):
    """The first write comes from Frankfurt, so the object lives there; then come readers and writers."""
    values = [1]
    for _ in range(60):
        if (await write(world.client(near="Frankfurt"), values[-1])).ok:
            break
        values.append(len(values) + 1)
        await world.sleep("1s")
    end_s = world.now + 55
    strands = [world.spawn(reader(world, client, end_s)) for client in world.clients(3, near="Frankfurt")]
    strands += [world.spawn(writer(world, client, values, end_s)) for client in world.clients(3, near=writers_near)]
    await world.gather(*strands)

    world.heal()
    witness = world.client(near="Tokyo")
    for _ in range(120):
        if (await read(witness)).ok:
            break
        await world.sleep("1s")
    else:
        raise orrery.NotLive("the register did not answer within two minutes of asking")
    world.check.linearizable(world.history, model="register")


@orrery.scenario(app="app", pops=POPS)
async def stale_primary(world: orrery.World) -> None:
    """Cut off from directory and followers, the old host neither answers stale nor confirms in vain."""
    world.at("4s").isolate_owner(OWNER, from_=["directory", "followers"], for_="40s")
    await drive(world, ["Singapore", "Ashburn"])


@orrery.scenario(app="app", pops=POPS)
async def stale_primary_with_two_followers(world: orrery.World) -> None:
    """As before, but two followers stay on the old host's side: one too few to confirm a write."""
    world.at("4s").isolate_owner(OWNER, from_=["directory", "followers:3"], for_="40s")
    await drive(world, ["Frankfurt", "Singapore", "Ashburn"])


@orrery.scenario(app="app", pops=POPS, faults="none", weaken={"quorum": 2}, expect="DO-LIN-1")
async def stale_primary_quorum_of_two(world: orrery.World) -> None:
    """With a quorum of two the old host and its two followers confirm writes that the new host never sees."""
    world.at("4s").isolate_owner(OWNER, from_=["directory", "followers:3"], for_="40s")
    await drive(world, ["Frankfurt", "Singapore", "Ashburn"])


@orrery.scenario(app="app", pops=POPS, faults="none", weaken={"lease_check": False}, expect="DO-LIN-1")
async def stale_primary_without_lease_check(world: orrery.World) -> None:
    """Without the lease check the old host goes on answering reads from memory after another was granted."""
    world.at("4s").isolate_owner(OWNER, from_=["directory", "followers"], for_="40s")
    await drive(world, ["Singapore", "Ashburn"])
