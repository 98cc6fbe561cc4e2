"""The repository keeps its own rules (STYLE's house rule 8 and what goes with it).

Goal: what DESIGN forbids in sim and platform cannot come in unseen. Method: patterns over text
whose comments and literals are blanked; each rule is first shown a sample that it must refuse, and
one that it must let pass.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))

from rules import RULES, Tree  # noqa: E402


def checkout() -> Tree:
    """Every text file of this checkout that is or would be committed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = [Path(name) for name in listed.stdout.decode().split("\0") if name]
    else:  # an unpacked archive
        skipped = {".build", "node_modules", "__pycache__", "runs"}
        every = (path.relative_to(ROOT) for path in ROOT.rglob("*"))
        paths = [path for path in every if not skipped & set(path.parts)]
    files = {}
    for path in sorted(paths):
        try:
            files[path.as_posix()] = (ROOT / path).read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError):
            continue  # an image or the like, or a file being deleted
    return Tree(files)


TREE = checkout()


@pytest.mark.parametrize("name", RULES)
def test_the_checkout_keeps_the_rule(name: str) -> None:
    findings = [str(finding) for finding in RULES[name](TREE)]
    assert not findings, "\n" + "\n".join(findings)


def test_the_checkout_was_read() -> None:
    assert sum(1 for _ in TREE.world()) > 100 and "CMakeLists.txt" in TREE.files


#: (rule, path, text that breaks it, text beside it that does not)
SAMPLES = [
    (
        "wall-clock",
        "sim/a.cc",
        "auto t = std::chrono::steady_clock::now();",
        "auto t = loop.now();",
    ),
    ("wall-clock", "platform/a.cc", "x = time(nullptr);", "Instant time() const { return t_; }"),
    ("wall-clock", "platform/a.cc", "x = ::time(0);", "x = event.time();"),
    (
        "wall-clock",
        "sim/a.h",
        "clock_gettime(CLOCK_REALTIME, &t);",
        "// clock_gettime is forbidden",
    ),
    ("wall-clock", "sim/a.h", "localtime(&t);", 'text("localtime(&t)");'),
    ("chance", "platform/a.cc", "std::random_device d;", "decide(kSite, cause, 4);"),
    ("chance", "platform/a.cc", "int x = rand();", "int x = world.rand(); operand();"),
    ("thread", "sim/a.cc", "std::thread t(f);", "thread_count = 1;"),
    ("thread", "sim/a.cc", "std::mutex m;", "/* std::mutex */"),
    ("thread", "sim/a.cc", "auto f = std::async(g);", "auto f = async(g);"),
    ("pointer-order", "sim/a.cc", "std::map<Host*, int> m;", "std::map<HostId, Host*> m;"),
    ("pointer-order", "sim/a.cc", "std::set<const net::Link *> m;", "std::set<uint32_t> m;"),
    ("std-hash", "sim/a.cc", "size_t h = std::hash<std::string>{}(s);", "uint64_t h = xxh3(s);"),
    ("float", "sim/a.cc", "double x = 0.5;", "int64_t x; // a double"),
    ("libm", "platform/a.cc", "y = std::pow(x, 2);", "y = math::pow(x, 2); log.log(x); a->exp(x);"),
    ("environment", "platform/a.cc", 'getenv("TZ");', "options.tz;"),
    (
        "co-await-temporary",
        "platform/a.cc",
        "co_await net.call({.to = a});",
        "co_await net.call(o);",
    ),
    ("co-await-temporary", "platform/a.cc", "co_await f(x,\n   {1});", "co_await g(); h({1});"),
    (
        "unordered-walk",
        "sim/a.cc",
        "std::unordered_map<int, std::vector<int>> m_;\nvoid f() { for (auto& [k, v] : m_) g(); }",
        "std::unordered_map<int, std::vector<int>> m_;\nvoid f() { for (auto& [k, v] : n_) g(m_.find(1)); }",
    ),
    (
        "unordered-walk",
        "sim/a.cc",
        "using Bag = std::unordered_set<int>;\nBag bag;\nint f() { return *bag.begin(); }",
        "using Bag = std::unordered_set<int>;\nBag bag;\nint f() { return bag.count(1); }",
    ),
    ("layers", "sim/a.cc", '#include "platform/cloud.h"', '#include "sim/core/loop.h"'),
    (
        "layers",
        "platform/a.cc",
        '#include "conformance/check/check.h"',
        '#include "sim/core/loop.h"',
    ),
    ("layers", "pybindings/orrery/a.py", "from scenarios.inventory import x", "import orrery"),
    ("long-file", "sim/a.cc", "\n" * 501, "\n" * 500),
    ("unfinished", "sim/a.cc", "// TO" "DO: more", "// all done"),
    ("unfinished", "README.md", "FIX" "ME", "fixed me"),
    ("machine-path", "README.md", "see /wo" "rk/main/x", "see /x"),
    ("machine-path", "a.sh", "cd /ho" "me/someone", "cd $HOME/"),
    ("registry", "a/.npmrc", "registry=https://registry.npm" "js.org/", "save-exact=true"),
    ("lock-address", "a/package-lock.json", '{"resolved": "x"}', '{"integrity": "x"}'),
    ("npm-lock", "a/package.json", '{"dependencies": {"x": "1"}}', '{"name": "a"}'),
]


@pytest.mark.parametrize("name, path, bad, good", SAMPLES)
def test_each_rule_can_fail(name: str, path: str, bad: str, good: str) -> None:
    assert [finding.path for finding in RULES[name](Tree({path: bad}))] == [path]
    assert not list(RULES[name](Tree({path: good})))


def test_every_rule_has_a_sample() -> None:
    assert {sample[0] for sample in SAMPLES} == set(RULES)


def test_a_reason_on_the_line_excuses_it_and_no_other() -> None:
    text = "double a;  // tidy: SQLite's interface\ndouble b;\ndouble c;  // tidy:\n"
    assert [finding.line for finding in RULES["float"](Tree({"sim/a.cc": text}))] == [2, 3]


def test_a_container_declared_in_an_included_header_is_known() -> None:
    files = {
        "sim/a.h": "struct A { std::unordered_map<int, int> all_; };",
        "sim/b.h": '#include "sim/a.h"\n',
        "sim/b.cc": '#include "sim/b.h"\nvoid f(A& a) { for (auto& x : a.all_) g(x); }',
        "sim/c.cc": "void f(B& b) { for (auto& x : b.all_) g(x); }",
    }
    assert [finding.path for finding in RULES["unordered-walk"](Tree(files))] == ["sim/b.cc"]


def test_strings_comments_and_digit_separators_are_not_code() -> None:
    text = (
        "int a = 1'000; char q = '\"'; /* double */ auto r = R\"x(double)x\"; // double\ndouble d;"
    )
    assert [finding.line for finding in RULES["float"](Tree({"sim/a.cc": text}))] == [2]
