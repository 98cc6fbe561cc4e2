"""Mistakes that are made with Durable Objects again and again. Each is one environment of the app; without any of them
everything holds, amid the preset's faults and a crash of each object in the middle."""

import orrery

POPS = ["FRA", "SIN", "IAD"]
CITIES = ["Frankfurt", "Singapore", "Ashburn"]
ONCE, RINGS, COUNTED, FREE, MONEY = "APP-TICKET-1", "APP-REMINDER-1", "APP-ORDER-1", "APP-JOB-1", "APP-MONEY-1"


def everywhere(world, each):
    """A strand for each of three clients; a gathering of them."""
    clients = world.clients(3, near=CITIES)
    return world.gather(*(world.spawn(each(client, number)) for number, client in enumerate(clients)))


async def drawing(world):
    numbers = []

    async def draw(client, _):
        for _ in range(5):
            response = await client.post("/tickets")
            if response.ok:
                numbers.append(response.json()["number"])
            await world.sleep(f"{world.random.randrange(20, 900)}ms")

    world.at("1500ms").crash("do:Tickets/desk", restart_after="1s")
    await everywhere(world, draw)
    world.heal()
    await world.client().until_ok("POST", "/tickets")
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    world.check.that(not twice, f"tickets {twice} were given out more than once", rule=ONCE)


async def reminding(world):
    wanted, rung = [], set()

    def ring(request):
        rung.add(request.url.rsplit("/", 1)[1])
        return {}

    world.origin("bell.example", ring)

    async def ask(client, owner):
        for number in range(4):
            name = f"{owner}-{number}"
            response = await client.post(f"/reminders/o{owner}/{name}?ms={world.random.randrange(4000, 12000)}")
            if response.ok:
                wanted.append(name)
            await world.sleep(f"{world.random.randrange(200, 1500)}ms")

    for owner in range(3):
        world.at("5s").crash(f"do:Reminders/o{owner}", restart_after="1s")
    await everywhere(world, ask)
    world.heal()
    for _ in range(90):
        if rung >= set(wanted):
            return
        await world.sleep("2s")
    world.check.that(False, f"reminders {sorted(set(wanted) - rung)} never rang", rule=RINGS)


async def ordering(world):
    world.origin("settings.example", lambda request: {})
    sure, asked = [0], [0]

    async def order(client, number):
        for n in range(14):
            asked[0] += 1
            if (await client.post(f"/tally/all?id={number}-{n}")).ok:
                sure[0] += 1
            await world.sleep(f"{world.random.randrange(20, 700)}ms")

    # Clients far away are heard late, and their answers are on the way for long.
    for second in range(1, 15, 2):
        world.at(f"{second}s").crash("do:Tally/all", restart_after="400ms")
    await everywhere(world, order)
    world.heal()
    value = (await world.client().until_ok("GET", "/tally/all")).json()["sum"]
    fits = sure[0] <= value <= asked[0]
    world.check.that(fits, f"{value} orders are counted: {asked[0]} were made, {sure[0]} confirmed", rule=COUNTED)


async def working(world):
    world.origin("work.example", lambda request: {})

    async def run(client, _):
        for _ in range(6):
            await client.post("/job/night")
            await world.sleep(f"{world.random.randrange(20, 500)}ms")

    # Long enough that somebody works when it comes.
    world.at("500ms").origin("work.example", "slow", delay="2s", for_="5s")
    world.at("2s").crash("do:Job/night", restart_after="1s")
    await everywhere(world, run)
    world.heal()
    await world.sleep("10s")
    client = world.client()
    for _ in range(60):
        if (await client.post("/job/night")).status == 200:
            return
        await world.sleep("1s")
    world.check.that(False, "nobody has done the work for a minute, and nobody may", rule=FREE)


