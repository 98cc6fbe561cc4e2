"""A stand-in for the C++ module `_orrery`: the same interface over a toy world, for testing the
package.

Its cloud is one counter: POST /inc adds one and answers the sum, GET /value answers it, GET /slow
takes 9 s, GET /never gets no answer ever, GET /gone breaks the connection, GET /crash kills the
process, GET /spin never returns. Under faults, every third request of an odd seed breaks. GET
/drift answers the process id, which no two processes share; GET /env a digest of the environment.
"""

from __future__ import annotations

import ctypes
import hashlib
import heapq
import json
import os
import sqlite3
from pathlib import Path


class BadInput(Exception):
    pass


def build_hash() -> str:
    return "f" * 64


def setup() -> None:
    pass


def isolates_asked() -> int:
    return 0


def keep_isolates(count: int) -> None:
    pass


def rules() -> str:
    """The table of rules; `unwatched` in the folder adds one that no run exercises."""
    ids = ["DO-OG-2"] + (["DO-IG-1"] if Path("unwatched").exists() else [])
    return json.dumps([{"id": rule, "enforced_by": "monitor"} for rule in ids])


def probes() -> list[str]:
    return ["odd seeds occur", "nothing does this"]


class App(str):
    """An app is the names of its folders."""

    def blocks(self) -> str:
        return json.dumps({"toy@v1": {"sources": ["src/index.ts"], "places": [[0, 1], [0, 7], [-1, 0]]}})


def read_project(folder: str, environment: str | None) -> str:
    path = Path(folder) / "wrangler.toml"
    text = path.read_text(encoding="utf-8")
    if "broken" in text:
        raise BadInput(f"{path}:1: this is not TOML")
    return json.dumps(
        {"name": "toy", "main": "index.js", "folder": folder, "environment": environment or ""}
    )


def load_app(folders: list[str], later: list[tuple[str, str]] = ()) -> str:
    return App(" ".join(folders))


