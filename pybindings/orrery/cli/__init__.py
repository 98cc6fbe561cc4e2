"""The command line: one file a command, all of them thin; what they do is in the package beside."""

from __future__ import annotations

import importlib
import io
import signal
import sys
from typing import Any

import click

from orrery.errors import BAD_INPUT, UserError, not_in_this_build
from orrery.report import error_console

#: Commands in the order that --help lists them, each in the module of its name.
COMMANDS = (
    "run",
    "suite",
    "explore",
    "replay",
    "branch",
    "shrink",
    "selfcheck",
    "query",
    "check",
    "rules",
    "museum",
    "conform",
    "bench",
    "doctor",
    "test",
    "bisect",
)
#: Names of the contract that later work fills.
LATER = ("report", "perf", "serve", "init")
INTERRUPTED = 130


class Commands(click.Group):
    """Imports a command's module only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in LATER:
            return _later(name)
        if name not in COMMANDS:
            return None
        return importlib.import_module(f"orrery.cli.{name}").command


def _later(name: str) -> click.Command:
    @click.command(name, context_settings={"ignore_unknown_options": True})
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
    def later(arguments: tuple[str, ...]) -> None:
        raise not_in_this_build(f"orrery {name}")

    return later


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option("1", prog_name="orrery", message="%(prog)s, contract %(version)s")
def group() -> None:
    """A whole edge cloud in one process, one thread, one seed.

    \b
    ./orrery suite                     every scenario, alone and under faults
    ./orrery run FOLDER                your own wrangler project
    ./orrery replay runs/X.capsule.json   the same run again

    Exit codes: 0 pass, 2 bad input, 10 crash or not metered, 11 a rule is broken, 12 not live,
    13 determinism drift, 14 budget spent or unknown, 15 performance regression.
    """


def main(arguments: list[str] | None = None) -> int:
    """Runs a command and returns its exit code. Errors of the user's are one message, never a
    traceback."""
    signal.signal(signal.SIGTERM, _terminated)
    for stream in (sys.stdout, sys.stderr):
        # Whatever the locale says: half a surrogate pair out of a Worker must not end the command.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        result: Any = group.main(args=arguments, prog_name="orrery", standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except UserError as error:
        complain(error.message, error.hint)
        return error.code
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        name = "orrery"
        if context is not None and context.parent is not None:
            name += f" {context.info_name}"
        complain(error.format_message(), f"Try: {name} --help")
        return BAD_INPUT
    except (click.Abort, KeyboardInterrupt):
        complain("interrupted", "")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; nothing is left to say, and nobody to say it to.
        sys.stdout = None  # type: ignore[assignment]
        return 0


def complain(message: str, hint: str) -> None:
    console = error_console()
    console.print("orrery:", message, style="red", markup=False)
    if hint:
        console.print("       ", hint, markup=False)


def _terminated(*_: object) -> None:
    raise KeyboardInterrupt
