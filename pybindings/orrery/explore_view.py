"""What a person sees while `explore` works, and what it came to.

On a terminal a small table is kept up to date on standard error; elsewhere a line every few seconds. The end is the
same text on standard output: failures first, then what was reached, what never was, and what is likely left.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from orrery.coverage import Reached
from orrery.exploration import Plan
from orrery.report import PLAIN_EVERY_S, printable

_NEVER_SHOWN_MAX = 8
_FAULTS_SHOWN_MAX = 10


class ExploreView:
    """Use as a context manager; `update` may be called at any rate."""

    def __init__(self, enabled: bool, total: int | None) -> None:
        self._enabled = enabled
        self._total = total
        self._started = time.monotonic()
        self._last = self._started
        self._live: Live | None = None
        if enabled and sys.stderr.isatty():
            console = Console(stderr=True)
            self._live = Live(console=console, transient=True, auto_refresh=False)

    def __enter__(self) -> "ExploreView":
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def update(self, plans: list[Plan], reached: list[Reached]) -> None:
        now = time.monotonic()
        if not self._enabled or now - self._last < (0.25 if self._live else PLAIN_EVERY_S):
            return
        self._last = now
        if self._live is not None:
            self._live.update(self._table(plans, reached), refresh=True)
        else:
            print(f"explore: {self._line(plans, reached)}", file=sys.stderr, flush=True)

    def _line(self, plans: list[Plan], reached: list[Reached]) -> str:
        seconds = max(time.monotonic() - self._started, 1e-6)
        runs = sum(plan.summary.seeds for plan in plans)
        of = f" of {self._total:,}" if self._total else ""
        signatures = sum(len(plan.kinds()) for plan in plans)
        simulated = sum(plan.summary.simulated_us for plan in plans) / 1e6
        new = max((one.new_next() for one in reached), default=1.0)
        return (
            f"{runs:,}{of} runs, {runs / seconds:.1f}/s, {simulated:,.0f} s simulated, "
            f"{signatures} kind{'' if signatures == 1 else 's'} of failure, "
            f"{new:.2f} new things a run, {seconds:.0f} s"
        )

    def _table(self, plans: list[Plan], reached: list[Reached]) -> Group:
        parts: list[Any] = [Text("explore  " + self._line(plans, reached))]
        kinds = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
        for plan in plans:
            for kind in plan.kinds():
                kinds.add_row(
                    Text(kind["rule"], style="bold red"),
                    kind["signature"][:8],
                    f"{kind['count']}x",
                    f"first seed {kind['seed']}",
                    printable(kind["reason"])[:70],
                )
        if kinds.row_count:
            parts.append(kinds)
        parts += [Text(line, style="dim") for one in reached for line in reached_lines(one, False)]
        return Group(*parts)


def reached_lines(reached: Reached, with_never: bool = True) -> list[str]:
    """What runs of a scenario have reached, in a few lines."""
    ran, blocks, lines = reached.code()
    occurred, situations, never = reached.situations()
    families = Counter(family for family, _ in reached.seen)
    faults = Counter({name: count for (family, name), count in reached.seen.items() if family == "fault"})
    out = []
    if blocks:
        out.append(f"code        {ran} of {blocks} blocks of the app ran" + _never(lines, with_never))
    if situations:
        text = f"situations  {occurred} of {situations} rare situations of the platform occurred"
        out.append(text + (_never(never, True) if with_never and len(never) <= _NEVER_SHOWN_MAX else ""))
    # A kind that is counted by its modes too is told by them.
    told = [name for name in faults if not any(other.startswith(f"{name}.") for other in faults)]
    most = sorted(told, key=lambda name: (-faults[name], name))[:_FAULTS_SHOWN_MAX]
    fired = ", ".join(f"{name} in {faults[name]}" for name in most)
    out.append(f"rules       {families['rule']} exercised; faults: {fired or 'none'}")
    unseen = reached.unseen()
    out.append(
        f"left        the next run shows {reached.new_next():.2f} new things; at least {unseen:,} that such runs can show "
        f"{'has' if unseen == 1 else 'have'} not been seen"
    )
    return out


def _never(things: list[str], shown: bool) -> str:
    if not things or not shown:
        return ""
    more = f", ... {len(things) - _NEVER_SHOWN_MAX} more" if len(things) > _NEVER_SHOWN_MAX else ""
    return "; never: " + ", ".join(things[:_NEVER_SHOWN_MAX]) + more
