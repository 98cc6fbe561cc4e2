"""Capsules: the few hundred bytes that bring a run back.

A capsule is one JSON document (CONTRACT.md, "Capsule") with fields of our own added:
`scenario` settings that the command line or shrinking changed (`weaken`, `requests`, `for_us`, `with`, `pops`,
`until_rule`, `until_us`, `monitors`), `shrunk`, what shrinking found out, `redraw` (the
moments from which a branch's future was drawn anew, cli/branch.py), and `checksum`,
the SHA-256 of the document without it in canonical form. The checksum covers every value, and the
strict reader every byte of the frame around them, so that a truncated or bit-flipped file is always
refused.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orrery.errors import EXIT_CODES, UserError
from orrery.files import brief, parse_json, quoted, read_text, write_whole
from orrery.places import shown
from orrery.schedule import is_schedule, is_sweep

VERSION = 1
FAULT_PRESETS = ("none", "lite", "swarm", "storm")
SEED_MAX = 2**63 - 1


@dataclass
class Capsule:
    """A run to be had again, and what it is expected to show."""

    target: str
    seed: int
    faults: str
    base: str = "seed"
    overrides: list[dict[str, Any]] = field(default_factory=list)
    app: str = ""
    build: str = ""
    expect: dict[str, Any] = field(default_factory=dict)
    weaken: dict[str, Any] = field(default_factory=dict)
    requests: list[dict[str, Any]] | None = None
    for_us: int | None = None
    beside: list[str] = field(default_factory=list)
    #: Of a branch: from which steps of the loop the future was drawn anew, {"at_step", "seed"} each.
    redraw: list[dict[str, int]] = field(default_factory=list)
    #: Points of presence instead of the scenario's; the rule whose breach ends the run; whether monitors watch (None: as
    #: ever); what shrinking found out.
    pops: list[str] = field(default_factory=list)
    until_rule: str = ""
    #: Where such a run ends, if the rule is not broken (any more): what comes later is nothing that it was kept for.
    until_us: int | None = None
    monitors: bool | None = None
    shrunk: dict[str, Any] = field(default_factory=dict)

    schedule: str | None = None  # who orders what is left open, unless it is fifo
    sweep: dict[str, Any] | None = None  # {"kind", "n"}: what fails, counted

    def order(self) -> dict[str, Any]:
        """What a job of this capsule says of order and sweep."""
        asked = {"schedule": self.schedule, "sweep": self.sweep}
        return {key: value for key, value in asked.items() if value is not None}

    def job(self) -> dict[str, Any]:
        """What a job says to have this run again."""
        job: dict[str, Any] = {
            "seed": self.seed,
            "faults": self.faults,
            "weaken": self.weaken,
            **self.extra(),
        }
        if self.requests is not None:
            job.update(requests=self.requests, for_us=self.for_us)
        return job

    def extra(self) -> dict[str, Any]:
        """What a job of this run says beyond target, seed, faults and configuration."""
        extra: dict[str, Any] = {}
        if self.base != "seed":
            extra["base"] = self.base
        for key in ("overrides", "redraw", "pops", "until_rule"):
            if getattr(self, key):
                extra[key] = getattr(self, key)
        for key in ("until_us", "monitors"):
            if getattr(self, key) is not None:
                extra[key] = getattr(self, key)
        return {**extra, **self.order()}

    def document(self) -> dict[str, Any]:
        """The JSON document, checksum included."""
        body: dict[str, Any] = {
            "orrery": VERSION,
            "target": self.target,
            "app": self.app,
            "build": self.build,
            "base": self.base,
            "seed": self.seed,
            "faults": self.faults,
            "overrides": self.overrides,
            "expect": self.expect,
        }
        if self.weaken:
            body["weaken"] = self.weaken
        if self.requests is not None:
            body["requests"] = self.requests
        if self.for_us is not None:
            body["for_us"] = self.for_us
        if self.beside:
            body["with"] = self.beside
        if self.redraw:
            body["redraw"] = self.redraw
        for key in ("pops", "until_rule", "shrunk"):
            if getattr(self, key):
                body[key] = getattr(self, key)
        for key in ("until_us", "monitors"):
            if getattr(self, key) is not None:
                body[key] = getattr(self, key)
        body.update(self.order())
        body["checksum"] = checksum(body)
        return body

    def text(self) -> str:
        """The document as it is written."""
        return json.dumps(self.document(), indent=1, ensure_ascii=False) + "\n"

    def write(self, path: Path) -> None:
        write_whole(path, self.text())


def checksum(body: dict[str, Any]) -> str:
    """SHA-256 of the document in canonical form: sorted keys, no blanks, UTF-8."""
    text = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def read(path: Path) -> Capsule:
    """The capsule in a file; a UserError says what is wrong and where."""
    return parse(read_text(path, "capsule"), shown(path))


def parse(text: str, name: str) -> Capsule:
    """The capsule in a text, which messages call by a name."""

    def refuse(why: str) -> UserError:
        return UserError(f"capsule {name} is damaged or not a capsule: {why}")

    try:
        document = parse_json(text)
    except ValueError as error:
        raise refuse(str(error)) from None
    if not isinstance(document, dict):
        raise refuse("not a JSON object")
    version = document.get("orrery")
    if type(version) is not int:
        raise refuse('the key "orrery" (the version) is missing or not a number')
    stored = document.pop("checksum", None)
    if not isinstance(stored, str):
        raise refuse('the key "checksum" is missing')
    try:
        actual = checksum(document)
    except UnicodeEncodeError:
        raise refuse("a text holds half of a surrogate pair") from None
    if stored != actual:
        raise refuse(
            f"its content does not match its checksum (stored {stored[:12]}..., computed {actual[:12]}...)"
        )
    if version != VERSION:
        raise UserError(
            f"capsule {name} has format {brief(str(version))}; this build reads format {VERSION}"
        )
    return _checked(document, refuse)


def _checked(document: dict[str, Any], refuse) -> Capsule:
    """Types and ranges of every field, so that nothing later trips over them."""

    def take(key: str, kind: type, required: bool = True, default: Any = None) -> Any:
        if key not in document:
            if required:
                raise refuse(f'the key "{key}" is missing')
            return default
        value = document.pop(key)
        if type(value) is not kind:
            raise refuse(f'"{key}" is not {_KINDS[kind]}')
        return value

    take("orrery", int)
    target = take("target", str)
    seed = take("seed", int)
    if not 0 <= seed <= SEED_MAX:
        raise refuse(f'"seed" is out of range: {brief(str(seed))}')
    faults = take("faults", str)
    if faults not in FAULT_PRESETS:
        raise refuse(f'"faults" is {brief(repr(faults))}, not one of {", ".join(FAULT_PRESETS)}')
    base = take("base", str, required=False, default="seed")
    if base not in ("seed", "default"):
        raise refuse(f'"base" is {brief(repr(base))}, not "seed" or "default"')
    overrides = take("overrides", list, required=False, default=[])
    for index, override in enumerate(overrides):
        if (
            not isinstance(override, dict)
            or set(override) != {"key", "value"}
            or type(override["key"]) is not str
        ):
            raise refuse(f'"overrides" entry {index} is not {{"key": text, "value": ...}}')
    expect = take("expect", dict, required=False, default={})
    for key in ("verdict", "rule", "signature", "hash"):
        if key in expect and type(expect[key]) is not str:
            raise refuse(f'"expect.{key}" is not a text')
    if "verdict" in expect and expect["verdict"] not in EXIT_CODES:
        raise refuse(f'"expect.verdict" is {brief(repr(expect["verdict"]))}')
    capsule = Capsule(
        target=target,
        seed=seed,
        faults=faults,
        base=base,
        overrides=overrides,
        app=take("app", str, required=False, default=""),
        build=take("build", str, required=False, default=""),
        expect=expect,
        weaken=take("weaken", dict, required=False, default={}),
        requests=take("requests", list, required=False),
        for_us=take("for_us", int, required=False),
        beside=take("with", list, required=False, default=[]),
        redraw=take("redraw", list, required=False, default=[]),
        pops=take("pops", list, required=False, default=[]),
        until_rule=take("until_rule", str, required=False, default=""),
        until_us=take("until_us", int, required=False),
        monitors=take("monitors", bool, required=False),
        shrunk=take("shrunk", dict, required=False, default={}),
        schedule=take("schedule", str, required=False),
        sweep=take("sweep", dict, required=False),
    )
    if not all(isinstance(pop, str) for pop in capsule.pops):
        raise refuse('"pops" holds something that is not a text')
    last = 0
    for index, entry in enumerate(capsule.redraw):
        whole = isinstance(entry, dict) and set(entry) == {"at_step", "seed"}
        if not whole or not all(type(part) is int and 0 <= part <= SEED_MAX for part in entry.values()):
            raise refuse(f'"redraw" entry {index} is not {{"at_step": number, "seed": number}}')
        if entry["at_step"] < last:
            raise refuse('"redraw" entries are not in the order of their steps')
        last = entry["at_step"]
    if not all(isinstance(folder, str) for folder in capsule.beside):
        raise refuse('"with" holds something that is not a text')
    if capsule.schedule is not None and not is_schedule(capsule.schedule):
        raise refuse(f'"schedule" is {brief(repr(capsule.schedule))}')
    if capsule.sweep is not None and not is_sweep(capsule.sweep):
        raise refuse('"sweep" is not {"kind": what is counted, "n": which fails}')
    if document:
        raise refuse(f"unknown key {quoted(next(iter(document)))}")
    return capsule


_KINDS = {bool: "true or false", int: "a whole number", str: "a text", list: "a list", dict: "an object"}
