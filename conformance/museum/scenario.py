"""Visitors of the museum: they do, over and over, what its flaws break, while the preset's faults go on.

Without a flaw every check holds. With one, the monitors or these checks must notice.
"""

import orrery

POPS = ["FRA", "CDG", "SIN", "HAN", "IAD", "NRT"]
CITIES = ["Frankfurt", "Paris", "Singapore", "Ashburn", "Tokyo"]


def sum_or_unsure(response):
    return ("ok", response.json()["n"]) if response.ok else ("info", None)


async def counting(world, client):
    """The counter of a section; additions in vain count for nothing, whether answered or not."""
    for _ in range(5):
        await client.post("/hall/add", op=("add", "n", 1), outcome=sum_or_unsure)
        await client.post("/hall/vain")
        await client.get("/hall/n", op=("read", "n"), outcome=sum_or_unsure)
        await world.sleep(f"{world.random.randrange(50, 700)}ms")


async def writing(world, client, words, torn):
    for number in range(5):
        name = f"{client.name[7:]}-{number}"
        answer = await client.post(f"/study/spell?id={name}")
        if answer.ok:
            words.append(answer.json()["answers"])
        await client.post(f"/study/pair?id={name}")
        seen = await client.get("/study/pairs")
        if seen.ok and len(set(seen.json()["pair"])) != 1:
            torn.append(seen.json()["pair"])
        await world.sleep(f"{world.random.randrange(50, 700)}ms")


async def telling(world, client):
    for number in range(5):
        await client.post(f"/post/tell?id={client.name[7:]}-{number}")
        await world.sleep(f"{world.random.randrange(50, 700)}ms")


@orrery.scenario(app="app", pops=POPS, faults_over="6s")
async def visitors(world: orrery.World) -> None:
    """Sections exclude, transactions roll back whole, calls keep their order, what was told stays known."""
    told, words, torn = [], [], []

    def witness(request):
        told.append(request.url.rsplit("/", 1)[1])
        return {"heard": True}

    world.origin("witness.example", witness)
    strands = [world.spawn(counting(world, client)) for client in world.clients(4, near=CITIES)]
    strands += [world.spawn(writing(world, client, words, torn)) for client in world.clients(3, near=CITIES)]
    strands += [world.spawn(telling(world, client)) for client in world.clients(3, near=CITIES)]
    await world.gather(*strands)

    world.heal()
    guard = world.client(near="Frankfurt")
    left, right = (await guard.until_ok("GET", "/study/pairs")).json()["pair"]
    if left != right:
        torn.append([left, right])
    for room in ("hall", "post"):
        await guard.until_ok("GET", f"/{room}/n")
    for name in told:
        known = (await guard.until_ok("GET", f"/post/knows?id={name}")).json()["knows"]
        world.check.that(known, f"{name} was told outside, but the object does not know it", rule="DO-DUR-1")
    world.check.linearizable(world.history, model="counter", add_returns=True)
    for first, second, third in words:
        # An instance may end between two of them; those that one instance took are in order.
        for later in (first, second, third):
            world.check.that(later == "".join(sorted(later)), f"calls arrived as {later!r}", rule="DO-ORD-1")
    world.check.that(not torn, f"half of a turn's writes were seen: {torn[:1]}", rule="DO-TURN-1")


class Bell:
    """Rung by alarms; refuses some of the first rings of each, and remembers what every one was told."""

    def __init__(self, world):
        self.refuses, self.retry_counts, self.content = {}, {}, set()
        world.origin("bell.example", self.ring)

    def ring(self, request):
        name, retries = request.url.rsplit("/", 2)[1:]
        heard = self.retry_counts.setdefault(name, [])
        heard.append(int(retries))
        if len(heard) <= self.refuses.get(name, 0):
            return 503, "again"
        self.content.add(name)
        return {}


