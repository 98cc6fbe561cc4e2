"""`orrery query`: SQL on a trace file."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

import click
from rich.table import Table

from orrery.cli import common
from orrery.errors import UserError
from orrery.places import shown
from orrery.report import out_console


@click.command("query")
@click.argument("trace", type=click.Path(path_type=Path))
@click.argument("sql")
@common.json_option
def command(trace: Path, sql: str, as_json: bool) -> int:
    """Run SQL on a TRACE file (see `replay --trace`). Tables: event, lane, decision, fault,
    operation, meta.

    \b
      orrery query runs/7.sqlite "SELECT t_us, lane, text FROM event WHERE kind = 'crash'"
    """
    if not trace.is_file():
        raise UserError(f"no such trace file: {shown(trace)}")
    connection = sqlite3.connect(f"file:{quote(str(trace.resolve()))}?mode=ro", uri=True)
    try:
        cursor = connection.execute(sql)
        columns = [column[0] for column in cursor.description or ()]
        if as_json:
            rows = [dict(zip(columns, row)) for row in cursor]
            common.print_json({"orrery": 1, "command": "query", "columns": columns, "rows": rows})
            return 0
        table = Table(*columns, box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for row in cursor:
            table.add_row(*("" if value is None else str(value) for value in row))
    except (sqlite3.Error, sqlite3.Warning) as error:
        raise UserError(f"{shown(trace)}: {error}") from None
    finally:
        connection.close()
    console = out_console()
    console.print(table, markup=False) if columns else console.print("done")
    return 0
