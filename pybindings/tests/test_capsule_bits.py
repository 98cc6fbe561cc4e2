"""Single bits of a real capsule, flipped: each is refused. And where the checksum is made right again, as if the bit had been
another when the capsule was written: bad input, or a run, which replay knows for the same or for another, never a crash.

ORRERY_TEST_BITS=1000 replays as many of those that still read."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Iterator

import pytest
from orrery import capsule as capsules
from orrery.errors import UserError
from real import ROOT, Real

TARGET = "scenarios/flash_sale_faulty/scenario.py"
REPLAYED = int(os.environ.get("ORRERY_TEST_BITS", "6"))


@pytest.fixture(scope="module")
def capsule(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Real, bytes]]:
    """What a run left that failed, with a jitter of its own, and the folder it is in."""
    real = Real(tmp_path_factory.mktemp("bits"))
    ended = real.run("run", str(ROOT / TARGET), "--json")
    assert ended.code == 11, ended.err
    path = next((real.folder / "runs").glob("*.capsule.json"))
    wanted = capsules.read(path)
    assert wanted.expect["hash"]
    wanted.overrides = [{"key": "net.jitter/00000000000000ff/0", "value": 17}]
    wanted.write(path)
    again = real.run("replay", path, "--json")
    assert again.code == 11 and again.json["same"] and again.json["overrides"] == [0, 1]
    yield real, path.read_bytes()
    real.forget_bundles()


def flipped(whole: bytes) -> Iterator[tuple[int, int, bytes]]:
    for position in range(len(whole)):
        for bit in range(8):
            yield position, bit, whole[:position] + bytes([whole[position] ^ 1 << bit]) + whole[position + 1 :]


def read(data: bytes, path: Path) -> capsules.Capsule | None:
    """The capsule in these bytes; None: it is refused, in one line that names it."""
    path.write_bytes(data)
    try:
        return capsules.read(path)
    except UserError as error:
        assert error.code == 2 and path.name in error.message and "\n" not in error.message
        return None


def test_every_bit_of_a_capsule_that_a_run_left_is_missed(capsule: tuple[Real, bytes], tmp_path: Path) -> None:
    _, whole = capsule
    taken = [(position, bit) for position, bit, data in flipped(whole) if read(data, tmp_path / "c.json") is not None]
    assert taken == []
    assert read(whole, tmp_path / "c.json") is not None


def test_a_bit_that_was_another_from_the_start_is_bad_input_or_a_run_that_replay_knows(
    capsule: tuple[Real, bytes], tmp_path: Path
) -> None:
    real, whole = capsule
    read_still = []
    refused = 0
    for position, bit, data in flipped(whole):
        try:
            document = json.loads(data)
            del document["checksum"]
            document["checksum"] = capsules.checksum(document)
            signed = json.dumps(document, indent=1, ensure_ascii=False).encode()
        except (ValueError, KeyError):
            continue  # no document any more: the test above
        if read(signed, tmp_path / "c.json") is None:
            refused += 1
        elif signed != whole.rstrip():
            read_still.append((position, bit, signed))
    assert refused > 100 and len(read_still) > 300
    path = real.folder / "bit.capsule.json"
    seen = set()
    # Among them one that makes the capsule expect another run, wherever the bytes of this build's capsule are.
    expecting = json.loads(whole)["expect"]["hash"]
    another = next(one for one in read_still if json.loads(one[2])["expect"].get("hash", expecting) != expecting)
    for position, bit, signed in [another, *random.Random(7).sample(read_still, min(REPLAYED, len(read_still)))]:
        path.write_bytes(signed)
        # A seed of many digits or another scenario may take its time; no Traceback: Real sees to that.
        ended = real.run("replay", path, "--json", seconds=120)
        where = (position, bit, whole[max(0, position - 30) : position + 10], ended.err)
        assert ended.code in (0, 2, 11, 13), where
        seen.add(ended.code)
        if ended.code == 2:
            assert "Traceback" not in ended.err and ended.err.strip(), where
            continue
        expected = json.loads(signed)["expect"].get("hash")
        assert ended.json["same"] == (expected in (None, ended.json["hash"])), where
        assert (ended.code == 13) == (not ended.json["same"]), where
        if ended.code == 13:
            told = real.run("replay", path, seconds=120)
            assert "NOT the same run" in told.out and expected[:16] in told.out and ended.json["hash"][:16] in told.out, where
    assert 13 in seen
