"""Votes of everybody, in one object or in sixteen: what happens when there are more than an object can take.

First a quiet time with faults, then, when they are over, a rush of more than an object takes: 10,000 requests in
ten seconds. A vote that was confirmed must be counted, one that was refused must not; one without an answer may be.
"""

import orrery

POPS = ["FRA", "CDG", "AMS"]
CITIES = ["Frankfurt", "Paris", "Amsterdam"]
QUIET = dict(rate="40/s", for_="6s")
RUSH = dict(rate="1300/s", for_="9s")
CONFIRMED_COUNTS = "APP-VOTES-1"
LOAD_IS_TAKEN = "APP-VOTES-2"


async def rush_of_votes(world):
    """Casts the votes, checks that the confirmed ones count, and gives how the rush went."""
    clerk = world.client(near="Frankfurt")
    request = {"method": "POST", "url": "/votes"}
    quiet = world.load(request=request, clients=12, near=CITIES, **QUIET)
    await quiet.done()
    world.heal()
    await clerk.until_ok("GET", "/votes")
    rush = world.load(request=request, clients=60, near=CITIES, **RUSH)
    await rush.done()
    await world.sleep("10s")  # by then an object that had too much takes requests again
    count = (await clerk.until_ok("GET", "/votes")).json()["count"]

    confirmed = quiet.ok + rush.ok
    possible = quiet.sent + rush.sent - quiet.refused - rush.refused
    world.check.that(
        confirmed <= count <= possible,
        f"{count} votes are counted, but {confirmed} were confirmed and {possible} not refused",
        rule=CONFIRMED_COUNTS,
    )
    return rush


@orrery.scenario(app="app", pops=POPS, faults_over="8s")
async def god_object(world: orrery.World) -> None:
    """One object for everything refuses what it cannot take, and loses nothing that it confirmed."""
    rush = await rush_of_votes(world)
    world.check.that(
        rush.refused > 0, f"one object took {rush.sent} requests in nine seconds", rule=LOAD_IS_TAKEN
    )


@orrery.scenario(app="app", environment="sharded", pops=POPS, faults_over="8s")
async def sharded_counter(world: orrery.World) -> None:
    """The load that is too much for one object is none for sixteen."""
    rush = await rush_of_votes(world)
    world.check.that(
        rush.refused == 0,
        f"{rush.refused} of {rush.sent} votes were refused though no shard has too much to do",
        rule=LOAD_IS_TAKEN,
    )
