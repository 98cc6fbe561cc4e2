"""The trial's faulty twin: the suite must find that somebody is charged twice."""

import orrery

CITIES = ["Frankfurt", "Singapore", "Ashburn", "Hanoi"]
CHARGED_ONCE = "APP-TRIAL-1"


async def subscriber(world, client, user):
    seconds = world.random.randrange(5, 80)
    await client.until_ok("POST", f"/trials/{user}", json={"seconds": seconds}, tries=180)


@orrery.scenario(app="app", pops=["FRA", "SIN", "IAD", "HAN", "CDG", "NRT"], faults_over="2m", seeds=200, expect=CHARGED_ONCE)
async def trial_faulty(world: orrery.World) -> None:
    """An alarm that runs again makes a second charge."""
    charges = []

    async def bank(request):
        charges.append(request.json()["user"])
        await world.sleep(f"{world.random.randrange(50, 15000)}ms")  # a slow bank
        return {}

    world.origin("bank.example", bank)
    users = [f"u{number}" for number in range(1, 13)]
    clients = world.clients(len(users), near=CITIES)
    await world.gather(*(world.spawn(subscriber(world, c, u)) for c, u in zip(clients, users)))
    if world.now < 120:
        await world.sleep(120 - world.now)
    world.heal()
    await world.sleep("3m")
    witness = world.client(near="Paris")
    for user in users:
        await witness.until_ok("GET", f"/trials/{user}", tries=180)
        world.check.that(
            charges.count(user) == 1, f"{user} was charged {charges.count(user)} times", rule=CHARGED_ONCE
        )
