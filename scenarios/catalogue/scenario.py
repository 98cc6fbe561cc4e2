"""A shop's catalogue: changed in Frankfurt, read on four continents from read replicas (experimental).

A replica lags. So a visitor brings along the bookmark of the last page they saw, and the catalogue waits until it has that
much: no page is older than the one before, none lacks what the same visitor was told is done. The faulty twin forgets the
bookmarks, and prices go back in time.
"""

import orrery

POPS = ["FRA", "SIN", "IAD", "SYD", "HAN"]
CITIES = ["Frankfurt", "Singapore", "Ashburn", "Sydney", "Hanoi"]
ARTICLES = ["lamp", "shade"]
# Rules of this app, and one of the platform's.
NEVER_BACK = "APP-CATALOGUE-1"
OFF_IS_OFF = "APP-CATALOGUE-2"
WHOLE_COMMITS = "DO-RR-1"


class Visitor:
    def __init__(self, world, client):
        self.world, self.client = world, client
        self.bookmark = None
        #: article -> the least revision that the next page must have.
        self.known = {}
        self.replicas = 0

    def headers(self):
        return {"x-bookmark": self.bookmark} if self.bookmark else {}

    def saw(self, response):
        # Bookmarks sort by time.
        self.bookmark = max(self.bookmark or "", response.headers.get("x-bookmark"))

    async def look(self, article):
        response = await self.client.get(f"/shop/{article}", headers=self.headers())
        if not response.ok:
            return None
        page = response.json()
        self.saw(response)
        self.replicas += page["replica"]
        self.world.check.that(
            page["label"] == f"{article}: {page['price']}",
            f"{self.client.name} was shown a price of {page['price']} with the label \"{page['label']}\"",
            rule=WHOLE_COMMITS,
        )
        least = self.known.get(article, 0)
        self.world.check.that(
            page["revision"] >= least,
            f"{self.client.name} was shown revision {page['revision']} of the {article}, but knew revision {least}",
            rule=NEVER_BACK,
        )
        self.known[article] = max(least, page["revision"])
        return page

    async def change(self, article):
        price = self.world.random.randrange(1, 1000)
        response = await self.client.put(f"/shop/{article}", json={"price": price})
        if not response.ok:
            return
        self.saw(response)
        self.known[article] = max(self.known.get(article, 0), response.json()["revision"])

    async def visit(self, rounds, writes):
        for _ in range(rounds):
            article = self.world.random.choice(ARTICLES)
            if self.world.random.random() < writes:
                await self.change(article)
            await self.look(article)
            await self.world.sleep(f"{self.world.random.randrange(20, 1200)}ms")


async def surely(world, what):
    for _ in range(120):
        if (answer := await what()) is not None:
            return answer
        await world.sleep("1s")
    raise orrery.NotLive("the catalogue was not shown within two minutes of asking")


async def visits(world):
    keeper = Visitor(world, world.client(near="Frankfurt"))
    await surely(world, lambda: keeper.look("lamp"))
    visitors = [Visitor(world, client) for client in world.clients(8, near=CITIES)]
    strands = [world.spawn(visitor.visit(16, 0.2)) for visitor in visitors]
    await world.gather(world.spawn(keeper.visit(20, 0.8)), *strands)
    world.heal()
    for visitor in [keeper, *visitors]:
        for article in ARTICLES:
            await surely(world, lambda: visitor.look(article))
    return visitors


@orrery.scenario(app="app", pops=POPS, faults_over="15s")
async def catalogue(world: orrery.World) -> None:
    """Who passes bookmarks on never sees a page older than the last, nor one without their own changes."""
    await visits(world)


@orrery.scenario(app="app", pops=POPS, faults_over="15s")
async def catalogue_that_moves(world: orrery.World) -> None:
    """The same while the object's host and those of replicas crash or are cut off."""
    for begin in (3, 9):
        world.at(f"{begin}s").crash("do:Catalogue/shop", restart_after="4s")
        world.at(f"{begin + 3}s").partition(["SIN"], ["FRA"], for_="4s")
    await visits(world)


@orrery.scenario(app="app", pops=POPS, faults_over="15s")
async def catalogue_without_replicas(world: orrery.World) -> None:
    """Once read replicas are off, everybody is answered by the catalogue itself."""
    visitors = await visits(world)

    async def off():
        response = await visitors[0].client.put("/shop/all/replicas", json="disabled")
        return response.ok or None

    await surely(world, off)
    for visitor in visitors:
        before = visitor.replicas
        for article in ARTICLES:
            await surely(world, lambda: visitor.look(article))
        world.check.that(
            visitor.replicas == before, f"{visitor.client.name} was shown a replica's page", rule=OFF_IS_OFF
        )


@orrery.scenario(app="app", environment="careless", pops=POPS, faults_over="15s", expect=NEVER_BACK)
async def catalogue_faulty(world: orrery.World) -> None:
    """Without bookmarks a page may be older than the last one, or lack what one has just changed."""
    await visits(world)
