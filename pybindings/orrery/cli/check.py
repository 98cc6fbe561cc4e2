"""`orrery check`: a history file against a model."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import click

from orrery import native
from orrery.check_page import page
from orrery.cli import common
from orrery.errors import FAIL, PASS, UNKNOWN, UserError
from orrery.files import read_text, write_whole
from orrery.places import shown
from orrery.report import out_console, printable

MODELS = (
    "register",
    "cas-register",
    "kv",
    "counter",
    "set",
    "queue",
    "lock",
    "multi-register",
    "list-append",
    "rw-register",
)
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
@click.option("--model", type=click.Choice(MODELS), required=True)
@click.option(
    "--budget",
    "budget_us",
    type=common.SPAN,
    default="10s",
    show_default=True,
    help="How long the search may take.",
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
    history: Path, model: str, budget_us: int, require: str, html: Path | None, as_json: bool
) -> int:
    """Check a HISTORY (JSON lines of invoke/ok/fail/info events) against a model: exit 0 when it
    holds, 11 when it does not, 14 when the budget was not enough to know.
    """
    module = native.load()
    text = read_text(history, "history")
    # The search is C++ and cannot be interrupted by Python; let Ctrl-C end the process as it is.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        result: dict[str, Any] = json.loads(
            native.method(module, "check_history", "orrery check")(
                text, model, json.dumps({"budget_us": budget_us, "orders": html is not None, "require": require})
            )
        )
    except module.BadInput as error:
        raise UserError(f"{shown(history)}: {error}") from None
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if result["verdict"] == "bad-input":
        wrong = result["error"]
        line = f", line {wrong['line']}" if wrong["line"] else ""
        raise UserError(f"{shown(history)}{line}: {wrong['reason']}")
    words, code = _ENDS[result["verdict"]]
    if model in _TRANSACTIONS:
        words = {PASS: f"keeps {require}", FAIL: f"breaks {require}"}.get(code, words)
    if html is not None:
        write_whole(html, page(history.name, model, text, result))
        result.pop("orders", None)
    if as_json:
        common.print_json({"orrery": 1, "command": "check", "model": model, **result})
        return code
    console = out_console()
    head = f"{shown(history)}: {words} as a {model}, {result['operations']:,} operations"
    console.print(head, style="bold green" if code == PASS else "bold red", markup=False)
    witness = result.get("witness", {})
    lines = [witness.get("sentence"), result.get("reason")]
    if violated := result.get("violates"):
        lines.append(f"violates {', '.join(violated)}")
    lines += [f"line {op['line']}: {op['text']}" for op in witness.get("operations", [])]
    for text in filter(None, lines):
        console.print(f"  {printable(text)}", markup=False, soft_wrap=True)
    return code
