"""WebSockets of clients, end to end on the real build.

Goal: what a scenario can do with a socket, and what it is told when there is none. Method: a Worker that echoes.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Iterator

import pytest
from real import Real

WORKER = """
export default {
  fetch(request) {
    if (request.headers.get("Upgrade") !== "websocket") return new Response("no upgrade", { status: 426 });
    if (new URL(request.url).pathname === "/refused") return new Response("not here", { status: 404 });
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    server.binaryType = "arraybuffer";
    server.addEventListener("message", ({ data }) => {
      if (data === "bye") return server.close(4000, "as asked");
      server.send(typeof data === "string" ? `you said ${data}` : data);
    });
    const protocol = request.headers.get("Sec-WebSocket-Protocol");
    const headers = protocol ? { "Sec-WebSocket-Protocol": protocol.split(", ")[0] } : {};
    return new Response(null, { status: 101, webSocket: client, headers });
  },
};
"""


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    folder = Real(tmp_path)
    folder.write("app/src/index.js", WORKER)
    folder.write("app/wrangler.toml", 'name = "echo"\nmain = "src/index.js"\ncompatibility_date = "2026-08-01"\n')
    yield folder
    folder.forget_bundles()


def run(real: Real, body: str, apps: str = '"app"') -> list[str]:
    """The reasons for which a scenario with this body failed."""
    lines = "\n".join(f"    {line}" for line in body.strip().splitlines())
    real.write(
        "scenario.py",
        f'import orrery\n\n@orrery.scenario(app={apps}, pops=["FRA"])\nasync def talk(world):\n'
        f'    ada = world.client(near="Frankfurt")\n{lines}\n',
    )
    done = real.run("run", "scenario.py", "--json")
    return [f["reason"] for s in json.loads(done.out)["scenarios"] for f in s["failures"]]


def test_text_and_bytes_go_and_come(real: Real) -> None:
    assert run(real, """
socket = await ada.websocket("/", protocols=["chat", "other"])
assert socket.open and socket.response.status == 101
assert socket.response.headers["sec-websocket-protocol"] == "chat"
assert socket.send("grüße") and socket.send(bytes([0, 255]))
assert [await socket.receive(), await socket.receive()] == ["you said grüße", bytes([0, 255])]
began = world.now
assert await socket.receive(timeout="3s") is None and socket.open
assert round(world.now - began) == 3
""") == []


def test_a_close_is_told_by_either_side(real: Real) -> None:
    assert run(real, """
socket = await ada.websocket("/")
socket.send("one"); socket.send("bye")
assert [message async for message in socket] == ["you said one"]
assert (socket.close_code, socket.close_reason, socket.open) == (4000, "as asked", False)
assert not socket.send("more") and not socket.close()
other = await ada.websocket("/")
assert other.close(4001, "enough") and not other.send("more")
assert await other.receive() is None and (other.close_code, other.close_reason) == (4001, "enough")
""") == []


def test_without_an_upgrade_there_is_a_closed_socket_with_the_answer(real: Real) -> None:
    assert run(real, """
socket = await ada.websocket("/refused")
assert not socket.open and socket.response.status == 404 and socket.response.text() == "not here"
assert await socket.receive() is None and not socket.send("x")
assert (socket.close_code, socket.close_reason) == (1006, "status 404")
""") == []


def test_a_lost_connection_is_a_close_of_1006(real: Real) -> None:
    assert run(real, """
socket = await ada.websocket("/")
for host in (1, 2, 3): world.after("1s").crash(f"host:FRA/{host}", restart_after="1s")
assert await socket.receive() is None and socket.close_code == 1006 and not socket.open
""") == []


GATE = """
export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname === "/pass") return env.BACK.fetch(request);
    const far = (await env.BACK.fetch("http://back/", { headers: { Upgrade: "websocket" } })).webSocket;
    far.accept();
    const { 0: client, 1: near } = new WebSocketPair();
    near.accept();
    near.addEventListener("message", ({ data }) => far.send(data));
    far.addEventListener("message", ({ data }) => near.send(`by the gate: ${data}`));
    far.addEventListener("close", ({ code }) => near.close(code));
    return new Response(null, { status: 101, webSocket: client });
  },
};
"""


def test_a_socket_goes_through_a_service_binding(real: Real) -> None:
    real.write("gate/src/index.js", GATE)
    real.write(
        "gate/wrangler.toml",
        'name = "gate"\nmain = "src/index.js"\ncompatibility_date = "2026-08-01"\n'
        '[[services]]\nbinding = "BACK"\nservice = "echo"\n',
    )
    assert run(real, """
for path, by in (("/pass", ""), ("/bridge", "by the gate: ")):
    socket = await ada.websocket(path)
    for word in ("one", "two"):
        socket.send(word)
        assert await socket.receive() == f"{by}you said {word}"
        await world.sleep("60s")
    socket.send("bye")
    assert await socket.receive() is None and socket.close_code == 4000
""", apps='["gate", "app"]') == []


@pytest.mark.parametrize(
    ("misuse", "told"),
    [
        ("socket.send(5)", "sends str or bytes, not int"),
        ("socket.close(1005)", "a code from 1000 to 4999, not 1005"),
        ("socket.close(1000, 'x' * 124)", "at most 123 bytes"),
        ("await ada.websocket('room')", "a url is a path"),
    ],
)
def test_misuse_is_told_in_one_sentence(real: Real, misuse: str, told: str) -> None:
    reasons = run(real, f'socket = await ada.websocket("/")\n{misuse}')
    assert len(reasons) == 1 and told in reasons[0], reasons
