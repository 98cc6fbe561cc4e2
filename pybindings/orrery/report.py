"""What a person sees on standard error while a command works, and on standard output at its end."""

from __future__ import annotations

import re
import sys
import time
from typing import Any, Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

PLAIN_EVERY_S = 2.0
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


class Reporter:
    """Progress on standard error: a bar on a terminal, else a plain line every two seconds at most.

    Use as a context manager; `update` is cheap and may be called at any rate.
    """

    def __init__(self, title: str, enabled: bool = True) -> None:
        self._title = title
        self._started = time.monotonic()
        self._last = self._started
        self._shown = ""
        self._bar: Progress | None = None
        self._enabled = enabled
        if enabled and sys.stderr.isatty():
            console = Console(stderr=True)
            columns = (
                TextColumn("{task.description}"),
                BarColumn(),
                TextColumn("{task.fields[text]}"),
                TimeElapsedColumn(),
            )
            self._bar = Progress(*columns, console=console, transient=True)
            self._task = self._bar.add_task(title, total=None, text="")

    def __enter__(self) -> "Reporter":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, done: int, total: int | None, text: str) -> None:
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total, text=text)
        elif self._enabled and time.monotonic() - self._last >= PLAIN_EVERY_S:
            self._last = time.monotonic()
            of = f" of {total}" if total is not None else ""
            print(
                f"{self._title}: {done}{of} runs, {text}, {self._last - self._started:.0f} s",
                file=sys.stderr,
                flush=True,
            )


def out_console() -> Console:
    """Standard output; wide when it is not a terminal, so that no line of a story is broken."""
    if sys.stdout.isatty():
        return Console(highlight=False)
    return Console(highlight=False, width=200)


def out_line(text: str) -> None:
    """A line on standard output as it is: nothing in it is markup, and nothing breaks it."""
    out_console().print(printable(text), markup=False, soft_wrap=True)


def error_console() -> Console:
    return Console(stderr=True, highlight=False, soft_wrap=True)


def show_failure(
    console: Console, failure: dict[str, Any], events: int | None = None, expected: bool = False
) -> None:
    """One failure as in DESIGN.md: reason first, then the story, then the command that shows it
    again."""
    word, style = ("FOUND", "bold yellow") if expected else ("FAIL", "bold red")
    head = Text()
    head.append(f"{word}  {failure['rule']}  ", style=style)
    head.append(failure.get("reason", ""))
    head.append(f"    seed {failure['seed']}", style="dim")
    if failure.get("faults") not in (None, "none"):
        head.append(f" {failure['faults']}", style="dim")
    _plain(console, head)
    story: Sequence[str] = failure.get("story", [])
    if story and events:
        _plain(console, Text(f"      {len(story)} lines of {events:,} events", style="dim"))
    for line in story:
        _plain(console, Text(f" {line}"))
    if failure.get("count", 1) > 1:
        _plain(console, Text(f"      {failure['count']} runs failed this way", style="dim"))
    if failure.get("capsule"):
        _plain(console, Text(f"next  ./orrery replay {failure['capsule']}"))
    _plain(console, Text(""))


def printable(text: str) -> str:
    """Text of a Worker's or scenario's making, without what would steer a terminal."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text)


def _plain(console: Console, text: Text) -> None:
    text.plain = printable(text.plain)
    console.print(text, soft_wrap=True)


def suite_table(documents: Sequence[dict[str, Any]]) -> Table:
    """The table at the end of a suite."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name, justify in (
        ("scenario", "left"),
        ("verdict", "left"),
        ("seeds", "right"),
        ("events", "right"),
        ("simulated", "right"),
        ("real", "right"),
        ("", "left"),
    ):
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for document in documents:
        verdict = document["verdict"]
        style = "green" if verdict == "pass" else "bold red"
        remark = ""
        if document["expected"]:
            remark = (
                f"found {document['expected']}"
                if verdict == "pass"
                else f"{document['expected']} was to be found"
            )
        elif document["failures"]:
            remark = ", ".join(dict.fromkeys(failure["rule"] for failure in document["failures"]))
        table.add_row(
            document["name"],
            Text(verdict, style=style),
            str(document["seeds"]),
            f"{document['events_total']:,}",
            f"{document['simulated_us_total'] / 1e6:,.0f} s",
            f"{document['seconds']:.1f} s",
            remark,
        )
    return table
