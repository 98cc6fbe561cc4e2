"""A chat room: people in several cities talk over WebSockets, lose the connection, and come back.

The room keeps a line before it shows it to anybody: a message leaves an object only when the writes before it are
durable. So what one person was shown is what everybody finds in the record, under the same number; and who stays
connected is shown every line, in order.
"""

import json

import orrery

POPS = ["FRA", "SIN", "IAD", "HAN"]
CITIES = ["Frankfurt", "Singapore", "Ashburn", "Hanoi", "Paris", "Tokyo"]
LINES = 6
# Rules of this app.
SHOWN_IS_KEPT = "APP-CHAT-1"
IN_ORDER = "APP-CHAT-2"


class Person:
    def __init__(self, world, client):
        self.world, self.client = world, client
        #: What was shown: number -> "author: text".
        self.shown = {}

    async def talk(self):
        """Says LINES lines, each once, over as many connections as it takes."""
        said = 0
        while said < LINES:
            socket = await self.client.websocket(f"/rooms/lobby?as={self.client.name}")
            if socket.open:
                listening = self.world.spawn(self.listen(socket))
                while said < LINES and socket.open:
                    await self.world.sleep(f"{self.world.random.randrange(100, 1500)}ms")
                    said += socket.send(f"line {said}")
                await self.world.sleep("2s")
                socket.close()
                await listening
            await self.world.sleep("500ms")

    async def listen(self, socket):
        count = None
        async for message in socket:
            line = json.loads(message)
            if count is None:
                count = line["count"]
                continue
            self.world.check.that(
                line["n"] == count + 1,
                f"{self.client.name} was shown line {line['n']} after line {count}",
                rule=IN_ORDER,
            )
            count = line["n"]
            self.keep(count, f"{line['author']}: {line['text']}")

    def keep(self, number, line):
        self.world.check.that(
            self.shown.get(number, line) == line,
            f'line {number} was shown to {self.client.name} as "{self.shown.get(number)}", then as "{line}"',
            rule=SHOWN_IS_KEPT,
        )
        self.shown[number] = line


async def record_of(world, client):
    """The room's lines; once the faults are over, they must be told."""
    lines = (await client.until_ok("GET", "/rooms/lobby")).json()
    return [f"{line['author']}: {line['text']}" for line in lines]


async def cut_power(world):
    """Twice the power fails wherever the room is kept, in the middle of slow writes."""
    for _ in range(2):
        await world.sleep(f"{world.random.randrange(1500, 3000)}ms")
        world.after("0s").disk("replicas:do:Room/lobby", "slow", factor=2000, for_="1s")
        await world.sleep(f"{world.random.randrange(200, 900)}ms")
        world.after("0s").crash("replicas:do:Room/lobby", restart_after="1s")
        await world.sleep("5s")


async def conversation(world):
    people = [Person(world, client) for client in world.clients(6, near=CITIES)]
    await world.gather(world.spawn(cut_power(world)), *(world.spawn(person.talk()) for person in people))
    world.heal()
    record = await record_of(world, world.client(near="Paris"))
    for person in people:
        for number, line in person.shown.items():
            kept = record[number - 1] if number <= len(record) else "nothing"
            world.check.that(
                kept == line,
                f'{person.client.name} was shown line {number}, "{line}", but the record has {kept}',
                rule=SHOWN_IS_KEPT,
            )


@orrery.scenario(app="app", pops=POPS, faults_over="15s")
async def chat(world: orrery.World) -> None:
    """Who was shown a line finds it in the record; who stays connected is shown every line, in order."""
    await conversation(world)


@orrery.scenario(app="app", environment="careless", pops=POPS, faults_over="15s", expect=SHOWN_IS_KEPT)
async def chat_faulty(world: orrery.World) -> None:
    """Unconfirmed writes do not hold messages back: a line that somebody was shown may be lost."""
    await conversation(world)
