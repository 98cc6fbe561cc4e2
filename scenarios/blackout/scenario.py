"""A ledger whose followers' cities go dark one after the other, until four of the first five are away at once; then
its own goes, and then it is moved to another continent.

Three of five followers must have a write before it is confirmed. A follower that is away for a minute gives its place to
another host, so an outage that creeps from city to city takes nothing away, though one that came all at once would.
"""

import orrery

POPS = ["FRA", "SIN", "IAD"]
CITIES = ["Frankfurt", "Singapore", "Ashburn"]
LEDGER = "do:Ledger/main"
#: The points of presence nearest to Frankfurt, where the first followers are.
NEIGHBOURS = ["DUS", "STR", "LUX", "MUC", "ZRH"]
KEPT = "DO-DUR-1"
TAKES_ENTRIES = "APP-BLACKOUT-1"


async def book(world, client, until_s, confirmed, longest):
    """Adds entries, each until it is confirmed; notes how long the slowest took."""
    number = 0
    while world.now < until_s:
        number += 1
        entry, began = f"{client.name.replace('/', '-')}-{number}", world.now
        while not (await client.put(f"/entries/{entry}")).ok:
            if world.now > until_s:
                return
            await world.sleep("500ms")
        confirmed.append(entry)
        longest.append(world.now - began)
        await world.sleep(f"{world.random.randrange(700, 1600)}ms")


async def look(world, confirmed=(), near="Tokyo"):
    """Everything that was confirmed is there."""
    guard = world.client(near=near)
    known = set((await guard.until_ok("GET", "/entries", tries=240)).json())
    missing = [entry for entry in confirmed if entry not in known]
    world.check.that(not missing, f"{len(missing)} confirmed entries are gone: {missing[:3]}", rule=KEPT)


def go_dark(world, jitter_us):
    """Four of five cities, each for longer than it takes to replace who followed there; then the ledger's own."""

    def at(second):
        return world.at(f"{second * 1_000_000 + world.random.randrange(jitter_us + 1)}us")

    at(10).lose_pop(NEIGHBOURS[0], for_="320s")
    at(100).lose_pop(NEIGHBOURS[1], for_="230s")
    at(190).lose_pop(NEIGHBOURS[2], for_="140s")
    at(190).lose_pop(NEIGHBOURS[3], for_="140s")
    at(290).lose_pop("FRA", for_="30s")
    at(350).move(LEDGER, to="IAD")


@orrery.scenario(app="app", pops=POPS, faults="none")
async def four_of_five(world: orrery.World) -> None:
    """Not for half a minute does anybody wait, save when the ledger's own city goes and another takes it over."""
    confirmed, before, longest = [], [], []
    await look(world, near="Frankfurt")  # so that it is made there
    clerks = world.clients(3, near=CITIES)
    go_dark(world, 0)
    await world.gather(*(world.spawn(book(world, clerk, 285, confirmed, before)) for clerk in clerks))
    world.check.that(max(before) < 5, f"an entry took {max(before):.1f} s while cities were dark", rule=TAKES_ENTRIES)
    again = world.clients(3, near=CITIES)
    await world.gather(*(world.spawn(book(world, clerk, 400, confirmed, longest)) for clerk in again))
    world.check.that(max(longest) < 40, f"an entry took {max(longest):.1f} s", rule=TAKES_ENTRIES)
    await look(world, confirmed)


@orrery.scenario(app="app", pops=POPS, faults_over="400s")
async def blackout(world: orrery.World) -> None:
    """The same while the preset's faults go on: nothing that was confirmed is lost."""
    confirmed = []
    await look(world, near="Frankfurt")
    go_dark(world, 5_000_000)
    clerks = world.clients(3, near=CITIES)
    await world.gather(*(world.spawn(book(world, clerk, 420, confirmed, [])) for clerk in clerks))
    world.heal()
    await look(world, confirmed)


@orrery.scenario(app="app", pops=POPS, faults="none", seeds=3)
async def directory_disks_lost(world: orrery.World) -> None:
    """Two members of the directory, which knows who owns what, lose their disks and are replaced by a new view of it;
    then the ledger is moved: it is found all the while, with all that was confirmed."""
    confirmed, longest = [], []
    await look(world, near="Frankfurt")
    for host, second in (("host:SJC/4", 4), ("host:NRT/4", 20)):
        world.at(f"{second * 1_000_000 + world.random.randrange(3_000_000)}us").disk(host, "lost", restart_after="1s")
    world.at("45s").move(LEDGER, to="IAD")
    clerks = world.clients(3, near=CITIES)
    await world.gather(*(world.spawn(book(world, clerk, 70, confirmed, longest)) for clerk in clerks))
    world.check.that(max(longest) < 40, f"an entry took {max(longest):.1f} s", rule=TAKES_ENTRIES)
    await look(world, confirmed)
