"""Names of ways to fail: a rule and a normalised causal slice.

The world tells of a failure's slice: the events that led to it, each the one that brought about the next
(`pybindings/module/slices.h`), for a broken rule back from the event that broke it, for a history back from each answer
of its witness. What is left of it here is what sorts of things happened at what sorts of entities, the last few steps of
it, without names, numbers and repeats, so that one bug found by many seeds is one signature, and two bugs that break one
rule in different ways are two.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from orrery.outcome import signature

if TYPE_CHECKING:
    from orrery.world import World

#: How many steps of a slice count, from its end.
STEPS = 3
#: Sorts of events that count. Others say what an application does in a turn and how messages travel, which differs from
#: run to run with one bug.
_COUNT = ("durable.", "directory.", "session.", "disk.", "alarm.", "kv.", "socket.", "client.", "replica.")
_COUNT_TOO = ("object.replied", "object.committed", "object.started", "object.ended")
_ENTITY = re.compile(r"\S*[\d/:#'\"{}\[\]]\S*")


def of_breach(failure: dict[str, Any]) -> None:
    """Gives a failure that brought its slice its signature."""
    if "slice" not in failure:
        return
    failure["steps"] = steps(failure["slice"])
    failure["signature"] = signature(
        failure["rule"], sentence(failure.get("reason", "")), *failure["steps"]
    )


def of_witness(failure: dict[str, Any], world: "World") -> None:
    """The same for what a history shows: the slices of the answers that contradict each other."""
    witness = failure.get("witness")
    operations = witness.get("operations", []) if isinstance(witness, dict) else []
    slices = []
    for operation in operations:
        asked = world.history.asked.get(operation.get("line", 0) - 1)
        if asked is not None:
            slices.append(world.native.slice_to_answer(*asked))
    if not slices:
        return
    failure["slices"] = slices
    failure["steps"] = sorted({" < ".join(steps(one)) for one in slices})
    failure["signature"] = signature(failure["rule"], *failure["steps"])


def sentence(reason: str) -> str:
    """A reason without what names an entity, a time or a number."""
    return " ".join(_ENTITY.sub("~", reason).split())


def steps(whole: list[dict[str, Any]]) -> list[str]:
    """The last steps of a slice, from its end: what happened at each, by sort, repeats left out."""
    out: list[str] = []
    for step in whole:
        kinds = sorted(
            {
                event["kind"]
                for event in step["events"]
                if event["kind"].startswith(_COUNT) or event["kind"] in _COUNT_TOO
            }
        )
        if not kinds:
            continue
        text = "+".join(kinds)
        if text not in out:
            out.append(text)
        if len(out) == STEPS:
            break
    return out
