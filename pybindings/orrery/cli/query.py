"""`orrery query`: SQL on a trace file, or one of the questions of questions.md by its name."""

from __future__ import annotations

import difflib
import re
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import click
from rich.table import Table

from orrery import places
from orrery.cli import common
from orrery.errors import UserError
from orrery.places import shown
from orrery.report import out_console

PAGE = places.PACKAGE / "questions.md"
_QUESTION = re.compile(r"^### (\S+)\n(.*?)\n```sql\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Question:
    """A named question: what it asks, in a sentence, and its SQL."""

    name: str
    sentence: str
    sql: str


def questions() -> list[Question]:
    """Those of questions.md, in its order."""
    return [Question(*found) for found in _QUESTION.findall(PAGE.read_text(encoding="utf-8"))]


@click.command("query")
@click.argument("trace", type=click.Path(path_type=Path))
@click.argument("sql", required=False)
@common.json_option
def command(trace: Path, sql: str | None, as_json: bool) -> int:
    """Ask a TRACE file (see `replay --trace`) in SQL, or by the name of a question; without either, list the questions.
    Tables: event, lane, decision, fault, operation, meta.

    \b
      orrery query runs/7.sqlite slowest
      orrery query runs/7.sqlite "SELECT t_us, lane, text FROM event WHERE kind = 'crash'"
    """
    if not trace.is_file():
        raise UserError(f"no such trace file: {shown(trace)}")
    if sql is None:
        return _list(as_json)
    connection = sqlite3.connect(f"file:{quote(str(trace.resolve()))}?mode=ro", uri=True)
    try:
        cursor = connection.execute(_sql_of(sql))
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


def _sql_of(text: str) -> str:
    """A single word is the name of a question; anything else is SQL."""
    if not re.fullmatch(r"[\w-]+", text):
        return text
    known = {question.name: question.sql for question in questions()}
    if text in known:
        return known[text]
    near = difflib.get_close_matches(text, known, 1)
    hint = f"Did you mean {near[0]}?" if near else "`orrery query FILE` lists the questions."
    raise UserError(f"{text} is neither SQL nor the name of a question", hint=hint)


def _list(as_json: bool) -> int:
    if as_json:
        listed = [vars(question) for question in questions()]
        common.print_json({"orrery": 1, "command": "query", "questions": listed})
        return 0
    table = Table("question", "what it asks", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for question in questions():
        table.add_row(question.name, question.sentence)
    out_console().print(table, markup=False)
    return 0
