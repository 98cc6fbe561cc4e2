"""A sliding-window rate limiter: callers of two customers, in several cities, all ask for more than is allowed.

What is promised when the object moves from host to host, whose clocks differ? The app stamps every hit with a
time that never goes back, so by the stamps no window holds more than LIMIT hits, whatever the clocks do. By the
callers' own time the same holds of windows that are shorter by what two clocks may differ, and whoever is refused
can name LIMIT hits of a window that is longer by as much. A hit without an answer may have been counted at
any time since it was asked for, or never.
"""

import orrery

LIMIT = 8  # as in the app's wrangler.jsonc
# Longer than it takes until another host may own the object: hits must survive that.
WINDOW_MS = 20_000
EPOCH_S = 1_767_225_600  # the world begins in 2026
POPS = ["FRA", "SIN", "IAD", "HAN", "CDG", "NRT"]
CITIES = ["Frankfurt", "Singapore", "Ashburn", "Hanoi"]
CUSTOMERS = ["alice", "bob"]
# How far a clock within its declared bounds may be off; one that was stepped tells by its stamps.
CLOCK_OFF = 0.1
# Rules of this app.
NEVER_MORE = "APP-LIMIT-1"
NEVER_LESS = "APP-LIMIT-2"
FORGETS_OLD = "APP-LIMIT-3"
ACKNOWLEDGED_STAYS = "DO-DUR-1"


class Hit:
    """One request, however often it was asked: when it could have been counted, and what was answered."""

    def __init__(self, customer, name, now):
        self.customer, self.name = customer, name
        self.asked, self.answered = now, None
        #: The limiter's stamp, if it was let in.
        self.at = None
        #: Some try of it had no answer: it may be counted at any time.
        self.unsure = False
        #: When each refusal was asked for and told.
        self.refused = []


class Look:
    def __init__(self, customer, asked, answer):
        self.customer, self.asked, self.now = customer, asked, answer["now"]
        self.hits = {row["request"]: row["at"] for row in answer["hits"]}


async def hit(world, client, found):
    for _ in range(2):
        asked = world.now
        response = await client.post(f"/customers/{found.customer}/hits", json={"request": found.name})
        found.answered = world.now
        if response.ok:
            found.at = response.json()["at"]
            return
        if response.status == 429:
            found.refused.append((asked, world.now))
            return
        found.unsure = True
        await world.sleep("400ms")


async def caller(world, client, customer, hits, end_s):
    number = 0
    while world.now < end_s:
        number += 1
        hits.append(Hit(customer, f"{client.name}-{number}", world.now))
        await hit(world, client, hits[-1])
        await world.sleep(f"{world.random.randrange(50, 2500)}ms")


async def watcher(world, client, looks, end_s):
    while world.now < end_s:
        for customer in CUSTOMERS:
            asked = world.now
            response = await client.get(f"/customers/{customer}/hits")
            if response.ok:
                looks.append(Look(customer, asked, response.json()))
        await world.sleep(f"{world.random.randrange(500, 3000)}ms")


async def until_looked(world, client, customer):
    """A look that must be answered, as the faults are over."""
    for _ in range(180):
        asked = world.now
        response = await client.get(f"/customers/{customer}/hits")
        if response.ok:
            return Look(customer, asked, response.json())
        await world.sleep("1s")
    raise orrery.NotLive(f"{customer}'s hits were not told within three minutes of asking")


def clock_off(hits):
    """How far stamps lie outside the time between question and answer, in seconds; at least CLOCK_OFF."""
    off = CLOCK_OFF
    for found in hits:
        if found.at is not None:
            at = found.at / 1000 - EPOCH_S
            off = max(off, found.asked - at, at - found.answered)
    return off


