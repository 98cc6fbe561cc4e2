"""A history as a page: a lane for each process, a bar from each request to its answer, and the order that explains them or
the operations that contradict each other. One HTML file that needs nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import Any

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


def bars(text: str) -> list[Bar]:
    """The operations of a history that was read without complaint."""
    out: list[Bar] = []
    open_by: dict[str, Bar] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        event = json.loads(line)
        process = _plain(event["p"])
        if event["e"] == "invoke":
            bar = Bar(number, process, _told(event), number, None, "info")
            open_by[process] = bar
            out.append(bar)
            continue
        ended = open_by.pop(process)
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
    every = bars(text)
    witness = [op["line"] for op in result.get("witness", {}).get("operations", [])]
    drawn = _chosen(every, witness)
    order = {line: number for one in result.get("orders", []) for number, line in enumerate(one, 1)}
    if result["verdict"] != "ok":
        order = {}
    verdict = {"ok": "an order explains every answer", "violation": "no order explains the answers",
               "unknown": "unknown within the budget"}[result["verdict"]]
    tone = {"ok": "good", "violation": "bad"}.get(result["verdict"], "")
    lines = [result.get("witness", {}).get("sentence", ""), result.get("reason", "")]
    told = "".join(f"<p>{escape(line)}</p>" for line in lines if line)
    left_out = "" if len(drawn) == len(every) else f" Drawn are {len(drawn):,} of them."
    rows = "".join(
        f"<tr><td>{bar.line}</td><td>{escape(bar.process)}</td><td>{escape(bar.text)}</td><td>{bar.outcome}</td>"
        f"<td>{order.get(bar.line, '')}</td></tr>"
        for bar in (drawn if not witness else [bar for bar in drawn if bar.line in witness])
    )
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(name)}</title><style>{_STYLE}</style>"
        f"<h1>{escape(name)} as a {escape(model)}</h1>"
        f"<p class=\"verdict {tone}\">{verdict}</p>{told}<p>{len(every):,} operations.{left_out}</p>"
        "<p class=key><span style=\"background:#cfe3f7\">answered</span><span style=\"background:#f8e3b5\">no answer</span>"
        "<span style=\"background:#e4e4e4\">did not happen</span>"
        + ("<span style=\"border:2px solid #b3261e\">contradict each other</span>" if witness else
           "numbers: a place in the order that was found, for each key" if order else "")
        + f"</p><figure>{_drawing(drawn, set(witness), order)}</figure>"
        f"<table><tr><th>line<th>process<th>operation<th>outcome<th>order</tr>{rows}</table></html>\n"
    )


def _chosen(every: list[Bar], witness: list[int]) -> list[Bar]:
    if len(every) <= DRAWN_MAX:
        return every
    if not witness:
        return every[:DRAWN_MAX]
    last = max(index for index, bar in enumerate(every) if bar.line in witness)
    near = set(range(max(0, last - DRAWN_MAX // 2), min(len(every), last + DRAWN_MAX // 2)))
    return [bar for index, bar in enumerate(every) if index in near or bar.line in witness]


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
