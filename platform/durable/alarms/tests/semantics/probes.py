"""What an application sees of alarms (durable-objects.md section 6), one scenario a rule.

Not part of the suite: test_alarms.py runs them without faults.
"""

import orrery

POPS = ["FRA", "CDG", "AMS", "WAW"]
MINUTE_MS = 60_000


def probe(function):
    return orrery.scenario(app="app", pops=POPS, faults="none", seeds=1)(function)


async def say(client, url, **body):
    response = await (client.post(url, json=body) if body else client.get(url))
    assert response.ok, f"{url}: {response.status} {response.text()}"
    return response.json()


async def run_plan(world, plan, wait, **more):
    client = world.client()
    at = await say(client, "/probe/x/plan", plan=plan, **more)
    await world.sleep(wait)
    return at, await say(client, "/probe/x/log")


@probe
async def times_are_checked_and_clamped(world):
    out = await say(world.client(), "/probe/x/basics")
    below = "TypeError: setAlarm() cannot be called with an alarm time <= 0"
    not_a_date = "TypeError: The value cannot be converted because it is not a valid date."
    assert out == {
        "first": None,
        "zero": below,
        "negative": below,
        "invalid": not_a_date,
        "undefined": not_a_date,
        "date": 90_000,
        "fraction": 60_000,
        "past": 0,
        "deleted": None,
    }, out


@probe
async def transactions_take_the_alarm_along(world):
    out = await say(world.client(), "/probe/x/transactions")
    gone = "Error: Cannot {} on rolled back transaction"
    assert out == {
        "thrown": "Error: no",
        "afterThrow": 100_000,
        "inside": None,
        "rolledBack": gone.format("setAlarm()"),
        "rolledBackGet": gone.format("getAlarm()"),
        "rolledBackDelete": gone.format("deleteAlarm()"),
        "afterRollback": 100_000,
        "committed": 70_000,
        "late": "Error: Cannot call setAlarm() on transaction that has already committed: "
        "did you move `txn` outside of the closure?",
        "sync": "TypeError: sync",
        "afterSync": 70_000,
        "deletedAll": None,
    }, out


@probe
async def a_class_without_alarm_may_not_set_one(world):
    out = await say(world.client(), "/mute/x")
    text = "TypeError: Your Durable Object class must have an alarm() handler in order to call setAlarm()"
    assert out == {"refused": text, "alarm": None}, out


@probe
async def an_alarm_without_handler_is_dropped(world):
    client = world.client()
    assert (await say(client, "/early/x"))["alarm"] is not None
    await world.sleep("30s")
    assert (await say(client, "/early/x"))["alarm"] is None


@probe
async def it_runs_once_at_its_time_and_reads_as_none(world):
    at, out = await run_plan(world, "once", "30s")
    (run,) = out["log"]
    assert 0 <= run.pop("at") - at < 2000, run
    assert run == {"scheduledTime": at, "retryCount": 0, "isRetry": False, "seen": None}, run
    assert out["alarm"] is None


@probe
async def a_failed_run_is_retried_for_the_same_time(world):
    at, out = await run_plan(world, {"fail": 3}, "60s")
    assert [run["retryCount"] for run in out["log"]] == [0, 1, 2, 3], out
    assert [run["isRetry"] for run in out["log"]] == [False, True, True, True]
    assert {run["scheduledTime"] for run in out["log"]} == {at}
    starts = [run["at"] for run in out["log"]]
    for pause_s, before, after in zip((2, 4, 8), starts, starts[1:]):
        assert pause_s * 1000 <= after - before <= pause_s * 1250 + 1500, starts
    assert out["alarm"] is None


@probe
async def after_six_retries_it_is_given_up(world):
    _, out = await run_plan(world, "always", "40m")
    assert out["runs"] == 7 and out["log"][-1]["retryCount"] == 6, out
    assert out["alarm"] is None


@probe
async def setting_it_in_the_handler_makes_a_new_one(world):
    at, out = await run_plan(world, "again", "60s")
    assert out["runs"] == 4 and out["alarm"] is None, out
    times = [run["scheduledTime"] for run in out["log"]]
    assert times == sorted(set(times)) and times[0] == at
    assert all(run["seen"] is None and not run["isRetry"] for run in out["log"])


@probe
async def a_new_one_cancels_the_retries_of_the_old(world):
    at, out = await run_plan(world, "again and fail", "3m")
    assert out["runs"] == 2 and out["log"][1]["scheduledTime"] >= at + 60_000, out
    assert out["log"][1]["retryCount"] == 0 and out["alarm"] is None


@probe
async def deleting_it_in_the_handler_ends_retries(world):
    _, out = await run_plan(world, "delete and fail", "5m")
    assert out["runs"] == 1 and out["alarm"] is None, out


@probe
async def a_rollback_in_the_handler_keeps_the_deferred_delete(world):
    _, out = await run_plan(world, "rollback", "60s")
    assert out["runs"] == 1 and out["log"][0]["afterRollback"] is None, out
    assert out["alarm"] is None


@probe
async def a_commit_in_the_handler_drops_the_deferred_delete(world):
    _, out = await run_plan(world, "commit", "60s")
    assert out["runs"] == 3 and out["log"][0]["inside"] == 500, out
    assert out["alarm"] is None


@probe
async def abort_without_retry_gives_it_up(world):
    _, out = await run_plan(world, "abort", "5m")
    # Nothing of the aborted run is durable.
    assert out["runs"] == 0 and out["alarm"] is None, out


@probe
async def abort_is_retried_otherwise(world):
    _, out = await run_plan(world, "abort and retry", "5m")
    assert out["runs"] == 3 and [run["retryCount"] for run in out["log"]] == [0, 1, 2], out


@probe
async def a_broken_section_is_a_counted_failure(world):
    _, out = await run_plan(world, "section", "5m")
    assert [run["retryCount"] for run in out["log"]] == [0, 1] and out["alarm"] is None, out


@probe
async def a_handler_has_fifteen_minutes(world):
    client = world.client()
    at = await say(client, "/probe/x/plan", plan="forever")
    await world.sleep("14m")
    assert (await say(client, "/probe/x/log"))["runs"] == 1
    await world.sleep("2m")
    out = await say(client, "/probe/x/log")
    assert [run["retryCount"] for run in out["log"]] == [0, 1], out
    assert out["log"][1]["at"] - at > 15 * MINUTE_MS


@probe
async def a_reset_by_the_platform_is_not_counted(world):
    client = world.client()
    at = await say(client, "/probe/x/plan", plan="slow")
    world.after("10s").evict("do:Probe/x")
    await world.sleep("2m")
    out = await say(client, "/probe/x/log")
    assert out["runs"] == 2 and [run["retryCount"] for run in out["log"]] == [0, 0], out
    assert {run["scheduledTime"] for run in out["log"]} == {at} and out["alarm"] is None


@probe
async def requests_are_served_while_the_handler_waits(world):
    client = world.client()
    await say(client, "/probe/x/plan", plan="slow")
    await world.sleep("10s")
    out = await say(client, "/probe/x/log")
    assert out["runs"] == 1 and out["alarm"] is None, out


@probe
async def an_evicted_object_is_woken(world):
    at, out = await run_plan(world, "once", "2h", inMs=3_600_000)
    assert [run["scheduledTime"] for run in out["log"]] == [at], out


@probe
async def background_work_keeps_an_object_active(world):
    client = world.client()
    await say(client, "/probe/x/background")
    await world.sleep("40s")
    assert (await say(client, "/probe/x/log"))["log"] == ["background"]