def check_never_more(world, customer, let_in, off):
    by_stamp = sorted(let_in, key=lambda found: found.at)
    for first, last in zip(by_stamp, by_stamp[LIMIT:]):
        world.check.that(
            last.at - first.at >= WINDOW_MS,
            f"{LIMIT + 1} hits of {customer} within {last.at - first.at} ms by the limiter's clock, from {first.name} to {last.name}",
            rule=NEVER_MORE,
        )
    # Whatever was asked and answered within a stretch was counted within it.
    length = WINDOW_MS / 1000 - 2 * off
    for first in let_in:
        within = [found for found in let_in if first.asked <= found.asked and found.answered < first.asked + length]
        world.check.that(
            len(within) <= LIMIT,
            f"{len(within)} hits of {customer} were let in within {length:.3f} s from {first.asked:.3f} s on",
            rule=NEVER_MORE,
        )


def check_never_less(world, customer, hits, off):
    """Counts for a refusal whatever may have been counted since a window before it."""
    for refused in hits:
        for asked, told in refused.refused:
            since = asked - WINDOW_MS / 1000 - 2 * off
            reasons = sum(
                found.asked < told
                and (found.unsure or (found.at is not None and found.answered >= since))
                for found in hits
                if found is not refused
            )
            world.check.that(
                reasons >= LIMIT,
                f"{refused.name} was refused at {told:.3f} s, but {customer} had at most {reasons} hits in the window",
                rule=NEVER_LESS,
            )


def check_nothing_forgotten(world, look, let_in):
    for found in let_in:
        if found.answered < look.asked and found.at > look.now - WINDOW_MS:
            world.check.that(
                look.hits.get(found.name) == found.at,
                f"{found.name} was let in at {found.at}, but at {look.now} {look.customer}'s hits are {look.hits}",
                rule=ACKNOWLEDGED_STAYS,
            )


async def limited(world, end_s):
    hits, looks = [], []
    strands = [
        world.spawn(caller(world, client, CUSTOMERS[number % 2], hits, end_s))
        for number, client in enumerate(world.clients(8, near=[city for city in CITIES for _ in CUSTOMERS]))
    ]
    strands.append(world.spawn(watcher(world, world.client(near="Paris"), looks, end_s)))
    await world.gather(*strands)

    world.heal()
    witness = world.client(near="Tokyo")
    for customer in CUSTOMERS:
        looks.append(await until_looked(world, witness, customer))
    off = clock_off(hits)
    for customer in CUSTOMERS:
        own = [found for found in hits if found.customer == customer]
        let_in = [found for found in own if found.at is not None]
        check_never_more(world, customer, let_in, off)
        check_never_less(world, customer, own, off)
        for look in looks:
            if look.customer == customer:
                check_nothing_forgotten(world, look, let_in)

    # The longest pause that failed runs of an alarm can have left, and a takeover.
    await world.sleep("5m")
    for customer in CUSTOMERS:
        look = await until_looked(world, witness, customer)
        world.check.that(not look.hits, f"five minutes later {customer}'s hits are still {look.hits}", rule=FORGETS_OLD)


@orrery.scenario(app="app", pops=POPS, faults_over="40s")
async def rate_limiter(world: orrery.World) -> None:
    """Never too many in a window, nobody refused without reason, no acknowledged hit forgotten."""
    await limited(world, end_s=50)


@orrery.scenario(app="app", pops=POPS, faults="lite", faults_over="40s")
async def rate_limiter_between_clocks(world: orrery.World) -> None:
    """The same while the limiter moves between hosts of two times, fifteen seconds apart."""
    for pop in POPS[::2]:
        for number in range(1, 4):
            world.at("0s").clock(f"host:{pop}/{number}", step="15s", back=True)
    for number, customer in enumerate(CUSTOMERS):
        moments = [world.random.randrange(3000, 9000), world.random.randrange(22000, 30000)]
        for moment in moments:
            world.at(f"{moment}ms").crash(f"do:Limiter/{customer}", restart_after="20s")
    await limited(world, end_s=50)
