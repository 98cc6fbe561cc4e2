"""Every kind of fault in each of its modes, against one small app, and what must hold all the same.

The presets draw faults by chance; here each strikes by plan. sim/fault/README.md lists them. Counters stay
linearizable, bells that were set ring, notes appear in every city, an origin that fails is told from one that answers.
"""

import orrery

POPS = ["FRA", "SIN", "IAD"]
CITIES = ["Frankfurt", "Singapore", "Ashburn"]
X = "do:Counter/x"
FOLLOWERS = f"followers:{X}"
FOLLOWERS_CITIES = ["DUS", "STR", "LUX", "MUC", "ZRH"]
RINGS = "DO-ALARM-1"
COUNTED = "DO-DUR-1"
SERVED = "DO-LIVE-1"
FRESH = "KV-1"
#: All of platform/durable/steps.h.
COMMIT = ["3.2.1", "3.2.3", "3.2.4", "3.2.6", "3.2.7.1", "3.2.7.2", "3.2.7.3", "3.2.7", "3.2.8"]
ALARM = [f"6.7.{number}" for number in range(1, 11)]


def unsure(response):
    """Nothing is refused here: whatever is no 2xx may or may not have happened."""
    return ("ok", response.json()) if response.ok else ("info", None)


def add(client, name="x"):
    return client.post(f"/counters/{name}", op=("add", name, 1), outcome=unsure)


def read(client, name="x"):
    return client.get(f"/counters/{name}", op=("read", name), outcome=unsure)


async def clerk(world, client, until_s):
    while world.now < until_s:
        await (add if world.random.randrange(3) else read)(client)
        await world.sleep(f"{world.random.randrange(150, 450)}ms")


async def persist(world, ask, what):
    """Asks until there is an answer."""
    for _ in range(120):
        response = await ask()
        if response.ok:
            return response
        await world.sleep("1s")
    raise orrery.NotLive(f"{what} did not answer within two minutes of asking")


async def count_through(world, until_s):
    """Clients in all cities count; when it is all over the counter must fit what they were told."""
    await persist(world, lambda: read(world.client(near="Frankfurt")), "the counter")
    await world.gather(*(world.spawn(clerk(world, client, until_s)) for client in world.clients(4, near=CITIES)))
    await close(world)


async def close(world):
    world.heal()
    await persist(world, lambda: read(world.client(near="Tokyo")), "the counter")
    world.check.linearizable(world.history, model="counter")


@orrery.scenario(app="app", pops=POPS, faults="none", seeds=1)
async def links(world: orrery.World) -> None:
    """Whatever links do to messages, none counts twice and none that was confirmed is forgotten."""
    world.at("2s").partition(["FRA"], ["SIN"], for_="4s")
    world.at("3s").partition(["FRA"], ["IAD"], one_way=True, for_="4s")
    world.at("8s").partition(["FRA"], [FOLLOWERS], name="flaps", every="2s", open="700ms", for_="9s")
    world.at("18s").backbone_loss(name="dark", for_="60s")
    world.at("24s").heal("dark")
    world.at("25s").backbone_loss(loss_ppm=200_000, name="bad-line", for_="4s")
    world.at("30s").clog([X], FOLLOWERS_CITIES, delay="900ms", for_="3s", name="both")
    world.at("33s").clog([X], FOLLOWERS_CITIES, delay="900ms", direction="send", for_="3s", name="send")
    world.at("36s").clog([X], FOLLOWERS_CITIES, delay="900ms", direction="receive", for_="3s", name="receive")
    world.at("39s").backbone_loss(delay="400ms", name="slow-backbone", for_="3s")
    world.at("42s").loss(["FRA"], ["SIN", "IAD"], loss_ppm=300_000, for_="3s", name="lossy")
    world.at("45s").loss([X], [FOLLOWERS], tail_ppm=200_000, delay="2s", for_="3s", name="tail")
    world.at("48s").loss([X], [FOLLOWERS], bytes_per_second=20_000, for_="3s", name="narrow")
    world.at("51s").reroute("FRA", for_="4s")
    await count_through(world, 58)


