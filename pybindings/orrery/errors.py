"""Errors that a user sees as one message, and the exit codes of the contract."""

from __future__ import annotations

PASS = 0
BAD_INPUT = 2
CRASH = 10
FAIL = 11
NOT_LIVE = 12
DRIFT = 13
UNKNOWN = 14
REGRESSION = 15

#: Exit code of each verdict, worst first: a command that saw several verdicts exits with the first
#: of them.
EXIT_CODES: dict[str, int] = {
    "crash": CRASH,
    "not metered": CRASH,
    "drift": DRIFT,
    "fail": FAIL,
    "not live": NOT_LIVE,
    "error": BAD_INPUT,
    "unknown": UNKNOWN,
    "pass": PASS,
}


def worst(verdicts: list[str]) -> str:
    """The verdict that stands for all of them; no verdict at all is a pass."""
    for verdict in EXIT_CODES:
        if verdict in verdicts:
            return verdict
    return "pass"


class UserError(Exception):
    """Something the user can mend: printed as one message (and a hint), never as a traceback."""

    def __init__(self, message: str, hint: str = "", code: int = BAD_INPUT) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.code = code


def not_in_this_build(what: str) -> UserError:
    """The one answer to a name of the contract that has not landed yet."""
    return UserError(f"{what} is not in this build yet")
