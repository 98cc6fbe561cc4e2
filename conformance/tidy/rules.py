"""The rules themselves: what may not stand in the repository, and why.

Each rule takes the Tree and yields Findings. test_tidy.py shows every rule a small bad sample, so a
rule that cannot fail does not last.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Callable, Iterator

from cxx import Cxx

LINES_MAX = 500
SOURCE_SUFFIXES = {".cc", ".h", ".py", ".js", ".mjs", ".ts", ".cmake", ".txt", ""}
#: From the bottom up: a room may use only rooms before it.
LAYERS = ("sim", "platform", "conformance", "pybindings", "reports")


@dataclass(frozen=True)
class Finding:
    path: str
    line: int
    rule: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: [{self.rule}] {self.text}"


class Tree:
    """The files of a checkout, by path from its root; the C++ of sim and platform lexed once."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files
        self.cxx = {
            path: Cxx(path, text)
            for path, text in files.items()
            if path.endswith((".cc", ".h")) and path.startswith(LAYERS)
        }

    def world(self, *rooms: str) -> Iterator[Cxx]:
        """The C++ that steers a run: sim and platform (or only the rooms named)."""
        for path, source in self.cxx.items():
            if path.startswith(tuple(room + "/" for room in rooms or ("sim", "platform"))):
                yield source

    def visible_from(self, path: str) -> list[Cxx]:
        """A file and all of ours that it includes, directly or not."""
        seen: dict[str, Cxx] = {}
        waiting = [path]
        while waiting:
            source = self.cxx.get(waiting.pop())
            if source is not None and source.path not in seen:
                seen[source.path] = source
                waiting += [included for _, included in source.includes()]
        return list(seen.values())


Rule = Callable[[Tree], Iterator[Finding]]
RULES: dict[str, Rule] = {}


def rule(name: str) -> Callable[[Rule], Rule]:
    def register(function: Rule) -> Rule:
        RULES[name] = function
        return function

    return register


def forbidden(name: str, pattern: str, why: str, *rooms: str, tests: bool = True) -> None:
    """A rule that is one pattern over the code of some rooms."""
    compiled = re.compile(pattern)

    def check(tree: Tree) -> Iterator[Finding]:
        for source in tree.world(*rooms):
            if not tests and "/tests/" in source.path:
                continue
            for match in compiled.finditer(source.code):
                yield from found(name, source, match, f"`{match.group().strip()}`: {why}")

    RULES[name] = check


def found(name: str, source: Cxx, match: re.Match[str], text: str) -> Iterator[Finding]:
    line = source.line_at(match.start())
    if line not in source.excused:
        yield Finding(source.path, line, name, text)


forbidden(
    "wall-clock",
    r"\b(?:system_clock|steady_clock|high_resolution_clock|clock_gettime|gettimeofday|localtime(?:_r)?"
    r"|gmtime(?:_r)?|mktime|timespec_get|clock_nanosleep|nanosleep|usleep|sleep_for|sleep_until|__rdtsc)\b"
    r"|(?<![\w.>:])(?:std::|::)?time\s*\(\s*(?:nullptr|NULL|0|&\s*\w+)\s*\)|(?<!\w)(?:std)?::clock\s*\(\s*\)"
    r"|#\s*include\s*<(?:chrono|sys/time\.h|time\.h|ctime)>",
    "only the world's clock may be read",
)
forbidden(
    "chance",
    r"\b(?:random_device|mt19937(?:_64)?|minstd_rand0?|default_random_engine|srand|rand_r|drand48|lrand48"
    r"|arc4random|getrandom|getentropy|random_shuffle)\b|(?<![\w.>])(?:std::)?rand\s*\(|#\s*include\s*<random>",
    "chance comes from the world's decisions",
)
forbidden(
    "thread",
    r"\bstd::(?:thread|jthread|async|mutex|shared_mutex|recursive_mutex|condition_variable\w*|future|promise"
    r"|lock_guard|unique_lock|scoped_lock)\b|\bpthread_\w+|\bthread_local\b"
    r"|#\s*include\s*<(?:thread|mutex|future|condition_variable|shared_mutex|semaphore|barrier)>",
    "a world is one thread",
)
forbidden(
    "pointer-order",
    r"\b(?:std::)?(?:multi)?(?:map|set)\s*<\s*(?:const\s+)?[\w:]+(?:\s*<[^<>]*>)?(?:\s+const)?\s*\*"
    r"|\bstd::(?:less|greater)\s*<\s*(?:const\s+)?[\w:]+(?:\s+const)?\s*\*|reinterpret_cast\s*<\s*(?:std::)?uintptr_t\s*>",
    "where things lie in memory must not matter",
)
forbidden("std-hash", r"\bstd::hash\s*<|\bhash_value\s*\(", "std::hash is not the same everywhere")
forbidden("float", r"\b(?:float|double)\b", "no floating point steers a world", "sim")
forbidden(
    "libm",
    r"\bstd::(?:sin|cos|tan|asin|acos|atan|atan2|sinh|cosh|tanh|asinh|acosh|atanh|exp|exp2"
    r"|expm1|log|log2|log10|log1p|pow|cbrt|hypot|tgamma|lgamma|erf|erfc)f?\s*\("
    r"|#\s*include\s*<(?:cmath|math\.h|complex)>",
    "libm's results depend on the machine",
    tests=False,
)
forbidden(
    "environment",
    r"\b(?:std::)?(?:secure_)?getenv\s*\(|\bsetlocale\s*\(|\bstd::locale\b|(?<![\w.>])getpid\s*\(",
    "nothing but the world steers a run",
    tests=False,
)
forbidden(
    "co-await-temporary",
    r"\bco_await\b[^;{}]*[(,]\s*\{",
    "g++ 12 destroys the temporary twice: name it first",
    "sim",
    "platform",
    "conformance",
    "pybindings",
)