@orrery.scenario(app="app", pops=POPS, faults="none", seeds=1)
async def machines(world: orrery.World) -> None:
    """Hosts end, stop, are slow and have wrong clocks: the counter's own, its followers, the directory's."""
    world.at("2s").crash(X, restart_after="2s")
    world.at("8s").crash("followers:3:" + X, restart_after="5s")  # its quorum is gone until they are back
    world.at("16s").crash(f"replicas:{X}", restart_after="2s")
    world.at("24s").crash("directory/2", restart_after="6s")
    world.at("26s").crash("directory/4", restart_after="6s")
    world.at("34s").crash("host:SIN/1").crash("host:SIN/2")
    world.at("37s").restart("host:SIN/1").restart("host:SIN/2")
    world.at("38s").pause(X, for_="12s")
    world.at("52s").slow_host(X, factor=30, for_="5s")
    world.at("52s").slow_host(FOLLOWERS, factor=10, for_="5s")
    world.at("59s").clock(X, drift="900ppm", for_="20s")
    world.at("60s").clock("host:IAD/1", step="40s")
    world.at("62s").lose_pop("FRA")
    world.at("72s").return_pop("FRA")
    await count_through(world, 82)


@orrery.scenario(app="app", pops=POPS, faults="none", seeds=1)
async def disks(world: orrery.World) -> None:
    """One follower's disk does all that disks do, another's what they do without harm; then the owner's fills up."""
    spoiled, whole = f"followers:1:{X}", FOLLOWERS
    world.at("2s").disk(spoiled, "bit_rot", chance_ppm=200_000, for_="3s")
    world.at("5s").disk(spoiled, "misdirected", chance_ppm=200_000, for_="3s")
    world.at("8s").disk(spoiled, "fsync_fails", chance_ppm=300_000, for_="3s")
    world.at("11s").disk(spoiled, "fsync_lies", for_="3s")
    world.at("14s").disk(spoiled, "lost", restart_after="2s")
    world.at("22s").disk(whole, "slow", factor=40, for_="4s")
    world.at("27s").disk("followers:2:" + X, "torn", restart_after="2s")
    world.at("34s").disk("followers:2:" + X, "io_error", chance_ppm=400_000, for_="3s")
    world.at("38s").disk("followers:2:" + X, "io_error", from_call=3, calls=4, for_="3s")
    world.at("42s").disk("followers:2:" + X, "gone", for_="4s")
    world.at("48s").disk(X, "full", for_="4s")
    await count_through(world, 60)


async def bell(world, client, name, set_):
    """Sets a bell for the near future, then again for later: both as soon as the client is told."""
    for ms in (3000, 1500, 4000):
        if (await client.post(f"/bells/{name}?in={ms}")).ok:
            set_.add(name)
        await world.sleep("300ms")


