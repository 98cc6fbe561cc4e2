"""What `orrery bench Fork` forks: a world of 200 MB, and a deployed one with sockets open."""

import orrery

RESIDENT_MB = 200
POPS = ["FRA", "SIN", "IAD"]


def resident_mb():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * 4096 // 1_000_000


@orrery.scenario(app="app", pops=POPS, faults="none", seeds=1)
async def grown(world: orrery.World) -> None:
    """Books are put on shelves until the process holds 200 MB; then it idles (and is forked)."""
    client = world.client("Paris")
    shelf = 0
    while resident_mb() < RESIDENT_MB:
        shelf += 1
        answer = await client.post(f"/shelf-{shelf % 8}?books=10")
        assert answer.ok, answer
    world.note("grown")
    while world.now < 150:
        await client.post("/shelf-1?books=0")
        await world.sleep("100ms")


@orrery.stage(app="../../scenarios/chat/app", pops=POPS)
async def room(world):
    """Three people in a room, their sockets open and heard."""
    people = world.clients(3, near=["Frankfurt", "Singapore", "Ashburn"])
    sockets = [await person.websocket(f"/rooms/lobby?as={person.name}") for person in people]
    sockets[0].send("hello")
    await world.sleep("1s")
    return sockets


@room.test
async def next_test(world, sockets):
    """Does nothing but begin."""
    world.note("begins")
