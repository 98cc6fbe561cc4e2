"""Small scenarios to be run very often, each twice: does any seed ever give another run?

Every one is over within a few simulated seconds and tens of milliseconds of real time, and still meets what could
make a run depend on something else than its seed: hash tables that are walked, timers of one instant, sockets, SQL,
caches, alarms, faults in the middle of all of it.
"""

import orrery

POPS = ["FRA", "SIN", "IAD"]
CITIES = ["Frankfurt", "Singapore", "Ashburn"]
APPS = "../../scenarios"


async def pause(world, least_ms, most_ms):
    await world.sleep(f"{world.random.randrange(least_ms, most_ms)}ms")


@orrery.scenario(app=f"{APPS}/inventory/app", pops=POPS, faults_over="3s")
async def stock(world: orrery.World) -> None:
    """Three buyers and one article: RPC, SQL, the linearizability checker."""

    async def buyer(client):
        for number in range(2):
            await pause(world, 5, 600)
            record = world.history.invoke(client, "add", "lamp", 1)
            answer = await client.post(
                "/skus/lamp/reserve", json={"order": f"{client.name}-{number}"}
            )
            record.ok(answer.json()["sold"]) if answer.ok else record.info()

    await world.gather(*(world.spawn(buyer(client)) for client in world.clients(3, near=CITIES)))
    world.check.linearizable(world.history, model="counter", add_returns=True)


@orrery.scenario(app=f"{APPS}/counter_in_kv_faulty/app", pops=POPS, faults_over="3s")
async def views(world: orrery.World) -> None:
    """Three visitors of a page counted in KV: caches, two back ends."""

    async def visitor(client):
        for _ in range(2):
            await pause(world, 5, 900)
            await client.post("/views/home")

    await world.gather(*(world.spawn(visitor(client)) for client in world.clients(3, near=CITIES)))


@orrery.scenario(app=f"{APPS}/chat/app", pops=POPS, faults_over="3s")
async def lines(world: orrery.World) -> None:
    """Three people in a room: WebSockets, hibernation, broadcast."""

    async def person(client):
        socket = await client.websocket(f"/rooms/lobby?as={client.name}")
        for number in range(2):
            await pause(world, 5, 500)
            if socket.open:
                socket.send(f"line {number}")
                await socket.receive(timeout="300ms")
        socket.close()

    await world.gather(*(world.spawn(person(client)) for client in world.clients(3, near=CITIES)))


@orrery.scenario(app=f"{APPS}/trial/app", pops=POPS, faults_over="3s")
async def trials(world: orrery.World) -> None:
    """Two trials that end a day later, by an alarm that asks an outside service."""
    world.origin("bank.example", lambda request: {"charged": request.json()["user"]})

    async def subscriber(client, user):
        await pause(world, 5, 500)
        await client.post(f"/trials/{user}/start")
        await pause(world, 5, 500)
        await client.post(f"/trials/{user}/extend", json={"days": 1})

    clients = world.clients(2, near=CITIES)
    await world.gather(*(world.spawn(subscriber(c, f"u{n}")) for n, c in enumerate(clients)))
    await world.sleep("25h")