async def transferring(world):
    names = ["anna", "ben", "carl"]

    async def pay(client, number):
        for n in range(5):
            to = names[(number + 1 + n % 2) % 3]
            await client.post(f"/account/{names[number]}/{to}?id={number}-{n}&amount={1 + n}")
            await world.sleep(f"{world.random.randrange(20, 900)}ms")

    for n, second in enumerate(("900ms", "1700ms", "2500ms", "3300ms")):
        world.at(second).crash(f"do:Account/{names[n % 3]}", restart_after="500ms")
    await everywhere(world, pay)
    world.heal()
    client, total = world.client(), None
    for _ in range(60):
        seen = [(await client.until_ok("GET", f"/account/{name}")).json() for name in names]
        total = sum(account["balance"] for account in seen)
        if total == 300 and not any(account["waiting"] for account in seen):
            return
        await world.sleep("2s")
    world.check.that(False, f"the accounts hold {total} together, not 300", rule=MONEY)


@orrery.scenario(app="app", pops=POPS, faults_over="15s")
async def tickets(world: orrery.World) -> None:
    """Every number is given out once."""
    await drawing(world)


@orrery.scenario(app="app", pops=POPS, environment="global_counter", expect=ONCE, faults_over="15s")
async def tickets_faulty(world: orrery.World) -> None:
    """A counter in a global begins anew in every isolate."""
    await drawing(world)


@orrery.scenario(app="app", pops=POPS, faults_over="15s")
async def reminders(world: orrery.World) -> None:
    """Every reminder that was taken rings, though its object dies meanwhile."""
    await reminding(world)


@orrery.scenario(app="app", pops=POPS, environment="timer", expect=RINGS, faults_over="15s")
async def timer_faulty(world: orrery.World) -> None:
    """A timer dies with its object."""
    await reminding(world)


@orrery.scenario(app="app", pops=POPS, environment="one_alarm", expect=RINGS, faults_over="15s")
async def one_alarm_faulty(world: orrery.World) -> None:
    """A second reminder takes the alarm of the first."""
    await reminding(world)


@orrery.scenario(app="app", pops=POPS, faults_over="15s")
async def orders(world: orrery.World) -> None:
    """An order counts once, and what was counted stays so."""
    await ordering(world)


@orrery.scenario(app="app", pops=POPS, environment="no_id", expect=COUNTED, faults_over="15s", seeds=200)
async def no_id_faulty(world: orrery.World) -> None:
    """An order that is sent again without an id counts twice."""
    await ordering(world)


@orrery.scenario(app="app", pops=POPS, environment="eager", expect=COUNTED, faults_over="15s")
async def eager_faulty(world: orrery.World) -> None:
    """A constructor that nothing waits for lets the first request in before the sum is known."""
    await ordering(world)


@orrery.scenario(app="app", pops=POPS, faults_over="15s")
async def job(world: orrery.World) -> None:
    """Who dies at work leaves the work to others."""
    await working(world)


@orrery.scenario(app="app", pops=POPS, environment="stored_lock", expect=FREE, faults_over="15s")
async def stored_lock_faulty(world: orrery.World) -> None:
    """A lock in storage outlives its owner."""
    await working(world)


@orrery.scenario(app="app", pops=POPS, faults_over="15s")
async def accounts(world: orrery.World) -> None:
    """Money that leaves one account arrives in the other, in the end."""
    await transferring(world)


@orrery.scenario(app="app", pops=POPS, environment="two_steps", expect=MONEY, faults_over="15s")
async def two_steps_faulty(world: orrery.World) -> None:
    """Between two steps the money is nowhere."""
    await transferring(world)


@orrery.scenario(app="app", pops=POPS, faults="storm", faults_over="5s", seeds=3)
async def reminders_in_a_storm(world: orrery.World) -> None:
    """What a storm interrupts goes on by itself when it is over: reminders ring that were due meanwhile, and requests that
    nobody waits for any more end."""
    world.origin("bell.example", lambda request: {})

    async def ask(client, owner):
        world.at("3s").crash(f"replicas:do:Reminders/o{owner}", restart_after="30s")
        for number in range(3):
            await client.post(f"/reminders/o{owner}/{owner}-{number}?ms={world.random.randrange(3000, 5000)}")
        await world.sleep(f"{max(0.0, 7 - world.now)}s")
        client.post(f"/reminders/o{owner}/{owner}-last?ms=1000")  # nobody waits for it

    await everywhere(world, ask)
    await world.sleep("1ms")