@rule("unordered-walk")
def unordered_walk(tree: Tree) -> Iterator[Finding]:
    """A range-for over, or begin() of, a variable that is an unordered container."""
    declared = re.compile(r"\bunordered_(?:multi)?(?:map|set)\s*<")
    for source in tree.world():
        names = {
            name
            for other in tree.visible_from(source.path)
            for name in _declared(other.code, declared)
        }
        if not names:
            continue
        walk = re.compile(
            r"\bfor\s*\([^;()]*:[^;{}]*?\b(?P<a>\w+)(?:\(\))?\s*\)\s*[{\w]|\b(?P<b>\w+)\s*(?:\.|->)\s*c?begin\s*\("
        )
        for match in walk.finditer(source.code):
            name = match.group("a") or match.group("b")
            if name in names:
                text = f"`{name}` is unordered: its order is an accident"
                yield from found("unordered-walk", source, match, text)


def _declared(code: str, opening: re.Pattern[str]) -> set[str]:
    """Names of variables (or functions) of an unordered type, aliases of such types included."""
    names, aliases = set(), set()
    for match in opening.finditer(code):
        depth, at = 1, match.end()
        while depth and at < len(code):
            depth += {"<": 1, ">": -1}.get(code[at], 0)
            at += 1
        name = re.match(r"\s*[&*]*\s*(\w+)\s*[;={(,)]", code[at:])
        if name:
            names.add(name.group(1))
        alias = re.search(r"\busing\s+(\w+)\s*=\s*(?:std::)?$", code[: match.start()])
        if alias:
            aliases.add(alias.group(1))
    for alias in aliases:
        names |= set(re.findall(rf"\b{alias}\s*[&*]*\s+(\w+)\s*[;={{,)]", code))
    return names


@rule("layers")
def layers(tree: Tree) -> Iterator[Finding]:
    """Includes and imports point one way."""
    for source in tree.cxx.values():
        own = source.path.split("/")[0]
        for line, path in source.includes():
            room = path.split("/")[0]
            if room in LAYERS and LAYERS.index(room) > LAYERS.index(own):
                text = f"{own} may not include {room} ({path})"
                yield Finding(source.path, line, "layers", text)
    for path, text in tree.files.items():
        if path.startswith("pybindings/") and path.endswith(".py"):
            for number, line in enumerate(text.splitlines(), 1):
                if re.match(r"\s*(?:from|import)\s+scenarios\b", line):
                    yield Finding(path, number, "layers", "pybindings never imports scenarios")


@rule("long-file")
def long_file(tree: Tree) -> Iterator[Finding]:
    for path, text in tree.files.items():
        lines = text.count("\n")
        if (
            PurePosixPath(path).suffix in SOURCE_SUFFIXES
            and "/data/" not in path
            and lines > LINES_MAX
        ):
            yield Finding(path, LINES_MAX, "long-file", f"{lines} lines are asking to be two files")


def _lines_with(tree: Tree, name: str, pattern: str, text: str) -> Iterator[Finding]:
    """Lines of any file that match, outside of outsiders' test data and of lines with a reason."""
    compiled = re.compile(pattern)
    for path, content in tree.files.items():
        if "/data/" in path:
            continue
        for match in compiled.finditer(content):
            end = content.find("\n", match.end())
            line = content[content.rfind("\n", 0, match.start()) + 1 : end if end >= 0 else None]
            if not re.search(r"tidy:\s*\S", line):
                number = content.count("\n", 0, match.start()) + 1
                yield Finding(path, number, name, f"`{match.group()}`: {text}")


# The words are written in pieces, so that this file keeps its own rules.
@rule("unfinished")
def unfinished(tree: Tree) -> Iterator[Finding]:
    pattern = r"\b(?:TO" r"DO|FIX" r"ME)\b"
    return _lines_with(tree, "unfinished", pattern, "do it, or give a clear error")


@rule("machine-path")
def machine_path(tree: Tree) -> Iterator[Finding]:
    pattern = r"(?<![\w.}])/(?:wo" r"rk|ho" r"me|ro" r"ot)/[\w.]+|/tm" r"p/orrery\b"
    return _lines_with(tree, "machine-path", pattern, "a path of somebody's machine")


@rule("registry")
def registry(tree: Tree) -> Iterator[Finding]:
    pattern = (
        r"\b(?:registry\.(?:npm"
        r"js|yarn"
        r"pkg)\.\w+|(?:deb|security)\.debi"
        r"an\.org"
        r"|py"
        r"pi\.org|pythonhos"
        r"ted\.org)"
    )
    return _lines_with(tree, "registry", pattern, "names a registry; the client knows its own")


@rule("lock-address")
def lock_address(tree: Tree) -> Iterator[Finding]:
    for path, text in tree.files.items():
        if path.endswith("package-lock.json") and '"resolved"' in text:
            line = text[: text.index('"resolved"')].count("\n") + 1
            yield Finding(path, line, "lock-address", "a lock file names no download address")


@rule("npm-lock")
def npm_lock(tree: Tree) -> Iterator[Finding]:
    """A room with npm dependencies has the lock that pins them."""
    for path, text in tree.files.items():
        lock = path.removesuffix("package.json") + "package-lock.json"
        if path.endswith("package.json") and re.search(r'"(?:dev)?[dD]ependencies"', text):
            if lock not in tree.files:
                yield Finding(path, 1, "npm-lock", "dependencies without a package-lock.json")
