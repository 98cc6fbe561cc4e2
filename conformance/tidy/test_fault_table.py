"""Every fault is in the table of sim/fault/README.md, with rules that exist."""

from pathlib import Path

from fault_table import KINDS, RULES, TABLE, findings, names

ROOT = Path(__file__).parents[2]


def test_the_table_has_every_fault_and_nothing_else() -> None:
    kinds, table, rules = ((ROOT / path).read_text() for path in (KINDS, TABLE, RULES))
    assert len(names(kinds)) > 50
    assert not findings(kinds, table, rules)


def test_what_is_wrong_with_the_table_is_said() -> None:
    kinds, table, rules = ((ROOT / path).read_text() for path in (KINDS, TABLE, RULES))
    without = "\n".join(line for line in table.splitlines() if not line.startswith("| `disk.torn`"))
    assert findings(kinds, without, rules) == ["disk.torn has no row"]
    assert findings(kinds, table.replace("| `heal` |", "| `mend` |"), rules) == ["heal has no row", "mend is no fault"]
    assert findings(kinds, table.replace("DO-DIR-1", "DO-DIR-9"), rules) == [
        "crash.directory: there is no rule DO-DIR-9"
    ]
    assert findings(kinds, table.replace("KV-1, KV-2, KV-LIVE-1", "none"), rules) == ["crash.kv names no rule"]
