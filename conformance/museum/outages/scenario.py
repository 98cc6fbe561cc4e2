"""Hunting grounds for flaws that elsewhere show only at the end of long stories or after many seeds: outages that are over before
anybody looks, a room that moves often, a crowd. Short runs."""

import orrery

POPS = ["FRA", "SIN", "IAD"]
#: Of what must be answered once the faults are over, a second apart.
TRIES = 60
CITIES = ["Frankfurt", "Singapore", "Ashburn"]


async def look_back(world, client):
    """Adds entries before, while and after the archive is away; later, takes the ledger back to one of them."""
    name = client.name.replace("/", "-")
    marks, unsure, kept = [], set(), []
    for number in range(9):
        await world.sleep(f"{world.random.randrange(3000, 8000)}ms")
        entry = f"{name}-{number}"
        response = await client.post(f"/{name}/add?of={entry}")
        if response.ok:
            kept.append(entry)
            marks.append((response.json(), list(kept)))
        else:
            unsure.add(entry)
    chosen = world.random.random()
    await world.sleep(f"{max(0.0, 75 - world.now)}s")
    if not marks:
        return
    bookmark, then = marks[int(chosen * len(marks))]
    if not (await client.post(f"/{name}/restore?of={bookmark}")).ok:
        return
    await world.sleep("3s")
    got = [entry for entry in (await client.until_ok("GET", f"/{name}/entries", tries=TRIES)).json() if entry not in unsure]
    world.check.that(got == then, f"{name} was taken back to {then}, and holds {got}", rule="DO-PITR-1")


@orrery.scenario(app="../../../scenarios/time_travel/app", pops=POPS, faults_over="60s")
async def archive_away(world: orrery.World) -> None:
    """What was written while the archive was away can be gone back to, though its objects have moved since."""
    clients = world.clients(3, near=CITIES)
    world.at("14s").crash("archive:*", restart_after="18s")
    for client in clients:
        world.at("70s").evict(f"do:Ledger/{client.name.replace('/', '-')}")
    await world.gather(*(world.spawn(look_back(world, client)) for client in clients))


@orrery.scenario(app="../../../scenarios/blackout/app", pops=POPS, faults_over="60s")
async def follower_away(world: orrery.World) -> None:
    """A follower's city is dark for so long that another takes its place; then the owner's own city is."""
    guard = world.client(near="Frankfurt")
    await guard.until_ok("GET", "/entries", tries=TRIES)  # so that it is made there
    world.at("3s").lose_pop("DUS", for_="110s")
    world.at("80s").lose_pop("FRA", for_="20s")
    confirmed = []
    for number in range(13):
        await world.sleep(f"{world.random.randrange(8000, 9400)}ms")
        entry = f"entry-{number}"
        if (await guard.put(f"/entries/{entry}")).ok:
            confirmed.append(entry)
    world.heal()
    known = set((await world.client(near="Tokyo").until_ok("GET", "/entries", tries=TRIES)).json())
    missing = [entry for entry in confirmed if entry not in known]
    world.check.that(not missing, f"confirmed entries are gone: {missing}", rule="DO-DUR-1")


@orrery.scenario(app="../../../scenarios/feature_flags/app", pops=POPS, faults_over="20s", patience="15m")
async def flag_settles(world: orrery.World) -> None:
    """Of a flag that is changed a few times amid the faults, every city shows the last change in the end."""
    admin = world.client(near="Frankfurt")
    last, written = 0, 0
    for _ in range(6):
        await world.sleep(f"{world.random.randrange(1000, 4000)}ms")
        written += 1
        flag = {"enabled": True, "revision": written}
        if (await admin.put("/flags/beta", json=flag, headers={"authorization": "Bearer let-me-in"})).ok:
            last = written
    world.heal()
    await world.sleep("150s")
    for client in world.clients(3, near=CITIES):
        response = await client.get("/flags/beta?freshness=strict")
        if response.ok:
            shown = response.json()["revision"]
            world.check.that(shown >= last, f"{client.city} shows revision {shown}, not {last}", rule="KV-1")


@orrery.scenario(app="../app", pops=POPS, faults_over="20s")
async def owner_gone(world: orrery.World) -> None:
    """The machine of an object's owner breaks down and is not repaired: another takes the object over, with all that was
    confirmed."""
    client = world.client(near="Frankfurt")
    await client.until_ok("GET", "/hall/n", tries=TRIES)
    marked = []
    broken_s = world.now + 1 + world.random.randrange(4)
    world.at(f"{broken_s}s").crash("do:Room/hall", restart_after="30m")
    while world.now < broken_s + 20:
        name = f"mark-{len(marked)}"
        if (await client.post(f"/hall/mark?id={name}")).ok:
            marked.append(name)
        await world.sleep(f"{world.random.randrange(200, 900)}ms")
    while not (await client.get("/hall/n")).ok:
        alone_s = world.now - broken_s
        world.check.that(alone_s < 300, "nobody has taken do:Room/hall over from its lost owner", rule="DO-LIVE-1")
        await world.sleep("1s")
    for name in marked:
        known = (await client.until_ok("GET", f"/hall/knows?id={name}", tries=TRIES)).json()["knows"]
        world.check.that(known, f"{name} was confirmed, but is not known any more", rule="DO-DUR-1")


@orrery.scenario(app="../app", pops=POPS, faults_over="20s")
async def often_moved(world: orrery.World) -> None:
    """A room is moved from continent to continent; the calls of one caller reach it in their order all the same."""
    await world.client(near="Frankfurt").until_ok("GET", "/study/n", tries=TRIES)
    for number in range(9):
        moved_us = (2 * number + 2) * 1_000_000 + world.random.randrange(900_000)
        world.at(f"{moved_us}us").move("do:Room/study", to=POPS[(number + 1) % len(POPS)])

    async def spell(client):
        for number in range(40):
            answer = await client.post(f"/study/spell?id={client.name[7:]}-{number}")
            # An instance may end between two of them; those that one instance took are in order.
            for later in answer.json()["answers"] if answer.ok else []:
                world.check.that(later == "".join(sorted(later)), f"calls arrived as {later!r}", rule="DO-ORD-1")
            if world.now > 20:
                return
            await world.sleep(f"{world.random.randrange(20, 200)}ms")

    await world.gather(*(world.spawn(spell(client)) for client in world.clients(6, near=CITIES)))


@orrery.scenario(app="../app", pops=POPS, faults_over="6s")
async def crowded(world: orrery.World) -> None:
    """Many add to one counter at once, each in a section of three milliseconds: every addition counts once."""
    await world.client(near="Frankfurt").until_ok("GET", "/hall/n", tries=TRIES)

    def told(response):
        return ("ok", response.json()["n"]) if response.ok else ("info", None)

    async def add(client):
        for _ in range(12):
            await client.post("/hall/add", op=("add", "n", 1), outcome=told)
            await world.sleep(f"{world.random.randrange(1, 60)}ms")

    await world.gather(*(world.spawn(add(client)) for client in world.clients(8, near="Frankfurt")))
    world.check.linearizable(world.history, model="counter", add_returns=True)
