"""Trial subscriptions: an alarm after fourteen days ends each trial and charges the user, once.

Faults hit while trials are started, changed and ended. A run of the alarm may be repeated (at least
once is all that is promised), so the handler names its charge; the bank makes one of each name.
"""

import orrery

#: Of what must be answered once the faults are over, a second apart.
TRIES = 180
CITIES = ["Frankfurt", "Singapore", "Ashburn", "Hanoi"]
POPS = ["FRA", "SIN", "IAD", "HAN", "CDG", "NRT"]
DAY_MS = 24 * 60 * 60 * 1000
EPOCH_S = 1_767_225_600  # the world begins in 2026
# Rules of this app.
CHARGED_ONCE = "APP-TRIAL-1"
ENDS_IN_TIME = "APP-TRIAL-2"


class Bank:
    """Makes one charge for each idempotency key, and remembers every request."""

    def __init__(self, world):
        self.asked = []
        self.charges = {}
        world.origin("bank.example", self.charge)

    def charge(self, request):
        key = request.headers.get("idempotency-key") or f"none-{len(self.asked)}"
        user = request.json()["user"]
        self.asked.append((user, key))
        self.charges.setdefault(key, user)
        return {"charged": key}

    def of(self, user):
        return [key for key, owner in self.charges.items() if owner == user]


async def subscriber(world, client, user, days, plans):
    await world.sleep(f"{world.random.randrange(1, 8000)}ms")
    started = (await client.until_ok("POST", f"/trials/{user}/start", tries=TRIES)).json()
    plan = world.random.choice(["keep", "keep", "shorten", "lengthen", "cancel"])
    if plan == "cancel":
        await client.until_ok("POST", f"/trials/{user}/cancel", tries=TRIES)
        plans[user] = None
    elif plan == "keep":
        plans[user] = started["startedAt"] + days * DAY_MS
    else:
        other = days - 1 if plan == "shorten" else days + 1
        answer = (await client.until_ok("POST", f"/trials/{user}/extend", json={"days": other}, tries=TRIES)).json()
        plans[user] = answer["endsAt"]


async def trials(world, days=14):
    bank = Bank(world)
    plans = {}
    users = [f"u{number}" for number in range(1, 6)]
    clients = world.clients(len(users), near=CITIES)
    await world.gather(
        *(world.spawn(subscriber(world, c, u, days, plans)) for c, u in zip(clients, users))
    )
    # Whatever is broken now is over long before the trials end; then it begins again.
    end_s = days * 86_400
    for _ in range(world.random.randrange(0, 4) if world.random.randrange(3) else 0):
        host = f"host:{world.random.choice(POPS)}/{world.random.randrange(1, 4)}"
        at_s = end_s + world.random.randrange(-90, 20)
        world.at(at_s).crash(host, restart_after=f"{world.random.randrange(1, 600)}s")
    await world.sleep(f"{days - 2}d")
    witness = world.client(near="Paris")
    for user in users:
        status = (await witness.until_ok("GET", f"/trials/{user}", tries=TRIES)).json()
        world.check.that(
            status["alarm"] == plans[user] and not bank.of(user),
            f"{user} is to end at {plans[user]}, but before that stands at {status}",
            rule=ENDS_IN_TIME,
        )
    await world.sleep("4d")
    for user in users:
        status = (await witness.until_ok("GET", f"/trials/{user}", tries=TRIES)).json()
        ends = plans[user]
        if ends is None:
            good = status["state"] == "cancelled" and not bank.of(user)
        else:
            good = status["state"] == "ended" and len(bank.of(user)) == 1
            late_ms = (status["endedAt"] or 0) - ends
            world.check.that(
                not good or 0 <= late_ms < 120_000,
                f"{user} was to end at {ends} and ended {late_ms} ms later",
                rule=ENDS_IN_TIME,
            )
        world.check.that(
            good and status["alarm"] is None,
            f"{user} was to end at {ends}; is {status}, charged {bank.of(user)}",
            rule=CHARGED_ONCE,
        )


async def short_subscriber(world, client, user, plans):
    """Starts a trial and moves its end into the next minute or two, a few times."""
    started = (await client.until_ok("POST", f"/trials/{user}/start", tries=TRIES)).json()
    for _ in range(world.random.randrange(1, 4)):
        days = (world.random.randrange(5, 90) + world.now - started["startedAt"] / 1000 + EPOCH_S) / 86_400
        answer = (await client.until_ok("POST", f"/trials/{user}/extend", json={"days": days}, tries=TRIES)).json()
        await world.sleep(f"{world.random.randrange(100, 20000)}ms")
        plans[user] = answer["endsAt"]


@orrery.scenario(app="app", pops=POPS, faults_over="3m")
async def trials_end_amid_faults(world: orrery.World) -> None:
    """Short trials end while hosts crash, networks break and disks fail: each ends, charged once."""
    bank = Bank(world)
    plans = {}
    users = [f"u{number}" for number in range(1, 9)]
    clients = world.clients(len(users), near=CITIES)
    await world.gather(
        *(world.spawn(short_subscriber(world, c, u, plans)) for c, u in zip(clients, users))
    )
    if world.now < 180:
        await world.sleep(180 - world.now)
    world.heal()
    # The longest pause that failed runs can have left, and a takeover.
    await world.sleep("5m")
    witness = world.client(near="Paris")
    for user in users:
        status = (await witness.until_ok("GET", f"/trials/{user}", tries=TRIES)).json()
        world.check.that(
            status["state"] == "ended" and status["alarm"] is None and len(bank.of(user)) == 1,
            f"{user} was to end at {plans[user]}; is {status}, charged {bank.of(user)}",
            rule=CHARGED_ONCE,
        )


@orrery.scenario(app="app", pops=POPS, faults_over="20s")
async def trial(world: orrery.World) -> None:
    """Every trial ends once, in time, fourteen simulated days after it began."""
    await trials(world)
