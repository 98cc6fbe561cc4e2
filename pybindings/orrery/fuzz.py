"""Generated object programs (`conformance/fuzz`), run here and in real workerd, and compared mark by mark.

A program whose answers differ is shrunk to a minimal one. Two things are no findings: workerd itself answers now this
and now that (the program is unsteady), and a difference that `differences.json` explains.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Sequence

from orrery import asking, places
from orrery.asking import NO_ANSWER
from orrery.errors import UserError
from orrery.exploration import Plan, run_plans
from orrery.files import read_text, write_whole
from orrery.fuzz_shrink import Program, Shrinking, shrink
from orrery.places import shown
from orrery.pool import DEADLINE_S, Pool
from orrery.targets import Target

ROOM = places.ROOT / "conformance" / "fuzz"
PROBES = places.ROOT / "conformance" / "probes"
#: Programs of one world, and the simulated time between the beginnings of two.
TOGETHER = 125
APART_US = 250_000
#: Programs asked for at once.
BATCH = 500
#: What gives workerd time.
CALM = {"FUZZ_LANES": "4", "FUZZ_UNIT_MS": "12"}
#: How often a program that differs is asked again, with time.
CALM_TIMES = 3
#: Differences that are shrunk; the others are only named.
MOST_SHRUNK = 8


@dataclass(frozen=True)
class Said:
    """What a program gave in workerd and here."""

    program: Program
    workerd: Any
    here: Any

    @property
    def same(self) -> bool:
        return bool(self.workerd == self.here)


@dataclass
class Found:
    """A difference: the seeds whose programs come down to it, and the smallest of those."""

    seeds: list[int]
    said: Said
    shrunk: bool


@dataclass
class Result:
    workerd: str
    programs: int = 0
    marks: int = 0
    hasty: list[int] = field(default_factory=list)  # where workerd said something else only while it was busy
    unsteady: list[int] = field(default_factory=list)
    explained: dict[str, list[int]] = field(default_factory=dict)
    found: list[Found] = field(default_factory=list)
    broken: dict[str, str] = field(default_factory=dict)


Progress = Callable[[int, int, str], None]


# ---- who answers ----


class Workerd:
    """Real workerd, asked by `ask.mjs`. Use as a context manager; `version` is known within. A calm one has time: few
    programs at once, and a unit of time that no busy machine takes for nothing."""

    version = ""

    def __init__(self, calm: bool = False) -> None:
        self.calm = calm

    def __enter__(self) -> "Workerd":
        install()
        self._process = subprocess.Popen(  # noqa: S603
            [_node(), str(ROOM / "ask.mjs")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env={**os.environ, **(CALM if self.calm else {})},
        )
        self.version = self._line()["workerd"]
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.close()
            self._process.wait(20)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()

    def _line(self) -> Any:
        assert self._process.stdout is not None and self._process.stderr is not None
        line = self._process.stdout.readline()
        if not line:
            said = self._process.stderr.read().strip().splitlines()
            raise UserError(
                f"workerd cannot be asked: {said[-1] if said else 'it ended'}",
                hint=f"node {shown(ROOM / 'ask.mjs')} says more",
            )
        return json.loads(line)

    def ask(self, questions: Sequence[dict[str, Any]]) -> list[tuple[Program, Any]]:
        """The programs of these questions ({"seed"} or {"program"}) and what they give."""
        assert self._process.stdin is not None
        pipe = self._process.stdin

        def tell() -> None:
            try:
                for question in questions:
                    pipe.write(json.dumps(question) + "\n")
                pipe.flush()
            except OSError:
                pass  # the answers say that it ended

        # It answers while it is asked: one thread alone could wait for room in both pipes.
        telling = threading.Thread(target=tell, daemon=True)
        telling.start()
        answered = [self._line() for _ in questions]
        telling.join()
        return [(one["program"], asking.parsed(one["answer"])) for one in answered]


class Here:
    """The same programs in Orrery, many in a world. `broken`: rules that a world broke, with the first reason."""

    def __init__(self) -> None:
        self.broken: dict[str, str] = {}

    def ask(self, programs: Sequence[Program]) -> list[Any]:
        """What each program gives."""
        batches = [programs[at : at + TOGETHER] for at in range(0, len(programs), TOGETHER)]
        with Pool(None, DEADLINE_S) as pool:
            worker = pool.open(Target("project", ROOM).load())
            plans = [
                asking.plan(worker, ROOM, [(str(n), json.dumps(p)) for n, p in enumerate(batch)], APART_US)
                for batch in batches
            ]
            run_plans(pool, [lambda: plans], lambda _: None)
        return [
            answer for plan, batch in zip(plans, batches) for answer in self._answers(plan, len(batch))
        ]

    def _answers(self, plan: Plan, count: int) -> list[Any]:
        for failure in plan.outcomes[0].failures:
            self.broken.setdefault(failure["rule"], failure["reason"])
        given = asking.answers(plan, ROOM)
        return [given.get(str(number), NO_ANSWER) for number in range(count)]


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        raise UserError("there is no node to ask workerd with", hint="./orrery doctor")
    return node


def install(folder: Path = PROBES) -> None:
    """Sees to it that the packages of the probes, workerd among them, are there."""
    if (folder / "node_modules" / "workerd" / "package.json").exists():
        return
    command = "npm ci --no-audit --no-fund"
    by_hand = f"cd {shown(folder)} && {command}"
    npm = shutil.which("npm")
    if npm is None:
        raise UserError("workerd is not installed, and there is no npm to install it with", hint=by_hand)
    done = subprocess.run(  # noqa: S603
        [npm, *command.split()[1:]],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env={**os.environ, "npm_config_loglevel": "error"},
        check=False,
    )
    if done.returncode != 0:
        why = next((line for line in done.stderr.splitlines() if "error" in line.lower()), "npm failed")
        raise UserError(
            f"workerd is not installed, and cannot be now: {why.strip()}",
            hint=f"Is the npm registry reachable?  {by_hand}",
        )


# ---- what is known ----


@dataclass(frozen=True)
class Known:
    """A difference with its reason (`differences.json`): what workerd says, word for word, where `here` is said here."""

    why: str
    workerd: str
    here: str


def known_differences(room: Path = ROOM) -> list[Known]:
    return [Known(**one) for one in json.loads(read_text(room / "differences.json", "known differences"))]


def explain(said: Said, known: Sequence[Known]) -> str | None:
    """Why a program that differs does, if that is known: but for what is known both answers must be the same."""
    if _without_answer(said.workerd):
        return "the program ends workerd itself"
    here = json.dumps(said.here, ensure_ascii=False)
    reasons = []
    for one in known:
        if one.here in here:
            here = here.replace(one.here, one.workerd)
            reasons.append(one.why)
    same = here == json.dumps(said.workerd, ensure_ascii=False)
    return "; ".join(reasons) if same and reasons else None


def _without_answer(answer: Any) -> bool:
    return isinstance(answer, str) and answer.startswith(NO_ANSWER)


def _is_mark(part: Any) -> bool:
    return isinstance(part, list) and len(part) == 2 and (isinstance(part[0], int) or part[0] == "end")


# ---- the search ----


class Search:
    """Compares programs on both sides."""

    def __init__(self, workerd: Workerd, here: Here, known: Sequence[Known]) -> None:
        self.workerd = workerd
        self.here = here
        self.known = known

    def ask(self, questions: Sequence[dict[str, Any]]) -> list[Said]:
        asked = self.workerd.ask(questions)
        here = self.here.ask([program for program, _ in asked])
        return [Said(program, answer, ours) for (program, answer), ours in zip(asked, here)]

    def steady(self, said: Sequence[Said]) -> list[bool]:
        """Whether workerd gives the same answer again."""
        again = self.workerd.ask([{"program": one.program} for one in said]) if said else []
        return [one.workerd == answer for one, (_, answer) in zip(said, again)]

    def settled(self, said: Sequence[Said]) -> list[Said | None]:
        """The same with what workerd answers when it has time; None where that is now this and now that."""
        questions = [{"program": one.program} for one in said]
        if not questions:
            return []
        with Workerd(calm=True) as workerd:
            answers = [[answer for _, answer in workerd.ask(questions)] for _ in range(CALM_TIMES)]
        return [
            Said(one.program, first, one.here) if all(first == other for other in others) else None
            for one, first, *others in zip(said, *answers)
        ]

    def judge(self, programs: Sequence[Program]) -> list[Said | None]:
        """Those that differ, steadily and for no known reason."""
        said = self.ask([{"program": program} for program in programs])
        differing = [one for one in said if not one.same and explain(one, self.known) is None]
        steady = dict(zip(map(id, differing), self.steady(differing)))
        return [one if steady.get(id(one)) else None for one in said]

    def shrink(self, programs: Sequence[Said], progress: Callable[[str], None]) -> list[Said]:
        """The smallest programs that these come down to, shrunk side by side."""
        best = list(programs)
        under_way: dict[int, tuple[Shrinking, list[Program]]] = {}
        for i, said in enumerate(programs):
            shrinking = shrink(said.program)
            under_way[i] = (shrinking, next(shrinking))
        while under_way:
            asked = [program for _, candidates in under_way.values() for program in candidates]
            progress(f"{len(under_way)} to shrink, {len(asked)} candidates")
            answers = iter(self.judge(asked))
            for i, (shrinking, candidates) in list(under_way.items()):
                verdicts = [next(answers) for _ in candidates]
                first = next((verdict for verdict in verdicts if verdict is not None), None)
                if first is not None:
                    best[i] = first
                try:
                    under_way[i] = (shrinking, shrinking.send([one is not None for one in verdicts]))
                except StopIteration:
                    del under_way[i]
        return best


def run(count: int, first_seed: int, progress: Progress) -> Result:
    """Programs `first_seed` and the following: `count` of them, in workerd and here."""
    with Workerd() as workerd:
        search = Search(workerd, Here(), known_differences())
        result = Result(workerd.version)
        differing: dict[int, Said] = {}
        last = first_seed + count
        for begin in range(first_seed, last, BATCH):
            seeds = range(begin, min(begin + BATCH, last))
            for seed, said in zip(seeds, search.ask([{"seed": seed} for seed in seeds])):
                result.programs += 1
                result.marks += _marks(said.workerd)
                if not said.same:
                    differing[seed] = said
            progress(result.programs, count, f"{len(differing)} differing")
        unexplained = _sort_out(search, differing, result)
        shrunk = search.shrink(
            list(unexplained.values())[:MOST_SHRUNK],
            lambda text: progress(result.programs, count, text),
        )
        _gather(unexplained, shrunk, result)
        result.broken = search.here.broken
    return result


def record(count: int, first_seed: int, room: Path = ROOM) -> int:
    """Keeps what workerd answers to these programs, those that are unsteady or have none left out, in answers.json, for the test
    that runs them without workerd. Gives how many there are."""
    with Workerd() as workerd:
        asked = workerd.ask([{"seed": seed} for seed in range(first_seed, first_seed + count)])
        search = Search(workerd, Here(), ())
        said = search.settled([Said(program, answer, None) for program, answer in asked])
    lines = [
        json.dumps({"seed": first_seed + i, "program": one.program, "answer": one.workerd}, ensure_ascii=False)
        for i, one in enumerate(said)
        if one is not None and not _without_answer(one.workerd)
    ]
    text = ",\n  ".join(lines)
    write_whole(
        room / "answers.json", f'{{"workerd": {json.dumps(workerd.version)},\n "programs": [\n  {text}\n ]}}\n'
    )
    return len(lines)


def recorded(here: Here, room: Path = ROOM) -> list[Said]:
    """The recorded programs, run here."""
    programs = json.loads(read_text(room / "answers.json", "answers of workerd"))["programs"]
    answers = here.ask([one["program"] for one in programs])
    return [Said(one["program"], one["answer"], ours) for one, ours in zip(programs, answers)]


def _sort_out(search: Search, differing: dict[int, Said], result: Result) -> dict[int, Said]:
    """What differs still when workerd has time, and is neither unsteady nor explained."""
    unexplained = {}
    for seed, said in zip(differing, search.settled(list(differing.values()))):
        if said is None:
            result.unsteady.append(seed)
            continue
        why = explain(said, search.known)
        if said.same:
            result.hasty.append(seed)
        elif why is not None:
            result.explained.setdefault(why, []).append(seed)
        else:
            unexplained[seed] = said
    return unexplained


def _gather(unexplained: dict[int, Said], shrunk: list[Said], result: Result) -> None:
    by_program: dict[str, Found] = {}
    for seed, said in zip(unexplained, shrunk):
        key = json.dumps(said.program)
        if key in by_program:
            by_program[key].seeds.append(seed)
        else:
            by_program[key] = Found([seed], said, True)
    result.found = list(by_program.values())
    for seed in list(unexplained)[len(shrunk) :]:
        result.found.append(Found([seed], unexplained[seed], False))


def _marks(answer: Any) -> int:
    if _is_mark(answer):
        return 1
    return sum(_marks(part) for part in answer) if isinstance(answer, list) else 0
