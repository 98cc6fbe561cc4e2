"""Stock reservation: buyers in several cities reserve, release and look, asking again when no answer comes.

Every order has an id, so asking again is safe, and one order is one operation of the history however often
it was asked for. Pieces reserved are a counter: reserving adds one, releasing takes one away.
"""

import orrery

SKU = "lamp"
PIECES = 12
CITIES = ["Hanoi", "Paris", "Ashburn", "Singapore", "Frankfurt", "São Paulo"]
TRIES = 4
# A scenario's own rules, next to those of the platform.
ACKNOWLEDGED_STAYS = "DO-DUR-1"
STOCK_ADDS_UP = "APP-STOCK-1"


async def ask(world, client, record, path, body, answer_of):
    """POSTs up to TRIES times. Ends the record and gives what answer_of reads, or None."""
    unsure = False
    for _ in range(TRIES):
        response = await client.post(f"/skus/{SKU}/{path}", json=body)
        if response.ok:
            answer = answer_of(response.json())
            record.ok(answer)
            return answer
        if 400 <= response.status <= 499:
            # An earlier try that nobody answered may still arrive after this refusal.
            record.info() if unsure else record.fail()
            return None
        unsure = True
        await world.sleep("700ms")
    record.info()
    return None


async def buyer(world, client, kept, given_back):
    for number in range(6):
        order = f"{client.name}-{number}"
        record = world.history.invoke(client, "add", SKU, 1)
        sold = await ask(world, client, record, "reserve", {"order": order}, lambda answer: answer["sold"])
        await world.sleep(f"{world.random.randrange(50, 900)}ms")
        if sold is not None:
            kept.append(order)
            if world.random.randrange(3) == 0:
                kept.remove(order)
                record = world.history.invoke(client, "add", SKU, -1)
                left = await ask(world, client, record, "release", {"order": order}, lambda answer: answer["sold"])
                given_back.append((order, left is not None))
        record = world.history.invoke(client, "read", SKU)
        level = await client.get(f"/skus/{SKU}")
        record.ok(level.json()["reserved"]) if level.ok else record.info()


async def sell(world):
    clerk = world.client(near="Frankfurt")
    await clerk.until_ok("POST", f"/skus/{SKU}/receive", json={"delivery": "first", "quantity": PIECES})
    kept, given_back = [], []
    buyers = world.clients(len(CITIES), near=CITIES)
    await world.gather(*(world.spawn(buyer(world, client, kept, given_back)) for client in buyers))

    world.heal()
    level = (await clerk.until_ok("GET", f"/skus/{SKU}")).json()
    rows = (await clerk.until_ok("GET", f"/skus/{SKU}/orders")).json()
    orders = {row["id"]: row["state"] for row in rows}
    world.check.linearizable(world.history, model="counter", add_returns=True)
    for order in kept:
        world.check.that(
            orders.get(order) == "reserved", f"{order} was confirmed, but is {orders.get(order)} now", rule=ACKNOWLEDGED_STAYS
        )
    for order, confirmed in given_back:
        expected = ("released",) if confirmed else ("reserved", "released")
        world.check.that(
            orders.get(order) in expected, f"{order} was confirmed, but is {orders.get(order)} now", rule=ACKNOWLEDGED_STAYS
        )
    reserved = sum(state == "reserved" for state in orders.values())
    world.check.that(
        reserved == level["reserved"] <= PIECES and level["left"] == PIECES - reserved and level["received"] == PIECES,
        f"{reserved} orders of {PIECES} pieces, but the level is {level}",
        rule=STOCK_ADDS_UP,
    )


@orrery.scenario(app="app", pops=["FRA", "CDG", "SIN", "HAN", "IAD", "GRU"], faults_over="8s")
async def inventory(world: orrery.World) -> None:
    """Stock is never sold twice nor lost, whatever the preset's faults do."""
    await sell(world)


@orrery.scenario(app="app", pops=["FRA", "CDG", "SIN", "HAN", "IAD", "GRU"])
async def inventory_loses_a_point_of_presence(world: orrery.World) -> None:
    """The same while the place where the stock lives goes away for a while."""
    world.at("2s").lose_pop("FRA", for_="20s")
    await sell(world)
