"""Ledgers that are taken back to earlier moments: by a bookmark, by a time, and forward again.

One keeper writes to a ledger, so what it held at each bookmark is known: all that was confirmed before, and perhaps
what was never answered. A restore must give just that, whatever hosts, followers and the archive went through meanwhile.
"""

import orrery

POPS = ["FRA", "SIN", "IAD", "HAN"]
CITIES = ["Frankfurt", "Singapore", "Ashburn", "Hanoi"]
AS_OF_THEN = "DO-PITR-1"


class Keeper:
    def __init__(self, world, client):
        self.world, self.client = world, client
        self.name = client.name.replace("/", "-")
        #: What the ledger holds, in order; entries whose addition was not answered.
        self.entries, self.unsure = [], set()
        #: bookmark -> what the ledger held with it; and when it was told, milliseconds since 1970.
        self.marks = []

    async def read(self):
        """All entries, asked for until they are told."""
        return (await self.client.until_ok("GET", f"/{self.name}/entries", tries=240)).json()

    def check(self, got, expected, what):
        """Entries that were never answered may be among them."""
        sure = [entry for entry in got if entry not in self.unsure]
        self.world.check.that(
            sure == expected, f"{self.name} {what}: {sure} but it was {expected}", rule=AS_OF_THEN
        )

    async def add(self, number):
        entry = f"{self.name}-{number}"
        response = await self.client.post(f"/{self.name}/add?of={entry}")
        if not response.ok:
            self.unsure.add(entry)
            return
        self.entries.append(entry)
        self.marks.append((response.json(), list(self.entries)))

    async def restore(self, bookmark, then):
        """Takes the ledger back (or forward); False when that was not answered, so that nothing more is known."""
        before = list(self.entries)
        response = await self.client.post(f"/{self.name}/restore?of={bookmark}")
        await self.world.sleep("3s")
        got = await self.read()
        if not response.ok:
            sure = [entry for entry in got if entry not in self.unsure]
            self.world.check.that(
                sure in (before, then), f"{self.name} after a restore without an answer: {sure}", rule=AS_OF_THEN
            )
            self.entries = sure
            return False
        self.check(got, then, "after a restore")
        self.entries = list(then)
        self.marks.append((response.json(), before))  # undoes it
        return True

    async def keep(self):
        for number in range(24):
            await self.add(number)
            await self.world.sleep(f"{self.world.random.randrange(50, 2500)}ms")
            if number % 6 == 5 and self.marks and not await self.restore(*self.world.random.choice(self.marks)):
                return
        marks = [bookmark for bookmark, _ in self.marks]
        self.world.check.that(marks == sorted(marks), f"bookmarks of {self.name} do not sort by time", rule=AS_OF_THEN)


async def keeping(world):
    keepers = [Keeper(world, client) for client in world.clients(4, near=CITIES)]
    await world.gather(*(world.spawn(keeper.keep()) for keeper in keepers))
    world.heal()
    for keeper in keepers:
        keeper.check(await keeper.read(), keeper.entries, "in the end")


@orrery.scenario(app="app", pops=POPS, faults_over="50s")
async def time_travel(world: orrery.World) -> None:
    """A ledger that is taken back to a bookmark holds what it held then, and nothing else."""
    await keeping(world)


@orrery.scenario(app="app", pops=POPS, faults_over="50s")
async def time_travel_with_outages(world: orrery.World) -> None:
    """The same while the archive is away for longer than a batch, and the ledgers move meanwhile."""
    for begin in (3, 24):
        world.at(f"{begin}s").crash("archive:*", restart_after="16s")
        for ledger in range(1, 5):
            world.at(f"{begin + 14}s").evict(f"do:Ledger/client-{ledger}")
    await keeping(world)
