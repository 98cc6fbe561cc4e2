"""`orrery check`: a history file against a model."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import click

from orrery import native
from orrery.cli import common
from orrery.errors import FAIL, PASS, UNKNOWN, UserError, not_in_this_build
from orrery.files import read_text
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
@click.option("--html", type=click.Path(path_type=Path), help="Write the history as a page.")
@common.json_option
def command(history: Path, model: str, budget_us: int, html: Path | None, as_json: bool) -> int:
    """Check a HISTORY (JSON lines of invoke/ok/fail/info events) against a model: exit 0 when it
    holds, 11 when it does not, 14 when the budget was not enough to know.
    """
    if html is not None:
        raise not_in_this_build("--html")
    module = native.load()
    text = read_text(history, "history")
    # The search is C++ and cannot be interrupted by Python; let Ctrl-C end the process as it is.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        result: dict[str, Any] = json.loads(
            native.method(module, "check_history", "orrery check")(
                text, model, json.dumps({"budget_us": budget_us})
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
    if as_json:
        common.print_json({"orrery": 1, "command": "check", "model": model, **result})
        return code
    console = out_console()
    head = f"{shown(history)}: {words} as a {model}, {result['operations']:,} operations"
    console.print(head, style="bold green" if code == PASS else "bold red", markup=False)
    witness = result.get("witness", {})
    lines = [witness.get("sentence"), result.get("reason")]
    lines += [f"line {op['line']}: {op['text']}" for op in witness.get("operations", [])]
    for text in filter(None, lines):
        console.print(f"  {printable(text)}", markup=False, soft_wrap=True)
    return code