class World:
    def __init__(self, app, options: str) -> None:
        self.options = json.loads(options)
        self.seed = self.options["seed"]
        self.now = 0
        self.queue: list[tuple[int, int]] = []
        self.results: dict[int, dict] = {}
        self.ops = 0
        self.value = 0
        self.events: list[tuple[int, str, str, str]] = []
        self.ops_history: list[dict] = []
        self.faults: list[dict] = []
        self.requests = 0
        self.failures: list[dict] = []
        self.origins: dict[str, int] = {}
        self.origin_waiting: list[dict] = []
        self.names: dict[int, str] = {}

    def _event(self, lane: str, kind: str, text: str) -> None:
        self.events.append((self.now, lane, kind, text))

    def _op(self, at: int | None, result: dict) -> int:
        self.ops += 1
        self.results[self.ops] = result
        if at is not None:
            heapq.heappush(self.queue, (at, self.ops))
        return self.ops

    def now_us(self) -> int:
        return self.now

    def client(self, city: str, name: str) -> int:
        if city == "Atlantis":
            raise BadInput("no such city: Atlantis")
        self.names[len(self.names) + 1] = name
        return len(self.names)

    def request(self, client: int, method: str, url: str, headers, body) -> int:
        self.requests += 1
        self._event(self.names[client], "request", f"{method} {url}")
        took = 1000 + (self.seed * 7919 + self.requests * 104729) % 900
        if url == "/crash":
            ctypes.CDLL(None).abort()
        if url == "/spin":
            while True:
                pass
        if url == "/never":
            return self._op(None, {})
        if url == "/slow":
            took = 9_000_000
        broken = self.options["faults"] != "none" and self.seed % 2 and self.requests % 3 == 0
        if url == "/gone" or broken:
            return self._op(self.now + took, {"kind": "error", "error": "Network connection lost."})
        if url == "/rule":
            self.failures.append(
                {
                    "rule": "DO-OG-2",
                    "reason": "a response left too early",
                    "story": [" 0.1  do:Cart/42"],
                }
            )
        if url.startswith("http://origin"):
            number = self._op(None, {})
            self.origin_waiting.append(
                {"id": number, "handler": self.origins["origin"], "method": method, "url": url}
            )
            return number
        if url == "/inc" and method == "POST":
            self.value += 1
        answer = {"/drift": str(os.getpid()), "/env": json.dumps(sorted(os.environ.items()))}.get(
            url, str(self.value)
        )
        return self._op(
            self.now + took,
            {
                "kind": "response",
                "status": 404 if url == "/missing" else 200,
                "headers": [("X-A", "1")],
                "body": answer.encode(),
            },
        )

    def sleep(self, us: int) -> int:
        return self._op(self.now + us, {"kind": "sleep"})

    def load(self, text: str) -> int:
        load = json.loads(text)
        sent = load["for_us"] * load["rate_count"] // load["rate_per_us"]
        result = {
            "kind": "load",
            "sent": sent,
            "ok": sent - 1,
            "refused": 1,
            "failed": 0,
            "unknown": 0,
        }
        return self._op(self.now + load["for_us"], result)

    def step(self, deadline: int) -> list[int]:
        if self.origin_waiting:
            return []
        if not self.queue:
            return []
        at, number = self.queue[0]
        if at > deadline:
            self.now = deadline
            return []
        heapq.heappop(self.queue)
        self.now = max(self.now, at)
        result = self.results[number]
        if result.get("kind") == "response":
            self._event("pop:FRA", "response", result["body"].decode(errors="replace"))
        return [number]

    def op_result(self, number: int) -> dict:
        return self.results[number]

    def idle(self) -> bool:
        return not self.queue

    def fault(self, text: str) -> None:
        self.faults.append(json.loads(text))
        self._event("world", "fault", text)

    def settle(self) -> int:
        return self.sleep(0)

    def stuck(self, all_open: bool) -> str:
        return "null"

    def heal(self) -> None:
        self._event("world", "heal", "")

    def note(self, text: str) -> None:
        self._event("note", "note", text)

    def history_add(self, text: str) -> None:
        line = json.loads(text)
        self.ops_history.append({"i": len(self.ops_history), "t": self.now, **line})

    def history(self) -> list[dict]:
        return list(self.ops_history)

    def check(self, model: str, options: str) -> dict:
        reads = [line["v"] for line in self.ops_history if line["e"] == "ok" and line["f"] == "add"]
        if model == "slow":
            return {"verdict": "unknown", "reason": "budget of 10 s spent"}
        if len(set(reads)) != len(reads):
            return {"verdict": "violation", "witness": f"two adds both answered {reads[-1]}"}
        return {"verdict": "ok"}

    def origin(self, host: str, handler: int) -> None:
        self.origins[host] = handler

    def pending_origin_requests(self) -> list[dict]:
        waiting, self.origin_waiting = self.origin_waiting, []
        return waiting

    def origin_reply(self, number: int, status: int, headers, body: bytes) -> None:
        self.results[number] = {
            "kind": "response",
            "status": status,
            "headers": headers,
            "body": body,
        }
        heapq.heappush(self.queue, (self.now + 500, number))

    def objects(self, class_name: str) -> list[dict]:
        return [{"name": "42", "class": class_name, "host": "host:FRA/1"}]

    def _hash(self, lane: str | None = None) -> str:
        chosen = [event for event in self.events if lane in (None, event[1])]
        return hashlib.sha256(
            json.dumps([self.seed, self.options["faults"], chosen]).encode()
        ).hexdigest()

    def coverage(self) -> str:
        probes = ["odd seeds occur"] if self.seed % 2 else []
        return json.dumps({"app": {"toy@v1": "1"}, "probes": probes, "pairs": [1, 2 + self.seed]})

    def finish(self) -> str:
        lanes = sorted({event[1] for event in self.events})
        return json.dumps(
            {
                "hash": self._hash(),
                "events": len(self.events),
                "simulated_us": self.now,
                "lanes": {lane: self._hash(lane) for lane in lanes},
                "rules": {"DO-OG-2": self.requests},
                "faults": {"crash": len(self.faults)},
                "never": ["probe"] + (["odd"] if self.seed % 2 else []),
                "failures": self.failures,
                "console": [],
                "story": [
                    f" {t / 1e6:.6f}  {lane}  {kind} {text}" for t, lane, kind, text in self.events
                ],
            }
        )

    def window(self) -> str:
        keys = ("at_us", "lane", "kind", "text")
        events = [
            {"event": number, "cause": "", "data": "", **dict(zip(keys, event))}
            for number, event in enumerate(self.events, start=1)
        ]
        return json.dumps({"events": events, "decisions": []})

    def write_trace(self, path: str) -> None:
        connection = sqlite3.connect(path)
        connection.execute(
            "CREATE TABLE event(seq INTEGER PRIMARY KEY, t_us INTEGER, lane TEXT, kind TEXT, text TEXT)"
        )
        connection.executemany(
            "INSERT INTO event(t_us, lane, kind, text) VALUES (?, ?, ?, ?)", self.events
        )
        connection.commit()
        connection.close()


def check_history(text: str, model: str, options: str) -> str:
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            json.loads(line)
        except ValueError:
            error = {"line": number, "reason": "not JSON"}
            return json.dumps({"verdict": "bad-input", "error": error})
    verdict = "violation" if "stale" in text else "unknown" if "hard" in text else "ok"
    answer = {"verdict": verdict, "operations": len(text.splitlines())}
    if verdict == "violation":
        operation = {"line": 1, "text": "client/2 reads 1"}
        answer["witness"] = {"sentence": "client/2 read an old value", "operations": [operation]}
    return json.dumps(answer)
