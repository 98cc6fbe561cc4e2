"""`orrery rules`: the table of guarantees."""

from __future__ import annotations

import json

import click
from rich.table import Table

from orrery import native
from orrery.cli import common
from orrery.report import out_console


@click.command("rules")
@common.json_option
def command(as_json: bool) -> int:
    """Print each guarantee: its id, its sentence, where it comes from and what enforces it."""
    rules = json.loads(native.method(native.load(), "rules", "orrery rules")())
    if as_json:
        common.print_json({"orrery": 1, "command": "rules", "rules": rules})
        return 0
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("id", "sentence", "source", "enforced by"):
        table.add_column(name)
    for rule in rules:
        table.add_row(
            *(str(rule.get(key, "")) for key in ("id", "sentence", "source", "enforced_by"))
        )
    out_console().print(table)
    return 0