async def ringing(world, client, bell, due):
    """Alarms set, alarms set in vain, and a look at the clock, a few times over."""
    for number in range(3):
        name = f"bell-{client.name[7:]}-{number}"
        bell.refuses[name] = world.random.randrange(3)
        if (await client.post(f"/{name}/wake?ms={world.random.randrange(20, 2000)}")).ok:
            due.append(name)
        vain = await client.post(f"/vain-{name}/wake-in-vain?ms={world.random.randrange(20, 2000)}")
        world.check.that(
            not vain.ok or vain.json()["alarm"] is None,
            f"the alarm of vain-{name} outlives its transaction",
            rule="DO-ALARM-5",
        )
        spun = await client.post(f"/{name}/spin")
        passed = spun.json()["passed"] if spun.ok else 0
        world.check.that(passed == 0, f"{passed} ms passed within one turn of {name}", rule="DO-CLK-1")
        await world.sleep(f"{world.random.randrange(50, 900)}ms")


@orrery.scenario(app="app", pops=POPS, faults_over="6s")
async def bells(world: orrery.World) -> None:
    """Alarms ring until the bell is content, told how often they failed; those taken back never do."""
    bell, due = Bell(world), []
    await world.gather(*(world.spawn(ringing(world, c, bell, due)) for c in world.clients(4, near=CITIES)))
    world.heal()
    for _ in range(90):
        if bell.content >= set(due):
            break
        await world.sleep("2s")
    for name in due:
        world.check.that(name in bell.content, f"the alarm of {name} never succeeded", rule="DO-ALARM-1")
    # Nothing is broken any more: failures are counted without a gap.
    last = world.client(near="Frankfurt")
    for number in range(60):
        name = f"last-{number}"
        bell.refuses[name] = 2
        if (await last.post(f"/{name}/wake?ms=100")).ok:
            break
        await world.sleep("1s")
    else:
        raise orrery.NotLive("no alarm was set within a minute of asking")
    for _ in range(90):
        heard = bell.retry_counts.get(name, [])
        if len(heard) >= 3:
            break
        await world.sleep("2s")
    world.check.that(heard == [0, 1, 2], f"the runs of {name} were told retry counts {heard}", rule="DO-ALARM-3")
    for name in bell.retry_counts:
        world.check.that(not name.startswith("vain"), f"{name} rang, but was never set", rule="DO-ALARM-5")


async def one_add(client):
    await client.post("/hall/add", op=("add", "n", 1), outcome=sum_or_unsure)


async def adding(world, clients, end_s, pause_ms):
    """Sends additions without waiting for their answers; gives back all of them to be awaited."""
    sent = []
    while world.now < end_s:
        sent.append(world.spawn(one_add(clients[len(sent) % len(clients)])))
        await world.sleep(f"{world.random.randrange(*pause_ms)}ms")
    return sent


async def marking(world, client, end_s, marked):
    while world.now < end_s:
        name = f"mark-{round(world.now * 1e6)}"
        if (await client.post(f"/hall/mark?id={name}")).ok:
            marked.append(name)
        await world.sleep(f"{world.random.randrange(100, 300)}ms")


async def last_look(world, marked=()):
    world.heal()
    guard = world.client(near="Tokyo")
    await guard.until_ok("GET", "/hall/n")
    for name in marked:
        known = (await guard.until_ok("GET", f"/hall/knows?id={name}")).json()["knows"]
        world.check.that(known, f"{name} was confirmed, but is not known any more", rule="DO-DUR-1")
    world.check.linearizable(world.history, model="counter", add_returns=True)


@orrery.scenario(app="app", pops=POPS, faults="none")
async def takeovers(world: orrery.World) -> None:
    """An owner with two of its followers is cut off and goes on writing; others take over; then all meet again
    and the new owner dies at once."""
    await world.client(near="Frankfurt").until_ok("GET", "/hall/n")
    heal_us = 20_000_000 + world.random.randrange(4_000_000)
    world.at("4s").isolate_owner("do:Room/hall", from_=["directory", "followers:3"], for_=f"{heal_us - 4_000_000}us")
    near = world.spawn(adding(world, world.clients(4, near="Frankfurt"), heal_us / 1e6 + 4, (20, 90)))
    marked = []
    far = world.spawn(marking(world, world.client(near="Singapore"), heal_us / 1e6, marked))
    # The new owner dies around the time when all meet again, so that the next one finds both logs.
    for crash_us in (heal_us - world.random.randrange(1_500_000), heal_us + world.random.randrange(1_000_000)):
        world.at(f"{crash_us}us").crash("do:Room/hall", restart_after="2s")
    sent, _ = await world.gather(near, far)
    await world.gather(*sent)
    await last_look(world, marked)


