"""What comes of shrinking: a capsule, the story of the small run, and a test that stands alone."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from orrery.capsule import Capsule
from orrery.shrink import begins
from orrery.shrink_run import Shrunk, chances_kept
from orrery.times import show_span

STORY_MAX = 12
_EXPLAIN = ("client.answer", "object.", "durable.", "alarm.", "kv.", "socket.", "replica.", "disk.crash", "worker.exception")


def capsule_of(shrunk: Shrunk, capsule: Capsule, build: str, app: str) -> Capsule:
    """The small capsule."""
    found = shrunk.goal
    return Capsule(
        target=capsule.target,
        seed=capsule.seed if shrunk.case.seed is None else shrunk.case.seed,
        faults=capsule.faults,
        base="default",
        overrides=[{"key": key, "value": value} for key, value in shrunk.case.overrides],
        app=app,
        build=build,
        expect={
            "verdict": shrunk.outcome.verdict,
            "rule": found.rule,
            "signature": found.signature,
            "hash": shrunk.outcome.hash,
            "events": shrunk.outcome.events,
        },
        weaken=capsule.weaken,
        requests=capsule.requests,
        for_us=capsule.for_us,
        beside=capsule.beside,
        pops=list(shrunk.case.pops),
        until_rule=shrunk.case.until_rule,
        until_us=shrunk.until_us,
        monitors=capsule.monitors,
        schedule=capsule.schedule,
        sweep=capsule.sweep,
        shrunk={
            "from": {
                "events": shrunk.original.events,
                "decisions": len(shrunk.original_facts.decisions),
                "different": len(shrunk.original_facts.different()),
            },
            "faults": [[describe(fault), f"without it: {seen}"] for fault, seen in shrunk.without],
            "variants": list(shrunk.variants),
            "complete": shrunk.complete,
        },
    )


def describe(fault: dict[str, Any]) -> str:
    """A fault in a few words: "crash-2: crash of host:FRA/1 at 3.2s for 1s"."""
    length = f" for {show_span(fault['us'])}" if fault["us"] else ""
    return f"{fault['name']}: {fault['kind']} of {fault['where']} at {show_span(fault['at_us'])}{length}"


def counts(shrunk: Shrunk) -> dict[str, int]:
    """What the small run still needs, by direction."""
    values = shrunk.case.values()
    known = {op["key"] for op in shrunk.facts.operations}
    by_load = [
        key for key, value, _, _ in shrunk.facts.decisions
        if key.startswith("client.leaves/") and value >= 1 and key not in known
    ]
    return {
        "overrides": len(values),
        "operations": sum(not op["dropped"] for op in shrunk.facts.operations) + len(by_load),
        "faults": sum(begins(values, fault) for fault in shrunk.facts.plan),
        "chances": chances_kept(shrunk.case),
        "pops": len(shrunk.case.pops),
        "events": shrunk.outcome.events,
    }


def story(shrunk: Shrunk) -> list[str]:
    """What the small run needs: what came from outside, and of the causal slice of the failure as much as there is room
    for beside it, its end first. What came from outside is never left out."""
    lines: dict[int, str] = dict(map(tuple, shrunk.outcome.result.get("from_outside", [])))
    failure = shrunk.goal.failure(shrunk.outcome) or {}
    slices = failure.get("slices") or [failure.get("slice", [])]
    explaining: dict[int, str] = {}
    for one in slices:
        for step in one:
            for event in step["events"]:
                if event["kind"].startswith(_EXPLAIN) and event["seq"] not in lines:
                    explaining.setdefault(event["seq"], event.get("line", ""))
    last = max(explaining, default=0)
    for sequence in [s for one in slices for step in one[:1] for s in [e["seq"] for e in step["events"]]]:
        last = max(last, sequence)
    room = max(STORY_MAX - len(lines), 1 if explaining else 0)
    for sequence in list(explaining)[:room]:
        lines[sequence] = explaining[sequence]
    ends = "    <- rule broken here"
    marked = max(explaining, default=-1) if failure.get("slice") else -1
    return [text + (ends if sequence == marked else "") for sequence, text in sorted(lines.items())]


def test_file(capsule: Capsule, name: str, reason: str, told: list[str]) -> str:
    """A pytest file that fails while the bug is there."""
    found = capsule.expect
    lines = "\n".join(f"    {_quiet(line)}" for line in told)
    document = capsule.text().replace("\\", "\\\\").replace('"""', '\\"\\"\\"')
    identifier = re.sub(r"\W+", "_", name).strip("_").lower()
    return f'''"""{_quiet(reason)}

Found and made small by Orrery. The run:

{lines}

Fails by rule {found["rule"]} while the bug is there, and passes once it is mended. Needs `import orrery` and what the
capsule names: {capsule.target}
"""

import orrery

CAPSULE = """{document}"""


def test_{identifier}():
    result = orrery.replay(CAPSULE, near=__file__)
    assert not result.broke({found["rule"]!r}), result.told()
'''


def _quiet(text: str) -> str:
    """A text that cannot end a docstring, nor mean anything in it."""
    return text.replace("\\", "/").replace('"""', "'''")


def paths(capsule: Path, out: Path | None) -> tuple[Path, Path, Path]:
    """Where the small capsule, the test and the state go. The test's name says its folder too: pytest wants the names of
    files unlike each other over all folders."""
    name = re.sub(r"(\.capsule)?\.json$", "", capsule.name)
    folder = out or capsule.parent
    within = folder.resolve().name
    identifier = re.sub(r"\W+", "_", name if within == "runs" else f"{within} {name}").strip("_").lower()
    return (
        folder / f"{name}.shrunk.capsule.json",
        folder / f"test_{identifier}.py",
        folder / f"{name}.shrinking.jsonl",
    )
