"""A saga: trips of a hotel and a flight, booked at services that fail, taken back by an alarm.

In the end both are booked or neither is, whatever crashes in between; nobody is told "booked" of a trip that
is not.
"""

import orrery

CITIES = ["Frankfurt", "Singapore", "Ashburn", "Hanoi"]
POPS = ["FRA", "SIN", "IAD", "HAN", "CDG", "NRT"]
BOTH_OR_NEITHER = "APP-SAGA-1"
BOOKED_STAYS = "APP-SAGA-2"


class Service:
    """Books and cancels by trip. A booking that arrives after its cancellation is refused."""

    def __init__(self, world, name, fails_percent):
        self.world, self.fails_percent = world, fails_percent
        self.booked, self.cancelled = set(), set()
        world.origin(f"{name}.example", self.answer)

    async def answer(self, request):
        action, trip = request.url.rsplit("/", 2)[-2:]
        await self.world.sleep(f"{self.world.random.randrange(20, 3000)}ms")
        if self.world.random.randrange(100) < self.fails_percent:
            return 503, "try later"
        if action == "cancel":
            self.cancelled.add(trip)
            self.booked.discard(trip)
        elif trip in self.cancelled:
            return 409, "was cancelled"
        else:
            self.booked.add(trip)
        return {}


async def until_settled(world, client, url):
    for _ in range(600):
        response = await client.get(url)
        if response.ok and response.json()["state"] in ("new", "booked", "cancelled"):
            return response.json()["state"]
        await world.sleep("1s")
    raise orrery.NotLive(f"{url} was not settled within ten minutes of asking")


async def traveller(world, client, trip, told):
    await world.sleep(f"{world.random.randrange(1, 25000)}ms")
    for _ in range(3):
        response = await client.post(f"/trips/{trip}")
        if response.status == 200:
            told.append(trip)
            return
        if response.status == 409:
            return
        await world.sleep("900ms")


@orrery.scenario(app="app", pops=POPS, faults_over="60s")
async def saga(world: orrery.World) -> None:
    """Hotel and flight are both booked, or neither."""
    hotel, flight = Service(world, "hotel", 10), Service(world, "flight", 25)
    trips = [f"t{number}" for number in range(1, 13)]
    clients = world.clients(len(trips), near=CITIES)
    told = []
    await world.gather(*(world.spawn(traveller(world, c, t, told)) for c, t in zip(clients, trips)))
    if world.now < 60:
        await world.sleep(60 - world.now)
    world.heal()
    hotel.fails_percent = flight.fails_percent = 0
    witness = world.client(near="Paris")
    for trip in trips:
        state = await until_settled(world, witness, f"/trips/{trip}")
        # What was sent before the state was settled has arrived by then.
        await world.sleep("4s")
        has = (trip in hotel.booked, trip in flight.booked)
        world.check.that(
            has == ((True, True) if state == "booked" else (False, False)),
            f"{trip} is {state}, but hotel and flight are {has}",
            rule=BOTH_OR_NEITHER,
        )
        world.check.that(
            state == "booked" or trip not in told, f"{trip} was told to be booked and is {state}", rule=BOOKED_STAYS
        )
