"""The cloud itself gets new software, host after host, while customers fill their carts and hosts crash.

Releases differ in the format of the logs that followers keep (`world.upgrade`): 1 knows the first alone, 2 reads both and
writes the first, 3 writes the second. A release that cannot read a log takes no part; it never takes it for a shorter one.
"""

import orrery

POPS = ["FRA", "CDG", "AMS"]
CITIES = ["Frankfurt", "Paris", "Amsterdam"]
CARTS = 6
ACKNOWLEDGED_STAYS = "DO-DUR-1"


class Customer:
    def __init__(self, world, client, cart):
        self.world, self.client, self.cart = world, client, cart
        self.confirmed = []

    async def fill(self, until):
        number = 0
        while self.world.now < until:
            number += 1
            item = f"{self.cart}-{number}"
            answer = await self.client.post(f"/carts/{self.cart}?item={item}")
            if answer.ok:
                self.confirmed.append(item)
            await self.world.sleep(f"{self.world.random.randrange(30, 400)}ms")

    async def look(self):
        return await self.client.get(f"/carts/{self.cart}")

    async def check(self):
        for _ in range(120):
            answer = await self.look()
            if answer.ok:
                break
            await self.world.sleep("1s")
        else:
            raise orrery.NotLive(f"{self.cart} was not shown within two minutes of asking")
        held = set(answer.json()["items"])
        for item in self.confirmed:
            self.world.check.that(
                item in held, f"{item} was confirmed, but is not in the cart", rule=ACKNOWLEDGED_STAYS
            )


def customers(world):
    clients = world.clients(CARTS, near=CITIES)
    return [Customer(world, client, f"cart{number}") for number, client in enumerate(clients)]


async def round_of(world, release, every="250ms", down="200ms"):
    """A round over all hosts; crashes of their own come in between."""
    world.upgrade("*", release=release, every=every, down=down)
    for _ in range(2):
        pop = world.random.choice(POPS)
        number = world.random.randrange(1, 4)
        world.after(f"{world.random.randrange(100, 6000)}ms").crash(f"host:{pop}/{number}", restart_after="900ms")
    await world.sleep("7s")


@orrery.scenario(app="../rollout/app_v1", pops=POPS, faults_over="40s")
async def one_by_one(world: orrery.World) -> None:
    """Two rounds, the first with a change of mind; then one place goes back by mistake, and forward again."""
    everybody = customers(world)
    filling = [world.spawn(customer.fill(40)) for customer in everybody]
    await world.sleep("2s")
    await round_of(world, 2)
    world.upgrade("FRA", release=1, every="250ms", down="200ms")
    await world.sleep("3s")
    await round_of(world, 2)
    await round_of(world, 3)
    world.upgrade(world.random.choice(POPS), release=1, every="250ms", down="200ms")
    await world.sleep("4s")
    await round_of(world, 3)
    await world.gather(*filling)

    world.heal()
    for customer in everybody:
        await customer.check()


@orrery.scenario(app="../rollout/app_v1", pops=POPS, faults_over="30s")
async def and_back(world: orrery.World) -> None:
    """Everything goes back to a release that cannot read what was written since: nobody is served until it is undone."""
    everybody = customers(world)
    filling = [world.spawn(customer.fill(16)) for customer in everybody]
    await world.sleep("3s")
    await round_of(world, 2)
    await round_of(world, 3)
    await world.gather(*filling)
    await round_of(world, 1)
    # In vain, but that makes every host look at its logs.
    await world.gather(*[world.spawn(customer.look()) for customer in everybody])
    await round_of(world, 3)

    world.heal()
    for customer in everybody:
        await customer.check()
