"""A history as a page: a lane for each process, a bar from each request to its answer, and the order that explains them or
the operations that contradict each other. One HTML file that needs nothing else."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from html import escape
from typing import Any, Callable

#: So many operations are drawn; of a longer history those around the contradiction, or the first.
DRAWN_MAX = 600
_LANE, _STEP, _LEFT, _TOP, _BAR = 54, 30, 130, 46, 24
_FILL = {"ok": "#cfe3f7", "fail": "#e4e4e4", "info": "#f8e3b5"}
_STYLE = """
body { font: 14px system-ui, sans-serif; margin: 24px; color: #1d2733; }
h1 { font-size: 18px; } .verdict { font-weight: 600; } .bad { color: #b3261e; } .good { color: #1b6e3c; }
figure { overflow-x: auto; margin: 16px 0; border: 1px solid #d6dde5; } svg text { font: 12px ui-monospace, monospace; }
.key span { display: inline-block; padding: 1px 8px; margin-right: 12px; border: 1px solid #9fb0c0; }
table { border-collapse: collapse; } td, th { text-align: left; padding: 2px 14px 2px 0; font-variant-numeric: tabular-nums; }
"""


@dataclass
class Bar:
    """An operation on the page; places are those of its lines among all."""

    line: int
    process: str
    text: str
    begin: int
    end: int | None
    outcome: str


def bars(text: str, kept: Callable[[int], bool] = lambda _: True) -> list[Bar]:
    """The operations of a history that was read without complaint; of those begun on lines that are `kept`. Of the other
    lines only those are read that may answer one."""
    out: list[Bar] = []
    open_by: dict[str, Bar] = {}
    names: dict[str, str] = {}
    answers: re.Pattern[str] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if not (keep := kept(number)) and (not open_by or answers is not None and not answers.search(line)):
            continue
        if not line.strip():
            continue
        if answers is None and not keep:
            answers = re.compile(r'"p"\s*:\s*(?:' + "|".join(re.escape(names[process]) for process in open_by) + r")\s*[,}]")
            if not answers.search(line):
                continue
        event = json.loads(line)
        process = _plain(event["p"])
        if event["e"] == "invoke":
            if keep:
                bar = Bar(number, process, _told(event), number, None, "info")
                open_by[process], names[process], answers = bar, json.dumps(event["p"], ensure_ascii=False), None
                out.append(bar)
            continue
        ended = open_by.pop(process, None)
        if ended is None:
            continue
        answers = None
        ended.outcome = event["e"]
        if event["e"] == "info":
            continue
        ended.end = number
        result = event.get("r", event.get("v"))
        if event["e"] == "ok" and result is not None and event.get("f") not in ("write", "put", "enqueue"):
            ended.text += f" \u2192 {_plain(result)}"
    return out


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _told(event: dict[str, Any]) -> str:
    parts = [event["f"], *(_plain(event[name]) for name in ("k", "v") if event.get(name) is not None)]
    return " ".join(parts)


def page(name: str, model: str, text: str, result: dict[str, Any]) -> str:
    """The page. result: what `check_history` answered, with its orders."""
    witness = {op["line"] for op in result.get("witness", {}).get("operations", [])}
    drawn = _chosen(text, witness)
    operations = result.get("operations", len(drawn))
    order = {line: number for one in result.get("orders", []) for number, line in enumerate(one, 1)}
    if result["verdict"] != "ok":
        order = {}
    verdict = {"ok": "an order explains every answer", "violation": "no order explains the answers",
               "unknown": "unknown within the budget"}[result["verdict"]]
    tone = {"ok": "good", "violation": "bad"}.get(result["verdict"], "")
    lines = [result.get("witness", {}).get("sentence", ""), result.get("reason", "")]
    told = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    left_out = "" if len(drawn) >= operations else f" Drawn are {len(drawn):,} of them."
    if result["verdict"] == "ok" and not order and operations:
        left_out += " Their order is not shown: it was not asked for, or the search for one did not end within the budget."
    rows = "".join(
        f"<tr><td>{bar.line}</td><td>{escape(bar.process)}</td><td>{escape(bar.text)}</td><td>{bar.outcome}</td>"
        f"<td>{order.get(bar.line, '')}</td></tr>"
        for bar in (drawn if not witness else [bar for bar in drawn if bar.line in witness])
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(name)}</title><style>{_STYLE}</style>"
        f"<h1>{escape(name)} as a {escape(model)}</h1>"
        f"<p class=\"verdict {tone}\">{verdict}</p>{told}<p>{operations:,} operations.{left_out}</p>"
        "<p class=key><span style=\"background:#cfe3f7\">answered</span><span style=\"background:#f8e3b5\">no answer</span>"
        "<span style=\"background:#e4e4e4\">did not happen</span>"
        + ("<span style=\"border:2px solid #b3261e\">contradict each other</span>" if witness else
           "numbers: a place in the order that was found, for each key" if order else "")
        + f"</p><figure>{_drawing(drawn, witness, order)}</figure>"
        f"<table><tr><th>line<th>process<th>operation<th>outcome<th>order</tr>{rows}</table></html>\n"
    )


def _chosen(text: str, witness: set[int]) -> list[Bar]:
    """All operations if they are few; else the first, or those begun around the end of the contradiction."""
    lines = text.count("\n") + 1
    if lines <= 2 * DRAWN_MAX:
        return [bar for number, bar in enumerate(bars(text)) if number < DRAWN_MAX or bar.line in witness]
    # Two lines make an operation.
    first, last = (max(witness) - DRAWN_MAX, max(witness) + DRAWN_MAX) if witness else (1, 2 * DRAWN_MAX)
    found = bars(text, lambda line: first <= line < last or line in witness)
    return [bar for number, bar in enumerate(found) if number < DRAWN_MAX or bar.line in witness]


def _drawing(drawn: list[Bar], witness: set[int], order: dict[int, int]) -> str:
    lanes = list(dict.fromkeys(bar.process for bar in drawn))
    # Time is drawn by the order of events, without the lines of what is left out.
    moments = sorted({moment for bar in drawn for moment in (bar.begin, bar.end) if moment is not None})
    at = {moment: _LEFT + index * _STEP for index, moment in enumerate(moments)}
    width, height = _LEFT + (len(moments) + 2) * _STEP, _TOP + len(lanes) * _LANE
    parts = [f'<svg width="{width}" height="{height}" role="img" aria-label="the operations of each process over time">']
    for number, lane in enumerate(lanes):
        y = _TOP + number * _LANE
        parts.append(f'<text x="8" y="{y + 16}">{escape(lane)}</text>')
        parts.append(f'<line x1="{_LEFT}" x2="{width}" y1="{y + _BAR + 8}" y2="{y + _BAR + 8}" stroke="#e8edf2"/>')
    for bar in drawn:
        y, x = _TOP + lanes.index(bar.process) * _LANE, at[bar.begin]
        end = at[bar.end] if bar.end is not None else width - 4
        edge = ('stroke="#b3261e" stroke-width="2.5"' if bar.line in witness else 'stroke="#7f93a8"')
        faded = ' opacity="0.45"' if witness and bar.line not in witness else ""
        dashes = ' stroke-dasharray="4 3"' if bar.end is None else ""
        parts.append(
            f'<g{faded}><title>line {bar.line}: {escape(bar.text)} ({bar.outcome})</title>'
            f'<rect x="{x}" y="{y}" width="{max(6, end - x)}" height="{_BAR}" rx="3" fill="{_FILL[bar.outcome]}" {edge}{dashes}/>'
            f'<text x="{x + 4}" y="{y - 4}">{escape(bar.text)}</text>'
        )
        if bar.line in order:
            parts.append(f'<text x="{x + 5}" y="{y + 16}" font-weight="bold">{order[bar.line]}</text>')
        parts.append("</g>")
    return "".join(parts) + "</svg>"
