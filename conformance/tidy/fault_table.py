"""The table of faults in sim/fault/README.md against the kinds and modes that the code has: a row for each, with rules
that exist."""

from __future__ import annotations

import re
from pathlib import Path

KINDS = Path("sim/fault/kinds.cc")
TABLE = Path("sim/fault/README.md")
RULES = Path("conformance/rules/rules.cc")


def _texts(source: str) -> list[str]:
    return re.findall(r'"([^"]*)"', source)


def _initializer(source: str, start: str) -> list[str]:
    begin = source.index("{", source.index(start))
    return _texts(source[begin : source.index("};", begin)])


def kinds_and_modes(source: str) -> dict[str, list[str]]:
    """Every kind with its modes, as the code names them."""
    kinds = _initializer(source, "kKindNames = ")
    modes: dict[str, list[str]] = {kind: [] for kind in kinds}
    for name in ("partition", "clog", "loss", "clock", "crash", "origin"):
        modes[name] = _initializer(source, f"std::vector<const char*> {name} = ")
    modes["kill_isolate"] = _initializer(source, "std::vector<const char*> isolate = ")
    modes["disk"] = _initializer(source, "kDiskNames = ") + ["nth_call"]
    return modes


def names(source: str) -> list[str]:
    """As results count them: "heal", "disk.torn"."""
    out = []
    for kind, modes in kinds_and_modes(source).items():
        out += [f"{kind}.{mode}" for mode in modes] or [kind]
    return out


def rows(table: str) -> dict[str, list[str]]:
    """The rows of the table by the name in their first cell, each with its other cells."""
    out: dict[str, list[str]] = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        for name in re.findall(r"`([a-z_.]+)`", cells[0]) if len(cells) == 5 else []:
            out[name] = cells[1:]
    return out


def findings(kinds: str, table: str, rules: str) -> list[str]:
    """What is wrong with the table, a line each."""
    known = set(re.findall(r'\{"([A-Z]+(?:-[A-Z0-9]+)+)"', rules))
    have = rows(table)
    wrong = [f"{name} has no row" for name in names(kinds) if name not in have]
    wrong += [f"{name} is no fault" for name in have if name not in names(kinds)]
    for name, cells in have.items():
        cited = re.findall(r"[A-Z]+(?:-[A-Z]+)*-[0-9]+", cells[2])
        wrong += [f"{name}: there is no rule {rule}" for rule in cited if rule not in known]
        if not cited and "not supported" not in cells[1]:
            wrong.append(f"{name} names no rule")
        if not all(cells):
            wrong.append(f"{name} has an empty cell")
    return wrong