def cut_power(world, name):
    """The owner of an object and all its followers lose their power at once, three times, in the middle of slow
    writes. Gives the second at which that is over."""
    cut_us = 3_000_000
    for _ in range(3):
        world.at(f"{cut_us}us").disk(f"replicas:{name}", "slow", factor=2000, for_="1s")
        cut_us += 20_000 + world.random.randrange(200_000)
        world.at(f"{cut_us}us").crash(f"replicas:{name}", restart_after="1s")
        cut_us += 14_000_000
    return cut_us / 1e6


@orrery.scenario(app="app", pops=POPS, faults="none")
async def power_cuts(world: orrery.World) -> None:
    """Additions go on while the power fails again and again: none that was confirmed is lost."""
    await world.client(near="Frankfurt").until_ok("GET", "/hall/n")
    end_s = cut_power(world, "do:Room/hall")
    sent = await adding(world, world.clients(4, near="Frankfurt"), end_s, (20, 60))
    await world.gather(*sent)
    await last_look(world)


async def syncing(world, client, end_s, synced):
    while world.now < end_s:
        name = f"note-{client.name.replace('/', '-')}-{round(world.now * 1e6)}"
        if (await client.post(f"/ledger/sync?id={name}")).ok:
            synced.append(name)
        await world.sleep(f"{world.random.randrange(20, 60)}ms")


@orrery.scenario(app="../../scenarios/workshop/app", pops=POPS, faults="none")
async def power_cuts_after_sync(world: orrery.World) -> None:
    """What was told after sync() is known ever after, though the power fails again and again."""
    guard = world.client(near="Frankfurt")
    await guard.until_ok("GET", "/ledger/remembers")
    end_s = cut_power(world, "do:Bench/ledger")
    synced = []
    await world.gather(*(world.spawn(syncing(world, c, end_s, synced)) for c in world.clients(3, near="Frankfurt")))
    world.heal()
    for name in synced:
        known = (await guard.until_ok("GET", f"/ledger/synced?id={name}")).json()["value"]
        world.check.that(known, f"{name} was told after sync(), but is not known any more", rule="DO-DUR-1")


@orrery.scenario(app="app", pops=POPS, faults="none")
async def lost_disks(world: orrery.World) -> None:
    """Two members of the directory lose their disks; a third had missed who owns the room, and whoever comes from afar
    reaches just these three: what they never heard of, they must not decide."""
    missed, lost, far = ["host:IAD/4"], ["host:SJC/4", "host:NRT/4"], ["host:AMS/4", "host:SIN/4"]
    cut_us = 3_000_000 + world.random.randrange(2_000_000)
    world.at("100ms").crash(missed[0], restart_after=f"{cut_us}us")
    edges = [f"host:{pop}/{n}" for pop in ("NRT", "HAN") for n in (1, 2, 3)]
    world.at(f"{cut_us}us").partition(edges, far, name="far", for_="30s")
    for host in lost:
        world.at(f"{cut_us + world.random.randrange(1_000_000)}us").disk(host, "lost", restart_after="1s")
    await world.sleep("500ms")
    near = world.spawn(adding(world, world.clients(2, near="Frankfurt"), cut_us / 1e6 + 20, (100, 400)))
    await world.sleep(f"{cut_us + 2_500_000 - 500_000}us")
    sent = await adding(world, world.clients(2, near="Tokyo"), cut_us / 1e6 + 20, (100, 400))
    await world.gather(*sent)
    await world.gather(*(await near))
    await last_look(world)
