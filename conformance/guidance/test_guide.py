"""Guided runs. Goal: a guide reuses the plans of runs that showed something new, and no others. Method: by hand."""

from __future__ import annotations

from orrery.outcome import Outcome

from guide import Guide


def outcome(seed: int, **decisions: int) -> Outcome:
    listed = [[f"swarm.from/{name}/0", value, 0, 0] for name, value in decisions.items()]
    return Outcome(seed, "swarm", "pass", result={"decision_list": listed})


def test_without_anything_new_a_guide_is_pure_chance():
    guide = Guide("swarm", iter(range(1, 50)))
    for run in guide.runs():
        assert "overrides" not in run.extra
        guide.take(outcome(run.seed, a=1), new=0)


def test_plans_of_runs_that_showed_something_new_come_back_whole_or_mixed():
    guide = Guide("swarm", iter(range(1, 400)))
    guide.take(outcome(1, a=1, b=2), new=5)
    guide.take(outcome(2, a=10, c=30), new=5)
    seen = set()
    for run in guide.runs():
        overrides = {entry["key"].split("/")[1]: entry["value"] for entry in run.extra.get("overrides", [])}
        # Of each slot a value that one of the two had, or none: then it is drawn.
        assert all(overrides[name] in values for name, values in
                   {"a": (1, 10), "b": (2,), "c": (30,)}.items() if name in overrides)
        seen.add(tuple(sorted(overrides.items())))
    assert {(), (("a", 1), ("b", 2)), (("a", 10), ("b", 2))} <= seen


def test_the_same_guide_gives_the_same_runs():
    def runs() -> list:
        guide = Guide("swarm", iter(range(1, 60)), seed=7)
        guide.take(outcome(1, a=1, b=2), new=5)
        return list(guide.runs())

    assert runs() == runs()
