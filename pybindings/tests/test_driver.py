"""The driver: operations begin at the call, strands go on in the order of the world's completions,
and nothing foreign can be awaited."""

from __future__ import annotations

import asyncio
import json

import pytest

import fake_orrery
from orrery.driver import Driver, NotLive, ScenarioError, Stopped
from orrery.times import parse_us
from orrery.world import World


def drive(scenario, patience="10m", until=None, seed=1):
    native = fake_orrery.World(None, json.dumps({"seed": seed, "faults": "none"}))
    driver = Driver(native, parse_us(patience), None if until is None else parse_us(until))
    world = World(native, driver, seed)
    return driver.run(scenario(world)), world


def test_operations_begin_when_they_are_made():
    async def scenario(world):
        client = world.client()
        first, second = client.post("/inc"), client.post("/inc")
        assert world.native.value == 2 and not first.done
        return sorted([(await second).text(), (await first).text()])

    assert drive(scenario)[0] == ["1", "2"]


def test_sleeping_takes_simulated_time_only():
    async def scenario(world):
        await world.sleep("14d")
        return world.now

    assert drive(scenario)[0] == 14 * 86400


def test_gather_keeps_the_given_order_and_waits_for_all():
    async def late(world, span, value):
        await world.sleep(span)
        return value

    async def scenario(world):
        got = await world.gather(
            late(world, "3s", "a"),
            world.spawn(late(world, "1s", "b")),
            world.client().get("/value"),
        )
        assert await world.gather() == []
        return got[0], got[1], got[2].status, world.now

    assert drive(scenario)[0] == ("a", "b", 200, 3.0)


def test_strands_go_on_in_the_order_of_completions():
    order = []

    async def strand(world, name, span):
        order.append(f"{name} begins")
        await world.sleep(span)
        order.append(f"{name} ends")

    async def scenario(world):
        strands = [
            world.spawn(strand(world, "slow", "2s")),
            world.spawn(strand(world, "fast", "1s")),
        ]
        for one in strands:
            await one

    drive(scenario)
    assert order == ["slow begins", "fast begins", "fast ends", "slow ends"]


def test_each_strand_has_chance_of_its_own():
    """How often one draws, and when, changes no other's; what is spawned by a strand is told by whose and which it is."""

    def drawn(busy):
        async def strand(world, name, span, draws, out):
            await world.sleep(span)
            out[name] = [world.random.random() for _ in range(draws)][0]
            if name == "b":
                await world.spawn(strand(world, "b's", "1s", 1, out))

        async def scenario(world):
            out = {"main": world.random.random()}
            a = world.spawn(strand(world, "a", "9s" if busy else "1s", 5 if busy else 1, out))
            await world.spawn(strand(world, "b", "3s", 1, out))
            await a
            return out

        return drive(scenario)[0]

    once, again = drawn(False), drawn(True)
    assert once == again and len(set(once.values())) == 4


def test_an_error_of_a_strand_reaches_whoever_awaits_it():
    async def wrong(world):
        await world.sleep(1)
        raise ValueError("mine")

    async def scenario(world):
        strand = world.spawn(wrong(world))
        await world.sleep(5)
        with pytest.raises(ValueError, match="mine"):
            await strand
        with pytest.raises(ValueError):
            await world.gather(world.sleep(1), wrong(world))
        return "went on"

    assert drive(scenario)[0] == "went on"


def test_an_error_of_a_strand_that_nobody_awaits_is_not_lost():
    async def wrong(world):
        raise ValueError("unseen")

    async def scenario(world):
        world.spawn(wrong(world))
        await world.sleep(1)

    with pytest.raises(ValueError, match="unseen"):
        drive(scenario)


@pytest.mark.parametrize(
    "foreign", [lambda: asyncio.sleep(0), lambda: asyncio.Future(loop=asyncio.new_event_loop())]
)
def test_foreign_awaitables_are_refused_with_what_to_write_instead(foreign):
    async def scenario(world):
        await foreign()

    with pytest.raises(ScenarioError, match="world.sleep"):
        drive(scenario)


def test_waiting_for_what_cannot_come_is_not_live():
    async def scenario(world):
        await world.client().get("/never")

    with pytest.raises(NotLive, match="GET /never of client/1"):
        drive(scenario)


def test_patience_does_not_count_a_sleep_against_the_scenario():
    async def scenario(world):
        await world.sleep("1h")
        return "slept"

    assert drive(scenario, patience="1s")[0] == "slept"


def test_an_answer_that_takes_longer_than_the_patience_is_not_live():
    async def scenario(world):
        await world.client().get("/slow")

    with pytest.raises(NotLive, match="within 2 s"):
        drive(scenario, patience="2s")


def test_run_until_ends_when_the_condition_holds_and_gives_up_in_time():
    async def holds(world):
        await world.run_until(lambda: world.now >= 1, timeout="5s")
        return world.now

    async def never(world):
        await world.run_until(lambda: False, timeout="5s")

    assert drive(holds)[0] == 1.0
    with pytest.raises(NotLive, match="within 5 s"):
        drive(never)


