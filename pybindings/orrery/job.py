"""One run, in the child process that lives for it: make the world, drive the scenario, tell the
result."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, Callable

from orrery import guard, native, signatures
from orrery.branching import Fan
from orrery.driver import Driver, NotLive, ScenarioError, Stopped
from orrery.errors import UserError
from orrery.history import CheckFailed, CheckUnknown
from orrery.outcome import LIVENESS, SCENARIO_ASSERTION, SCENARIO_ERROR, signature
from orrery.places import shown
from orrery.project_run import BODY_SHOWN_MAX, Exchange, run_requests
from orrery.scenario import Scenario, where
from orrery.story import chain_story, focus
from orrery.world import World

STORY_LINES_MAX = 200
#: The rule that each isolate which starts is held to; the runtime finds its breach.
STARTS = "RT-START-1"


#: What a stage does when its scenario is set up: gives the scenario and the job to go on with (stage_process.py).
Hold = Callable[[], "tuple[Scenario, dict[str, Any]]"]


def run_job(
    scenario: Scenario, app: Any, job: dict[str, Any], hold: Hold | None = None
) -> dict[str, Any]:
    """Runs one job and returns its result as JSON data. See `options` for what the job may say.

    The verdict: "pass"; "fail" (a rule, a check or an assertion does not hold); "not live";
    "unknown" (a check's budget); "error" (the scenario itself is wrong); "stopped" (at `until_us`).
    """
    module = native.load()
    isolates_before = module.isolates_asked()
    exchanges: list[Exchange] = []
    world: World | None = None
    own: dict[str, Any] | None = None
    fan: Fan | None = None
    checked: Counter[str] = Counter()
    verdict = "pass"

    async def performance(world: World) -> None:
        """The scenario, set up before if it wants to be."""
        nonlocal scenario, job
        if scenario.setup is None:
            await scenario.function(world)
            return
        staged = await scenario.setup(world)
        if hold is not None:
            scenario, job = hold()
        await scenario.function(world, staged)

    try:
        world_native = module.World(app, json.dumps(options(scenario, job)))
    except module.BadInput as error:
        refused = _failure(scenario, error, SCENARIO_ERROR, f"{shown(scenario.path)}: {error}")
        return {"verdict": "error", "failures": [{**refused, "story": []}]}
    guard.seal(job["seed"], world_native.now_us)
    try:
        driver = Driver(
            world_native, scenario.patience_us, job.get("until_us"), bool(job.get("until_rule"))
        )
        world = World(world_native, driver, job["seed"])
        if job.get("branch") or job.get("redraw"):
            driver.redrawn = world.reseed
        if job.get("branch"):
            driver.fan = fan = Fan(world_native, job["branch"])
        elif job.get("window") and job["window"][1] is not None:
            driver.fan = Fan.stopping_at(world_native, job["window"][1])
        checked = world.check.exercised
        if job.get("requests") is not None:
            main = run_requests(world, job["requests"], job.get("for_us"), exchanges)
        else:
            main = performance(world)
        driver.run(main)
        if job["faults"] == "storm":
            driver.settle()
    except CheckFailed as error:
        verdict, own = "fail", _failure(scenario, error, error.rule, error.reason)
        own["witness"] = error.witness
    except AssertionError as error:
        verdict, own = "fail", _failure(
            scenario, error, SCENARIO_ASSERTION, _assertion(scenario, error)
        )
    except NotLive as error:
        verdict, own = "not live", _failure(scenario, error, LIVENESS, str(error))
        own.update(chain=error.chain, lines=error.lines)
    except CheckUnknown as error:
        verdict, own = "unknown", _failure(scenario, error, "UNKNOWN", str(error))
    except Stopped:
        verdict = "stopped"
    except (
        Exception,
        SystemExit,
        KeyboardInterrupt,
    ) as error:  # noqa: BLE001 - it may raise anything
        verdict, own = "error", _failure(scenario, error, SCENARIO_ERROR, _message(scenario, error))
    finished = json.loads(world_native.finish())
    if job.get("coverage"):
        finished["coverage"] = json.loads(world_native.coverage())
    # The monitors' counts, and those of the checks that the scenario asked for.
    checked[STARTS] += module.isolates_asked() - isolates_before
    finished["rules"] = dict(+(Counter(finished.get("rules", {})) + checked))
    if job.get("trace"):
        native.method(world_native, "write_trace", "writing a trace")(job["trace"])
    history = world_native.history() if own is not None else []
    if own is not None and world is not None and (job.get("record") or job.get("causes")):
        signatures.of_witness(own, world)
    result = _result(finished, verdict, own, history, exchanges, job)
    if job.get("window"):
        result["window"] = json.loads(world_native.window())
    if fan is not None:
        fan.finish(result)
        result["moments"] = fan.told
    return result


def options(scenario: Scenario, job: dict[str, Any]) -> dict[str, Any]:
    """What the native world is made with."""
    return {
        "seed": job["seed"],
        "faults": job["faults"],
        "pops": list(job.get("pops", scenario.pops)),
        "base": job.get("base", "seed"),
        "overrides": {override["key"]: override["value"] for override in job.get("overrides", [])},
        "horizon_us": scenario.faults_over_us,
        "record": bool(job.get("record")),
        "causes": bool(job.get("causes")),
        "decisions": bool(job.get("decisions")),
        "free_from": job.get("free_from"),
        "until_rule": job.get("until_rule") or "",
        "positions": bool(job.get("positions", True)),
        "past": scenario.past,
        "pairs": bool(job.get("coverage")),
        "schedule": job.get("schedule") or scenario.schedule,
        "enumerate": bool(job.get("enumerate")),
        "sweep": job.get("sweep"),
        "weaken": {**scenario.weaken, **job.get("weaken", {})},
        "redraw": job.get("redraw") or [],
        "plant": job.get("plant") or [],
        **({"record_from": job["window"][0]} if job.get("window") else {}),
        # A scenario of a weakened platform shows what clients can see of it: monitors, which see
        # it first, stay out of it unless they are asked for.
        "monitors": job.get("monitors", not (scenario.weaken and scenario.expect)),
    }


def _result(
    finished: dict[str, Any],
    verdict: str,
    own: dict[str, Any] | None,
    history: list[dict[str, Any]],
    exchanges: list[Exchange],
    job: dict[str, Any],
) -> dict[str, Any]:
    failures = list(finished.get("failures", []))
    if own is not None and own["rule"] == LIVENESS:
        # What stopped the scenario is the same finding.
        failures = [failure for failure in failures if failure["rule"] != LIVENESS]
    for failure in failures:
        signatures.of_breach(failure)
        if failure.get("liveness"):
            failure["story"] = chain_story(failure, focus(failure.get("story", []), [], None))
        failure.setdefault("signature", _signature(failure))
        failure["story"] = failure.get("story", [])[:STORY_LINES_MAX]
    if failures and verdict in ("pass", "unknown", "stopped"):
        # A rule about liveness is broken by waiting, every other by an effect that must not be.
        verdict = "not live" if all(map(_waits, failures)) else "fail"
    if own is not None:
        own["story"] = focus(finished.get("story", []), history, own.pop("witness", None))
        if "chain" in own:
            own["story"] = chain_story(own, own["story"])
            own["signature"] = _signature(own)
        if verdict == "not live" and any(not _waits(failure) for failure in failures):
            verdict = "fail"  # an effect that must not be is worse than one that does not come
        # What a monitor saw explains what the scenario noticed, so it goes first - unless the
        # scenario cites a rule.
        failures = (
            [own, *failures]
            if verdict == "fail" and own["rule"] != SCENARIO_ASSERTION
            else [*failures, own]
        )
        if verdict == "error" and failures[0] is not own:
            verdict = "fail"
    if job.get("brief"):
        return _brief(finished, verdict, failures)
    keys = ("hash", "events", "simulated_us", "rules", "faults", "never", "coverage", "stubs", "schedule", "sweep", "choices")
    result = {key: finished[key] for key in keys if key in finished}
    result.update(verdict=verdict, failures=failures)
    if job.get("record") or job.get("requests") is not None:
        result["console"] = finished.get("console", [])[-1000:]
        result["exceptions"] = finished.get("exceptions", [])[-1000:]
    if job.get("lanes"):
        result["lanes"] = finished.get("lanes", {})
        result["checkpoints"] = finished.get("checkpoints", [])
    if not (job.get("causes") or job.get("decisions")):
        for failure in failures:
            for key in ("slice", "slices"):
                failure.pop(key, None)
    if isinstance(job.get("decisions"), str):
        # Only those at sites that begin so: a guide's.
        drawn = finished.get("decision_list", [])
        result["decision_list"] = [d for d in drawn if d[0].startswith(job["decisions"])]
    else:
        for key in ("decision_list", "operations", "plan", "unsurvivable", "from_outside"):
            if key in finished:
                result[key] = finished[key]
    if job.get("overrides"):
        result["overrides"] = [finished.get("overrides_applied", 0), len(job["overrides"])]
    if job.get("requests") is not None:
        longest = job.get("body_max", BODY_SHOWN_MAX)
        result["responses"] = [exchange.document(longest) for exchange in exchanges]
    return result


def _brief(
    finished: dict[str, Any], verdict: str, failures: list[dict[str, Any]]
) -> dict[str, Any]:
    """What comparing two runs needs, and no more: 100,000 of these are read."""
    lanes = finished.get("lanes", {})
    return {
        "verdict": verdict,
        "hash": finished.get("hash", ""),
        "events": finished.get("events", 0),
        "lanes": len(lanes),
        "lanes_hash": hashlib.sha256(json.dumps(lanes).encode()).hexdigest()[:16],
        "failures": [{"rule": failure["rule"]} for failure in failures],
    }


def _failure(scenario: Scenario, error: BaseException, rule: str, reason: str) -> dict[str, Any]:
    place = where(error, scenario.path)
    return {
        "rule": rule,
        "reason": reason,
        "at": place,
        "signature": signature(rule, Path(place).name, type(error).__name__),
    }


def _waits(failure: dict[str, Any]) -> bool:
    return bool(failure.get("liveness")) or failure["rule"].startswith("LIVE")


def _signature(failure: dict[str, Any]) -> str:
    """Of ways to wait: what kinds of things wait for what kinds, without their names and numbers."""
    if not failure.get("chain"):
        return failure.get("signature") or signature(failure["rule"], failure.get("reason", ""))
    kinds = [re.sub(r"[^a-zA-Z ]+\S*", "", link["waits_for"]) for link in failure["chain"]]
    return signature(failure["rule"], *kinds)


def _assertion(scenario: Scenario, error: AssertionError) -> str:
    place = where(error, scenario.path)
    text = str(error)
    line = _source_line(place)
    return f"{place}: {text or line or 'an assertion does not hold'}"


def _message(scenario: Scenario, error: BaseException) -> str:
    place = where(error, scenario.path)
    bad_input = getattr(native.load(), "BadInput", None)
    if isinstance(error, (ScenarioError, UserError)) or (
        bad_input and isinstance(error, bad_input)
    ):
        return f"{place}: {error}"
    if isinstance(error, RuntimeError) and "no running event loop" in str(error):
        return f"{place}: asyncio does not run in a world; use world.sleep, world.gather and world.spawn"
    return f"{place}: {type(error).__name__}: {error}"


def _source_line(place: str) -> str:
    path, _, line = place.rpartition(":")
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()[int(line) - 1].strip()
    except (OSError, ValueError, IndexError):
        return ""
