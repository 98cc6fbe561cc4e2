"""Worlds that wait: for ever, for each other, for long, for what a storm left behind."""

import orrery

POPS = ["FRA", "SIN", "IAD"]


@orrery.scenario(app=".", pops=POPS, faults="none")
async def never_answers(world):
    await world.client("Frankfurt").get("/never/a")


@orrery.scenario(app=".", pops=POPS, faults="none")
async def embrace(world):
    one, two = world.client("Frankfurt"), world.client("Singapore")
    await world.gather(one.get("/put/a"), two.get("/put/b"))
    await world.gather(one.get("/embrace/a/b"), two.get("/embrace/b/a"))


@orrery.scenario(app=".", pops=POPS, faults="none")
async def slow(world):
    answer = await world.client("Frankfurt").get("/slow/a")
    assert answer.status == 200


@orrery.scenario(app=".", pops=POPS, faults="storm", faults_over="30s")
async def puts(world):
    client = world.client("Frankfurt")
    for _ in range(10):
        await client.get("/put/a")
        await world.sleep("2s")


@orrery.scenario(app=".", pops=POPS, faults="storm", faults_over="60s")
async def rings(world):
    client = world.client("Frankfurt")
    for n in range(5):
        await client.get(f"/alarm/a{n}/20000")
        await world.sleep("1s")
    await world.sleep("20s")


@orrery.scenario(app=".", pops=POPS, faults="storm", faults_over="40s")
async def writes_keys(world):
    clients = [world.client(city) for city in ("Frankfurt", "Singapore", "Ashburn")]
    for n in range(24):
        await clients[n % 3].get(f"/flag/k{n % 6}/{n}")
        await world.sleep("1s")


@orrery.scenario(app=".", pops=POPS, faults="storm", faults_over="40s")
async def many_rooms(world):
    clients = [world.client(city) for city in ("Frankfurt", "Singapore", "Ashburn")]
    for _ in range(3):
        await world.gather(*(clients[n % 3].get(f"/put/r{n}") for n in range(12)))
        await world.sleep("5s")
