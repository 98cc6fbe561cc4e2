"""Capsules come back as they were written, and no damaged one is ever taken."""

from __future__ import annotations

import json

import pytest

from orrery import capsule
from orrery.errors import UserError


def example() -> capsule.Capsule:
    return capsule.Capsule(
        target="scenarios/inventory/scenario.py::flash_sale",
        seed=7938,
        faults="swarm",
        app="ab" * 32,
        build="cd" * 32,
        overrides=[{"key": "net/3/0", "value": 17}],
        expect={
            "verdict": "fail",
            "rule": "DO-OG-2",
            "signature": "5c1e",
            "hash": "ef" * 32,
            "events": 48211,
        },
        weaken={"quorum": 2},
        requests=[
            {
                "at_us": 5,
                "city": "Hà Nội",
                "method": "GET",
                "url": "/x",
                "headers": [["a", "b"]],
                "body": "line\nend",
            }
        ],
        for_us=60_000_000,
    )


def test_a_capsule_survives_the_disk(tmp_path):
    path = tmp_path / "c.json"
    example().write(path)
    assert capsule.read(path) == example()


def test_every_flipped_bit_is_noticed(tmp_path):
    path = tmp_path / "c.json"
    example().write(path)
    whole = path.read_bytes()
    for position in range(len(whole)):
        for bit in range(8):
            damaged = bytearray(whole)
            damaged[position] ^= 1 << bit
            path.write_bytes(damaged)
            with pytest.raises(UserError) as raised:
                capsule.read(path)
            assert raised.value.code == 2 and "c.json" in raised.value.message


def test_every_truncation_is_noticed(tmp_path):
    path = tmp_path / "c.json"
    example().write(path)
    whole = path.read_bytes()
    # Without its last line break the document is whole still.
    for length in range(len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(UserError):
            capsule.read(path)


@pytest.mark.parametrize(
    "change, complaint",
    [
        ({"seed": -1}, '"seed" is out of range'),
        ({"seed": True}, '"seed" is not a whole number'),
        ({"seed": "7"}, '"seed" is not a whole number'),
        ({"faults": "hail"}, '"faults" is'),
        ({"base": "sand"}, '"base" is'),
        ({"overrides": [{"key": 1, "value": 2}]}, '"overrides" entry 0'),
        ({"expect": {"hash": 7}}, '"expect.hash"'),
        ({"expect": {"verdict": "maybe"}}, '"expect.verdict"'),
        ({"expect": {"verdict": ["fail"]}}, '"expect.verdict" is not a text'),
        ({"extra": 1}, 'unknown key "extra"'),
        ({"two\nlines": 1}, r'unknown key "two\nlines"'),
        ({"k" * 200: 1}, 'unknown key "kkk'),
    ],
)
def test_a_wrong_field_is_named_even_under_a_right_checksum(tmp_path, change, complaint):
    document = {**example().document(), **change}
    document.pop("checksum")
    document["checksum"] = capsule.checksum(document)
    path = tmp_path / "c.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UserError) as raised:
        capsule.read(path)
    assert complaint in raised.value.message
    assert "\n" not in raised.value.message and len(raised.value.message) < 300


def test_a_capsule_of_a_later_format_says_so(tmp_path):
    document = {**example().document(), "orrery": 2}
    document.pop("checksum")
    document["checksum"] = capsule.checksum(document)
    path = tmp_path / "c.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(UserError, match="format 2"):
        capsule.read(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "7",
        "{}",
        '{"orrery":1,"orrery":1}',
        "[" * 100_000,
        '{"orrery":1,"weaken":' + "[" * 988 + "]" * 988 + "}",
        "\x00",
        '{"orrery":NaN}',
    ],
)
def test_what_is_no_capsule_is_refused_in_one_line(tmp_path, text):
    path = tmp_path / "c.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError) as raised:
        capsule.read(path)
    assert "\n" not in raised.value.message
