"""What an outage leaves behind it: everybody asks again, or comes back, at once.

The outage is short, the load before and after it is a third of what the desk can take. Where callers ask again without
measure, what they ask for anew keeps the desk busy with work that nobody waits for any more, long after the cause is
gone: a metastable failure. The harness calls that not live (exit 12).
"""

import orrery

POPS = ["FRA", "AMS", "CDG"]
CITIES = ["Frankfurt", "Amsterdam", "Paris"]
#: The desk serves 200 a second.
RATE = "60/s"
OUTAGE_S, SETTLED_S = 5, 26


def load(world, rate, for_):
    return world.load(request={"method": "POST", "url": "/serve"}, clients=20, near=CITIES, rate=rate, for_=for_)


async def outage(world):
    """Load before an outage of the desk's host, through it, and until all should long be as before."""
    await world.client(near="Frankfurt").post("/serve")  # so that the desk is there
    everybody = load(world, RATE, "36s")
    outage_us = OUTAGE_S * 1_000_000 + world.random.randrange(1_000_000)
    world.at(f"{outage_us}us").crash("do:Desk/main", restart_after="3s")
    await world.sleep(f"{SETTLED_S}s")
    sample = load(world, "20/s", "6s")
    await sample.done()
    share = sample.ok / sample.sent
    if share < 0.9:
        raise orrery.NotLive(
            f"the host was back {SETTLED_S - OUTAGE_S - 4} s ago, and still only {share:.0%} of those who ask are served: "
            "the load keeps itself up"
        )
    await everybody.done()


@orrery.scenario(app="app", pops=POPS, faults="none", seeds=2)
async def retry_storm(world: orrery.World) -> None:
    """Who spends a budget on asking again is served as before soon after the outage."""
    await outage(world)


@orrery.scenario(app="app", environment="eager", pops=POPS, faults="none", seeds=1, expect="LIVE-1")
async def retry_storm_faulty(world: orrery.World) -> None:
    """Who asks again at once, as often as eight times, is not."""
    await outage(world)


class Listener:
    """Somebody who comes back whenever the connection is lost."""

    def __init__(self, world, client):
        self.world, self.client = world, client
        self.connected = False

    async def stay(self, until_s):
        while self.world.now < until_s:
            socket = await self.client.websocket("/listen")
            while socket.open and self.world.now < until_s:
                socket.send("here?")
                self.connected = await socket.receive(timeout="3s") is not None
                await self.world.sleep("1s")
            self.connected = self.connected and socket.open
            if not socket.open:
                await self.world.sleep(f"{self.world.random.randrange(50, 500)}ms")


@orrery.scenario(app="app", pops=POPS, faults_over="25s")
async def reconnect_storm(world: orrery.World) -> None:
    """A point of presence goes, with the desk and the sockets of 150 people. All of them come back at once."""
    people = [Listener(world, client) for client in world.clients(150, near=CITIES)]
    world.at("8s").lose_pop("FRA", for_="10s")
    staying = [world.spawn(person.stay(60)) for person in people]
    await world.sleep("59s")
    away = sum(not person.connected for person in people)
    if away:
        raise orrery.NotLive(f"{away} of {len(people)} listeners are not connected half a minute after the outage")
    await world.gather(*staying)
