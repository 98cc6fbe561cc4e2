"""Makes a worker process the same everywhere: environment, locale, limits, signals, open files."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

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
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
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


def die_with_parent() -> None:
    """The kernel ends this process when its parent is gone, however that went."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
