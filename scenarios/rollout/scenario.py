"""A shop gets new code twice while customers fill their carts: first bit by bit, then all at once with migrations.

Every answer says which version of the code gave it, at the edge and in the object. Customers put things into carts
one after the other, so a cart's answers follow each other in time.
"""

import orrery

POPS = ["FRA", "CDG", "SIN", "IAD", "HAN", "NRT"]
CITIES = ["Frankfurt", "Paris", "Singapore", "Ashburn"]
VERSIONS = {"v2": "app_v2", "v3": "app_v3"}
CARTS = 8
ACKNOWLEDGED_STAYS = "DO-DUR-1"
PINNED = "APP-ROLLOUT-1"
RENAMED = "APP-ROLLOUT-2"
DELETED = "APP-ROLLOUT-3"


class Customer:
    def __init__(self, world, client, cart):
        self.world, self.client, self.cart = world, client, cart
        self.confirmed, self.unsure = [], []
        #: Versions of the cart's code, by the answers.
        self.versions = []
        self.edges = set()

    def note(self, answer):
        self.versions.append(answer["version"])
        self.edges.add(answer["edge"])

    async def fill(self, things, until):
        number = 0
        while self.world.now < until:
            number += 1
            item = f"{self.cart}-{things}-{number}"
            answer = await self.client.post(f"/{things}/{self.cart}?item={item}")
            if answer.ok:
                self.confirmed.append(item)
                self.note(answer.json())
            else:
                self.unsure.append(item)
            await self.world.sleep(f"{self.world.random.randrange(30, 400)}ms")

    async def look(self, things):
        for _ in range(120):
            answer = await self.client.get(f"/{things}/{self.cart}")
            if answer.ok:
                self.note(answer.json())
                return answer.json()
            await self.world.sleep("1s")
        raise orrery.NotLive(f"{things} of {self.cart} were not shown within two minutes of asking")

    def check_kept(self, seen):
        check = self.world.check
        for item in self.confirmed:
            check.that(item in seen["items"], f"{item} was confirmed, but is not in the cart", rule=ACKNOWLEDGED_STAYS)
        for item in seen["items"]:
            known = item in self.confirmed or item in self.unsure
            check.that(known, f"{item} is in {self.cart}'s cart, but nobody put it there", rule=ACKNOWLEDGED_STAYS)

    def check_versions(self):
        """One after the other, and never back."""
        for before, after in zip(self.versions, self.versions[1:]):
            told = f"{self.cart}'s cart answered as version {after} after it had answered as version {before}"
            self.world.check.that(before <= after, told, rule=PINNED)


def customers(world):
    clients = world.clients(CARTS, near=CITIES)
    return [Customer(world, client, f"cart{number}") for number, client in enumerate(clients)]


@orrery.scenario(app="app_v1", versions=VERSIONS, pops=POPS, faults_over="30s")
async def gradual(world: orrery.World) -> None:
    """A cart runs one version at a time, changes over once while the share grows, and loses nothing."""
    everybody = customers(world)
    filling = [world.spawn(customer.fill("carts", 30)) for customer in everybody]
    # Carts come and go from memory as hosts come and go: which version a cart runs must not hang on that.
    for customer in everybody:
        for _ in range(3):
            world.after(f"{world.random.randrange(3000, 29000)}ms").evict(f"do:Cart/{customer.cart}")
    for share in ("10%", "50%", "90%"):
        await world.sleep(f"{world.random.randrange(2000, 7000)}ms")
        world.deploy("v2", share=share)
    await world.sleep("6s")
    world.deploy("v2")
    await world.gather(*filling)

    world.heal()
    await world.sleep("6s")
    for customer in everybody:
        seen = await customer.look("carts")
        customer.check_kept(seen)
        customer.check_versions()
        world.check.that(
            seen["version"] == 2 and seen["edge"] == 2, f"{customer.cart} still runs version 1", rule=PINNED
        )


@orrery.scenario(app="app_v1", versions=VERSIONS, pops=POPS, faults_over="30s")
async def migrated(world: orrery.World) -> None:
    """Carts keep what is in them when their class is renamed; a class that is deleted and made again is empty."""
    everybody = customers(world)
    wishing = world.client(near="Tokyo")
    wishes = [await wishing.post(f"/wishes/{customer.cart}?item=moon") for customer in everybody]
    world.note(f"{sum(answer.ok for answer in wishes)} wishes are stored")
    filling = [world.spawn(customer.fill("carts", world.now + 25)) for customer in everybody]
    await world.sleep(f"{world.random.randrange(2000, 9000)}ms")
    world.deploy("v2")
    await world.sleep(f"{world.random.randrange(100, 9000)}ms")
    world.deploy("v3")
    await world.gather(*filling)

    world.heal()
    await world.sleep("6s")
    for customer in everybody:
        seen = await customer.look("carts")
        customer.check_kept(seen)
        customer.check_versions()
        world.check.that(seen["version"] == 3, f"{customer.cart} runs version {seen['version']}", rule=RENAMED)
        left = await customer.look("wishes")
        world.check.that(not left["items"], f"{customer.cart}'s wishes outlived their class", rule=DELETED)
    held = set(world.objects("Basket"))
    world.check.that(held == set(world.objects("Cart")), "a renamed class is found by one name alone", rule=RENAMED)