def test_a_run_stops_at_the_moment_it_was_asked_to():
    async def scenario(world):
        await world.sleep("10s")

    with pytest.raises(Stopped):
        drive(scenario, until="3s")


def test_a_broken_connection_is_an_answer_with_an_error():
    async def scenario(world):
        response = await world.client().get("/gone")
        with pytest.raises(Exception, match="Network connection lost"):
            response.raise_for_error()
        with pytest.raises(ScenarioError, match="Network connection lost"):
            response.json()
        return response.status, response.ok, response.error

    assert drive(scenario)[0] == (0, False, "Network connection lost.")


def test_recorded_requests_end_as_ok_fail_or_info():
    async def scenario(world):
        client = world.client()
        await world.gather(
            *(client.get(url, op=("read", "k")) for url in ("/value", "/missing", "/gone"))
        )
        await client.post(
            "/inc", op=("add", "k", 1), outcome=lambda response: ("ok", int(response.text()) * 10)
        )

    history = [(line["p"], line["e"], line["v"]) for line in drive(scenario)[1].history]
    assert history[:3] == [(f"client/1#{number}", "invoke", None) for number in range(3)]
    assert sorted(history[3:6]) == [
        ("client/1#0", "ok", 0),
        ("client/1#1", "fail", None),
        ("client/1#2", "info", None),
    ]
    assert history[6:] == [("client/1#3", "invoke", 1), ("client/1#3", "ok", 10)]


def test_an_operation_cannot_end_twice():
    async def scenario(world):
        record = world.history.invoke("p", "write", "k", 1)
        record.info()
        record.ok()

    with pytest.raises(ScenarioError, match="ended twice"):
        drive(scenario)


def test_timeline_faults_are_data():
    async def scenario(world):
        await world.sleep("1s")
        world.at("10s").partition(["FRA"], ["SIN"], name="fra-sin", for_="30s").crash(
            "host:FRA/1", restart_after="3s"
        )
        world.after("1s").clock("host:SIN/1", step="2s", back=True).lose_pop("IAD").clock(
            "host:SIN/2", drift="200ppm"
        )

    assert drive(scenario)[1].native.faults == [
        {
            "kind": "partition",
            "at_us": 10_000_000,
            "name": "fra-sin",
            "for_us": 30_000_000,
            "a": ["FRA"],
            "b": ["SIN"],
        },
        {
            "kind": "crash",
            "at_us": 10_000_000,
            "target": "host:FRA/1",
            "restart_after_us": 3_000_000,
        },
        {"kind": "clock", "at_us": 2_000_000, "target": "host:SIN/1", "step_us": -2_000_000},
        {"kind": "lose_pop", "at_us": 2_000_000, "target": "pop:IAD"},
        {"kind": "clock", "at_us": 2_000_000, "target": "host:SIN/2", "drift_ppm": 200},
    ]


def test_a_load_tells_its_counts_once_it_is_done():
    async def scenario(world):
        load = world.load(
            clients=3,
            rate="200/s",
            near=["Hanoi"],
            request={"method": "POST", "url": "/inc"},
            for_="2s",
        )
        with pytest.raises(ScenarioError, match="load.done"):
            load.ok
        await load.done()
        assert load.ok + load.refused == load.sent == 400
        return load.sent

    assert drive(scenario)[0] == 400


def test_origins_answer_at_once_or_later():
    async def later(request):
        return 503, {"asked": request.url}

    async def scenario(world):
        world.origin("origin", lambda request: "plain")
        plain = await world.client().get("http://origin/a")

        async def slow(request):
            await world.sleep("2s")
            return await later(request)

        world.origin("origin", slow)
        response = await world.client().get("http://origin/b")
        return plain.text(), response.status, response.json(), world.now

    assert drive(scenario)[0] == ("plain", 503, {"asked": "http://origin/b"}, 2.001)


def test_names_of_the_contract_that_are_not_there_yet_say_so():
    async def scenario(world):
        world.r2["FILES"]

    with pytest.raises(Exception, match="world.r2 is not in this build yet"):
        drive(scenario)


def test_until_ok_asks_until_an_answer_is_good_or_says_that_none_was(monkeypatch):
    def answering(world, *statuses):
        left, asked_at = list(statuses), []
        fetch = world.native.request

        def request(client, method, url, headers, body):
            asked_at.append(world.now)
            return fetch(client, method, "/value" if left.pop(0) == 200 else "/missing", headers, body)

        monkeypatch.setattr(world.native, "request", request)
        return asked_at

    async def answered(world):
        asked_at = answering(world, 404, 404, 200)
        answer = await world.client().until_ok("GET", "/any")
        return answer.status, asked_at

    async def never(world):
        answering(world, 404, 404, 404)
        with pytest.raises(NotLive) as error:
            await world.client().until_ok("GET", "/any", tries=2)
        return str(error.value)

    status, asked_at = drive(answered)[0]
    assert status == 200 and [round(at) for at in asked_at] == [0, 1, 2]
    assert drive(never)[0] == "GET /any of client/1 was not answered well in 2 tries, a second apart"
