"""Makes a worker process the same everywhere: environment, locale, limits, signals, open files."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from contextlib import contextmanager
from typing import Iterator

#: Variables that a worker keeps from its caller; everything else goes. The first group is Orrery's
#: own (where the checkout is, which C++ module), PATH finds node for bundling, GLIBC_TUNABLES masks
#: CPU features for `selfcheck` and is applied by the loader long before.
_KEPT = (
    "ORRERY_ROOT",
    "ORRERY_BUILD",
    "ORRERY_NATIVE",
    "ORRERY_BUNDLER",
    "PYTHONPATH",
    "PYTHONPYCACHEPREFIX",
    "PATH",
    "HOME",
    "GLIBC_TUNABLES",
)
#: Kept too where the launcher was asked for a build with sanitizers (ORRERY_PRESET).
_OF_SANITIZERS = ("ORRERY_PRESET", "LD_PRELOAD", "ASAN_OPTIONS", "UBSAN_OPTIONS")
_FIXED = {
    "TZ": "UTC",
    "LANG": "C.UTF-8",
    "LC_ALL": "C.UTF-8",
    "PYTHONHASHSEED": "0",
    "ORRERY_CLEAN": "1",
}
STACK_BYTES = 64 << 20
_PR_SET_PDEATHSIG = 1


def clean_environment() -> dict[str, str]:
    names = _KEPT + (_OF_SANITIZERS if os.environ.get("ORRERY_PRESET") == "asan" else ())
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, **_FIXED}


def become_clean() -> None:
    """Replaces this process by the same program in the clean environment; returns in the second
    life.

    The hash seed, the locale and the main thread's stack are fixed when a program starts, so
    nothing less than starting again will do.
    """
    environment = clean_environment()
    if dict(os.environ) == environment:
        return
    _, hard = resource.getrlimit(resource.RLIMIT_STACK)
    soft = STACK_BYTES if hard == resource.RLIM_INFINITY else min(STACK_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_STACK, (soft, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    # A caller's ignored or blocked signals would pass through exec.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    os.closerange(3, 1024)
    os.umask(0o022)
    arguments = [sys.executable, "-P", "-s", "-m", "orrery.worker", *sys.argv[1:]]
    os.execve(sys.executable, arguments, environment)


@contextmanager
def last_words() -> Iterator[None]:
    """The whole life of a child process that tells what it came to by itself and ends: what it raises instead is its
    last line on standard error, and its code is 70."""
    try:
        yield
    except BaseException as error:  # noqa: BLE001 - the parent must hear of it, whatever it is
        try:
            os.write(2, f"{type(error).__name__}: {error}\n".encode())
        finally:
            os._exit(70)


#: Who forked this process; 0: it was not forked since Python began in it.
_forked_by = 0


def _note_parent() -> None:
    global _forked_by
    _forked_by = os.getpid()


os.register_at_fork(before=_note_parent)


def die_with_parent() -> None:
    """The kernel ends this process when its parent is gone, however that went; a forked one also if it was gone before."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if _forked_by and os.getppid() != _forked_by:
        os._exit(70)