@orrery.scenario(app="app", versions={"v2": "app"}, pops=POPS, faults="none", seeds=1)
async def steps(world: orrery.World) -> None:
    """A process ends at each numbered step of a commit and of an alarm, of an object each; turns are cut short, isolates
    killed, code and hosts exchanged, objects moved: what was counted stays, what was set rings."""
    set_, names = set(), [f"s{number}" for number in range(len(COMMIT + ALARM))]
    clients = world.clients(len(names), near=CITIES)
    for name, step in zip(names, COMMIT + ALARM):
        world.at("1s").crash_at_step(f"do:Counter/{name}", step=step, restart_after="1500ms")
    world.at("4s").repeat_alarm(X, after="2s")
    world.at("12s").crash(f"scheduler:{X}", restart_after="3s")
    world.at("20s").crash_in_turn(X, host_call=2)
    world.at("23s").kill_isolate(X, reason="memory")
    world.at("25s").kill_isolate(X, reason="cpu")
    world.at("26s").kill_isolate("host:SIN/1", reason="evicted")
    world.at("27s").evict(X)
    world.at("28s").move(X, to="SIN")
    world.at("33s").deploy("v2")
    world.at("36s").upgrade(X, release=2)
    await world.sleep("1100ms")
    await persist(world, lambda: add(clients[0]), "the counter")
    await world.gather(*(world.spawn(bell(world, c, n, set_)) for c, n in zip(clients, names)))
    while world.now < 40:
        await bell(world, clients[0], "x", set_)
        await add(clients[1])
    await world.sleep("30s")
    await close(world)
    for name in sorted(set_):
        response = await persist(world, lambda: clients[0].get(f"/bells/{name}"), f"bell {name}")
        world.check.that(response.json() >= 1, f"the bell {name} was set and never rang", rule=RINGS)


async def chat(world, client, sent, until_s):
    """Counts through WebSockets, a new one when the old is gone."""
    while world.now < until_s:
        socket = await client.websocket("/sockets/w")
        while socket.open and world.now < until_s:
            sent.append(socket.send("+"))
            told = await socket.receive(timeout="5s")
            if told is None:
                break
            sent.told = max(sent.told, int(told))
            await world.sleep("200ms")
        sent.cut += not socket.open
        await world.sleep("300ms")


class Sent(list):
    told = 0
    cut = 0


@orrery.scenario(app="app", pops=POPS, faults="none", seeds=1)
async def outside(world: orrery.World) -> None:
    """Origins fail, WebSockets are cut, KV is slow and loses a back end: the app says so and goes on."""
    world.origin("rates.example", lambda request: "1.25")
    world.at("5s").origin("rates.example", "status", status=503, for_="4s")
    world.at("10s").origin("rates.example", "timeout", for_="4s")
    world.at("15s").origin("rates.example", "slow", delay="1s", for_="4s")
    world.at("20s").origin("rates.example", "slow", delay="10s", for_="4s")
    world.at("6s").cut_socket("client/1")
    world.at("12s").cut_socket("client/2")
    world.at("8s").kv_delay("NOTES", "20s", for_="20s")
    world.at("10s").crash("kv/1", restart_after="25s")
    sent = Sent()
    chatters = world.clients(2, near=CITIES[:2])
    strands = [world.spawn(chat(world, client, sent, 30)) for client in chatters]
    asker = world.client(near="Ashburn")
    for second, rate in ((2, "1.25"), (6, "unknown"), (11, "unknown"), (16, "1.25"), (21, "unknown"), (26, "1.25")):
        await world.sleep(second - world.now)
        response = await asker.get("/rate")
        world.check.that(response.text() == rate, f"at {second} s the rate is {response.text()!r}, not {rate!r}", rule=SERVED)
        await persist(world, lambda: asker.fetch("PUT", "/notes/n", body=str(second)), "KV")
    await world.gather(*strands)
    world.heal()
    world.check.that(sent.cut >= 2, f"{sent.cut} WebSockets were cut", rule=SERVED)
    counted = (await persist(world, lambda: asker.get("/counters/w"), "the counter")).json()
    world.check.that(
        sent.told <= counted <= sum(sent), f"{counted} counted; {sum(sent)} sent, told of {sent.told}", rule=COUNTED
    )
    await world.sleep("100s")
    for city in CITIES:
        note = (await persist(world, lambda: world.client(near=city).get("/notes/n"), "KV")).text()
        world.check.that(note == "26", f"in {city} the note says {note}", rule=FRESH)


@orrery.scenario(app="app", pops=POPS, faults="none", seeds=1, past=True)
async def archive(world: orrery.World) -> None:
    """Those who keep the past of objects are away for a while: nobody waits for them."""
    world.at("5s").crash("archive:*", restart_after="20s")
    await count_through(world, 15)
