"""Shrinking, replay and signatures on the real build, with flaws of the museum."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, Iterator

import pytest
from orrery import capsule as capsules
from orrery.capsule import Capsule
from orrery.pool import Pool
from orrery.shrink_case import Case, Facts, site_of
from orrery.shrink_requests import client_cause
from orrery.targets import parse_target
from real import ROOT, Real



@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    folder = Real(tmp_path)
    yield folder
    folder.forget_bundles()


#: The real module, where conftest.py names another.
REAL = {"ORRERY_NATIVE": ""}
VISITORS = "conformance/museum/scenario.py::visitors"


def flawed(real: Real, weaken: dict[str, Any], rule: str, seed: int = 1) -> str:
    """A capsule of a failing run of a weakened platform."""
    capsule = Capsule(target=VISITORS, seed=seed, faults="swarm", weaken=weaken, expect={"rule": rule})
    capsule.write(real.folder / "flaw.capsule.json")
    return "flaw.capsule.json"


def test_a_failing_run_becomes_a_few_lines_a_small_capsule_and_a_test(real: Real) -> None:
    path = flawed(real, {"answers_wait": False}, "DO-OG-1")
    ended = real.run("shrink", path, "--jobs", "2", "--json", seconds=120)
    assert ended.code == 0, ended.err
    found = ended.json
    assert found["complete"] and found["rule"] == "DO-OG-1"
    assert found["to"]["events"] < found["from"]["events"] / 5
    assert found["to"]["operations"] <= 5 and found["to"]["faults"] == 0 and found["to"]["chances"] == 0
    assert len(found["story"]) <= 12 and "rule broken here" in found["story"][-1]
    assert found["variants"] == [50, 50]
    small = real.folder / found["capsule"]
    assert small.stat().st_size < 2048

    # The same capsule in, the same capsule out, however many processes there are.
    (real.folder / "alone").mkdir()
    alone = real.run("shrink", path, "--jobs", "1", "--out", "alone", "--json", seconds=120)
    assert (real.folder / alone.json["capsule"]).read_text() == small.read_text()

    again = real.run("replay", found["capsule"], "--json")
    assert again.code == 11 and again.json["same"] and again.json["now"] == "still there"
    applied, given = again.json["overrides"]
    assert applied == given == found["to"]["overrides"]

    # The test fails while the bug is there ...
    test = real.folder / found["test"]
    failed = real._run([sys.executable, "-m", "pytest", "-q", test.name], 60, {})
    assert failed.code == 1 and "DO-OG-1" in failed.out and "answer left" in failed.out
    # ... and passes once it is mended.
    mended = capsules.read(small)
    mended.weaken = {}
    document = mended.text().replace("\\", "\\\\")
    text = re.sub(r'CAPSULE = """.*?"""', lambda _: f'CAPSULE = """{document}"""', test.read_text(), flags=re.DOTALL)
    test.write_text(text)
    passed = real._run([sys.executable, "-m", "pytest", "-q", test.name], 60, {})
    assert passed.code == 0, passed.out
    mended.write(small)
    now = real.run("replay", found["capsule"])
    assert now.code == 13 and "the failure of DO-OG-1: gone" in now.out and "overrides applied" in now.out


def test_shrinking_goes_on_where_its_time_was_up(real: Real) -> None:
    path = flawed(real, {"quorum": 2}, "DO-OG-1")
    first = real.run("shrink", path, "--budget", "1s", "--json", seconds=120)
    assert first.code == 0 and not first.json["complete"]
    assert "greater --budget" not in first.out
    state = real.folder / "flaw.shrinking.jsonl"
    tried = len(state.read_text().splitlines()) - 1
    # Half a line, as after a cut: what is whole is used.
    state.write_text(state.read_text() + '{"case": "12')
    second = real.run("shrink", path, "--json", seconds=120)
    assert second.json["complete"] and f"{tried:,} candidates are known" in second.err
    assert not state.exists()


def test_a_capsule_that_does_not_fail_is_told_so(real: Real) -> None:
    ended = real.run("shrink", flawed(real, {}, "DO-OG-1"), seconds=120)
    assert ended.code == 2 and "does not break DO-OG-1" in ended.err


def test_replay_stops_where_a_rule_is_broken(real: Real) -> None:
    path = flawed(real, {"answers_wait": False}, "DO-OG-1")
    whole = real.run("replay", path, "--json")
    ended = real.run("replay", path, "--break", "DO-OG-1", "--json")
    assert ended.code == 11 and ended.json["events"] < whole.json["events"] / 2
    assert ended.json["failures"][0]["at_us"] == ended.json["simulated_us"]
    assert ended.json["failures"][0]["signature"] == whole.json["failures"][0]["signature"]
    other = real.run("replay", path, "--break", "DO-ID-1")
    assert "DO-ID-1 was not broken" in other.out


def listed(pool: Pool, jobs: list[dict[str, Any]]) -> list[Any]:
    worker = pool.open(parse_target(str(ROOT / VISITORS)).load())
    out = []
    for job in jobs:
        pool.submit(worker, {"scenario": "visitors", "faults": "swarm", "decisions": True, "causes": True, **job})
        ended = pool.next()
        assert ended is not None
        out.append(ended[1])
    pool.close(worker)
    return out


def test_a_draw_in_the_link_code_and_an_idle_place_leave_old_decisions_where_they_were() -> None:
    pops = {"pops": ["FRA", "CDG", "SIN", "HAN", "IAD", "NRT", "JNB"]}
    for faults in ("none", "swarm"):
        base = {"seed": 1, "weaken": {"answers_wait": False}, "monitors": True, "faults": faults}
        with Pool(1, environment=REAL) as pool:
            (original,) = listed(pool, [base])
            facts = Facts.of(original.result)
            given = Case.of(facts.different())
            assert len(given.overrides) > 2000
            (planted,) = [key for key in facts.usual if site_of(key) == "net.draws_in_vain"]
            draw = given.using({**given.values(), planted: 1}).job()
            same, drawing, both = listed(
                pool, [{**base, **given.job()}, {**base, **draw}, {**base, **draw, **pops}]
            )
        assert same.hash == original.hash and same.result["overrides"] == [len(given.overrides)] * 2
        drawn = sum(key.startswith("net.draws_in_vain") for key, _, _, _ in drawing.result["decision_list"])
        assert drawn > 1000, "the planted draw is drawn"
        assert drawing.hash == original.hash and drawing.result["overrides"][0] == len(given.overrides) + 1
        applied, of = both.result["overrides"]
        assert applied / of >= 0.99
        assert both.failures[0]["signature"] == original.failures[0]["signature"]


def test_what_is_kept_back_never_happens_and_moves_no_other_decision() -> None:
    """One client's requests are kept back: the others' are drawn as ever, and a history says they did not happen."""
    key = f"client.operations/{client_cause('client/4')}/0"
    with Pool(1, environment=REAL) as pool:
        usual, kept = listed(
            pool, [{"seed": 3, "faults": "none"}, {"seed": 3, "faults": "none", "overrides": [{"key": key, "value": 0}]}]
        )
    assert usual.verdict == kept.verdict == "pass"
    dropped = {op["client"] for op in kept.result["operations"] if op["dropped"]}
    assert dropped == {"client/4"} and not any(op["dropped"] for op in usual.result["operations"])
    before = {key: value for key, value, _, _ in usual.result["decision_list"]}
    after = {key: value for key, value, _, _ in kept.result["decision_list"]}
    both = before.keys() & after.keys()
    assert len(both) > len(after) * 0.8
    assert all(before[one] == after[one] for one in both if site_of(one) != "client.operations")


def test_one_flaw_has_one_signature_and_two_flaws_of_a_rule_have_two() -> None:
    jobs = [
        {"seed": seed, "weaken": weaken, "monitors": True}
        for weaken in ({"answers_wait": False}, {"quorum": 2})
        for seed in (1, 2, 4, 5)
    ]
    with Pool(2, environment=REAL) as pool:
        ended = listed(pool, jobs)

    def signatures(outcomes: list[Any]) -> list[str]:
        """Of the first breach of each run: what follows a bug breaks the rule in further ways."""
        return [outcome.failures[0]["signature"] for outcome in outcomes if outcome.failures]

    early, quorum = signatures(ended[:4]), signatures(ended[4:])
    assert len(early) == 4 and len(set(early)) == 1
    assert len(quorum) >= 2 and len(set(quorum)) < len(quorum)
    assert not set(early) & set(quorum)
