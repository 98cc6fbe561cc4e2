"""Failures that look alike to a run that keeps only hashes are told apart by their signatures, up to a number of them."""

from __future__ import annotations

from typing import Any

from orrery import signatures
from orrery.exploration import SIGNED_MAX, Plan
from orrery.outcome import Outcome, Summary


def explored(seeds: int, fine: Any) -> tuple[Plan, list[dict[str, Any]]]:
    """All seeds fail; their signatures are what `fine` says of the seed, once somebody looks."""
    plan = Plan(
        None,  # type: ignore[arg-type]
        {"name": "x"},
        iter([("none", seed) for seed in range(1, seeds + 1)]),
        Summary("x", "x.py::x", planned=seeds),
        None,
    )
    jobs = []
    while not plan.done:
        job = plan.next_job()
        if job is None:
            break
        jobs.append(job)
        looked = job["record"] or job.get("causes")
        failure = {"rule": "DO-OG-1", "reason": "", "signature": fine(job["seed"]) if looked else "looks"}
        plan.take(job, Outcome(job["seed"], "none", "fail", f"hash{job['seed']}", 10, failures=[failure]))
    return plan, jobs


def test_two_bugs_that_look_alike_are_two_kinds() -> None:
    plan, jobs = explored(30, lambda seed: "even" if seed % 2 == 0 else "odd")
    counts = {kind["signature"]: kind["count"] for kind in plan.kinds()}
    assert set(counts) == {"even", "odd"} and sum(counts.values()) == 30 and min(counts.values()) >= SIGNED_MAX // 2
    # Each kind was recorded once for its story; of the others at most SIGNED_MAX were looked at again.
    assert sum(job["record"] for job in jobs) <= 4
    assert sum(bool(job.get("causes")) for job in jobs) <= SIGNED_MAX
    assert plan.summary.seeds == 30


def test_what_has_no_signature_but_its_looks_is_recorded_once() -> None:
    plan, jobs = explored(30, lambda seed: "looks")
    (kind,) = plan.kinds()
    assert kind["count"] == 30
    assert sum(job["record"] for job in jobs) == 1 and len(jobs) <= 31 + SIGNED_MAX


def test_a_slice_loses_its_names_numbers_and_repeats() -> None:
    def failure(host: str, at: str, sync: bool) -> dict[str, Any]:
        def event(kind: str) -> dict[str, Any]:
            return {"kind": kind, "lane": "host", "of": host, "seq": 1}

        steps = [["object.replied", "net.deliver"], ["disk.sync"], ["disk.sync"], ["client.request"]]
        whole = [{"site": "s", "events": [event(kind) for kind in kinds]} for kinds in steps]
        return {
            "rule": "DO-OG-1",
            "reason": f"an answer left do:Room/hall at {at} s, on {host}",
            "slice": whole if sync else [whole[0], whole[3]],
        }

    one, other, third = failure("host:FRA/1", "1.2", True), failure("host:SIN/3", "7.31", True), failure("host:SIN/3", "1.2", False)
    for each in (one, other, third):
        signatures.of_breach(each)
    assert one["signature"] == other["signature"] != third["signature"]
    assert one["steps"] == ["object.replied", "disk.sync", "client.request"]
