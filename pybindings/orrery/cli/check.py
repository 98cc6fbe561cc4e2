"""`orrery check`: a history file against a model."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from orrery.check_page import page
from orrery.checking import MEMORY_MB, OwnModel, judged, model_named
from orrery.cli import common
from orrery.errors import FAIL, PASS, UNKNOWN
from orrery.files import read_text, write_whole
from orrery.places import shown
from orrery.report import out_console, printable
from orrery.times import show_span

_TRANSACTIONS = ("list-append", "rw-register")
LEVELS = (
    "read-uncommitted",
    "read-committed",
    "monotonic-reads",
    "monotonic-writes",
    "read-your-writes",
    "writes-follow-reads",
    "snapshot-isolation",
    "strong-session-snapshot-isolation",
    "serializability",
    "strong-session-serializability",
    "strict-serializability",
)
_ENDS = {
    "ok": ("linearizable", PASS),
    "violation": ("NOT linearizable", FAIL),
    "unknown": ("unknown", UNKNOWN),
}


@click.command("check")
@click.argument("history", type=click.Path(path_type=Path))
@click.option(
    "--model",
    "model_text",
    required=True,
    metavar="NAME",
    help="register, cas-register, kv, counter, set, queue, lock, multi-register, list-append, rw-register; or one of"
    " your own: path.py::Name (see orrery.Model).",
)
@click.option(
    "--budget",
    "budget_us",
    type=common.SPAN,
    default="10s",
    show_default=True,
    help="How long the search may take.",
)
@click.option(
    "--memory",
    "memory_mb",
    type=click.IntRange(1, 1 << 20),
    default=MEMORY_MB,
    show_default=True,
    metavar="MB",
    help="What the search may remember things in.",
)
@click.option(
    "--require",
    type=click.Choice(LEVELS),
    default="serializability",
    show_default=True,
    help="What transactions (list-append, rw-register) are held to.",
)
@click.option("--html", type=click.Path(path_type=Path), help="Draw the history as a page: lanes, and the order found or the contradiction.")
@common.json_option
def command(
    history: Path, model_text: str, budget_us: int, memory_mb: int, require: str, html: Path | None, as_json: bool
) -> int:
    """Check a HISTORY (JSON lines of invoke/ok/fail/info events) against a model: exit 0 when it
    holds, 11 when it does not, 14 when the budget was not enough to know.
    """
    model = model_named(model_text)
    text = read_text(history, "history")
    result = judged(
        shown(history),
        text,
        model,
        {"budget_us": budget_us, "memory_mb": memory_mb, "orders": html is not None, "require": require},
        lambda waited_s: _tell(waited_s, budget_us),
    )
    words, code = _ENDS[result["verdict"]]
    if model in _TRANSACTIONS:
        words = {PASS: f"keeps {require}", FAIL: f"breaks {require}"}.get(code, words)
    if html is not None:
        write_whole(html, page(history.name, model_text, text, result))
        result.pop("orders", None)
    if as_json:
        common.print_json({"orrery": 1, "command": "check", "model": model_text, **result})
        return code
    console = out_console()
    kind = model.name if isinstance(model, OwnModel) else model
    head = f"{shown(history)}: {words} as a {kind}, {result['operations']:,} operations"
    console.print(head, style="bold green" if code == PASS else "bold red", markup=False)
    witness = result.get("witness", {})
    lines = [witness.get("sentence"), result.get("reason")]
    if violated := result.get("violates"):
        lines.append(f"violates {', '.join(violated)}")
    lines += [f"line {op['line']}: {op['text']}" for op in witness.get("operations", [])]
    for text in filter(None, lines):
        console.print(f"  {printable(text)}", markup=False, soft_wrap=True)
    return code


def _tell(waited_s: float, budget_us: int) -> None:
    print(f"check: still at it after {waited_s:.0f} s; the budget is {show_span(budget_us)}", file=sys.stderr, flush=True)
