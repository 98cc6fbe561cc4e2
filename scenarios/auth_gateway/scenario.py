"""Two Workers: a gateway that asks the Worker "auth" by service binding whose token a request carries.

A session that was opened is good until its logout is asked for, wherever the requests come in; once a logout is
answered the token is refused everywhere and for ever.
"""

import orrery

CITIES = ["Frankfurt", "Singapore", "Ashburn", "Hanoi"]
POPS = ["FRA", "SIN", "IAD", "HAN", "CDG", "NRT"]
CLOSED_STAYS_CLOSED = "APP-AUTH-1"
OPEN_IS_LET_IN = "APP-AUTH-2"
NOTES_ARE_KEPT = "APP-AUTH-3"


async def until_answered(world, send, tries=400):
    """Asks until the answer is a certain one; every request of this app may be asked again."""
    for _ in range(tries):
        response = await send()
        if response.error is None and response.status < 500:
            return response
        await world.sleep("700ms")
    raise orrery.NotLive("a request found no certain answer")


class Person:
    def __init__(self, world, name, clients):
        self.world, self.name, self.clients = world, name, clients
        self.added = []  # (text, session) of notes that were acknowledged

    def client(self):
        # Any city: the next request may come in at another point of presence.
        return self.clients[self.world.random.randrange(len(self.clients))]

    def ask(self, token, text=None):
        headers = {"authorization": f"Bearer {token}"}
        if text is None:
            return self.client().get("/notes", headers=headers)
        return self.client().post("/notes", headers=headers, body=text)

    async def live(self):
        for number in range(4):
            await self.session(f"s{number}")

    async def session(self, session):
        world, token = self.world, f"{self.name}.{session}"
        login = await until_answered(world, lambda: self.client().post("/login", body=token))
        world.check.that(login.status == 200, f"login of {token}: {login.status}", rule=OPEN_IS_LET_IN)
        for number in range(3):
            await world.sleep(f"{world.random.randrange(50, 2500)}ms")
            text = f"{session}/{number}"
            response = await self.ask(token, text)
            if response.status == 200:
                self.added.append((text, session))
            world.check.that(
                response.error is not None or response.status == 200 or response.status >= 500,
                f"{token} is open and was answered {response.status} {response.text()}",
                rule=OPEN_IS_LET_IN,
            )
        await until_answered(world, lambda: self.client().post("/logout", body=token))
        for text in ("late/1", "late/2"):
            late = await self.ask(token, f"{session} {text}")
            world.check.that(late.status != 200, f"{token} was closed and let in", rule=CLOSED_STAYS_CLOSED)
            await world.sleep("300ms")


@orrery.scenario(app=["gateway", "auth"], pops=POPS, faults_over="40s")
async def auth_gateway(world: orrery.World) -> None:
    """A closed session stays closed, an open one is let in, across two Workers."""
    clients = world.clients(8, near=CITIES)
    people = [Person(world, f"p{number}", clients) for number in range(1, 6)]
    await world.gather(*(world.spawn(person.live()) for person in people))
    if world.now < 40:
        await world.sleep(40 - world.now)
    world.heal()
    for person in people:
        for session in ("s0", "s3"):
            closed = await until_answered(world, lambda: person.ask(f"{person.name}.{session}"))
            world.check.that(
                closed.status == 401, f"{person.name}.{session} in the end: {closed.status}", rule=CLOSED_STAYS_CLOSED
            )
        token = f"{person.name}.last"
        await until_answered(world, lambda: person.client().post("/login", body=token))
        response = await until_answered(world, lambda: person.ask(token))
        world.check.that(response.status == 200, f"{token}: {response.status}", rule=OPEN_IS_LET_IN)
        kept = [(note["text"], note["session"]) for note in response.json()["notes"]]
        lost = [note for note in person.added if note not in kept]
        world.check.that(not lost, f"acknowledged notes are lost: {lost}", rule=NOTES_ARE_KEPT)
        strange = [note for note in kept if "late" in note[0]]
        world.check.that(not strange, f"notes of closed sessions: {strange}", rule=CLOSED_STAYS_CLOSED)
