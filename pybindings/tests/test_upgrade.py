"""Releases of the cloud's own software, end to end on the real build.

Goal: `world.upgrade` restarts hosts one after another, alike in two runs of a seed; what is wrong is one message. Method: a
counter of a Durable Object while its followers change over.
"""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest
from real import Real

WRANGLER = """name = "count"
main = "src/index.ts"
compatibility_date = "2026-03-01"
[[durable_objects.bindings]]
name = "COUNT"
class_name = "Count"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Count"]
"""
SOURCE = """import { DurableObject } from "cloudflare:workers";
export class Count extends DurableObject {
  async fetch(request) {
    const n = (this.ctx.storage.kv.get("n") ?? 0) + (request.method === "POST" ? 1 : 0);
    this.ctx.storage.kv.put("n", n);
    return new Response(String(n));
  }
}
export default { fetch: (request, env) => env.COUNT.getByName("one").fetch(request) };
"""
HEAD = "import orrery\n\n@orrery.scenario(app='count', pops=['FRA'], faults='none')\nasync def s(world):\n    client = world.client()\n"


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    folder = Real(tmp_path)
    folder.write("count/wrangler.toml", WRANGLER)
    folder.write("count/src/index.ts", SOURCE)
    yield folder
    folder.forget_bundles()


def run(real: Real, body: list[str]):
    real.write("s.py", HEAD + "".join(f"    {line}\n" for line in body))
    return real.run("run", "s.py::s")


def test_followers_change_over_and_what_an_old_release_cannot_read_is_not_there(real: Real) -> None:
    body = [
        "assert (await client.post('/')).text() == '1'",
        "for release in (2, 3):",
        "    world.upgrade('*', release=release, every='200ms', down='100ms')",
        "    await world.sleep('15s')",
        "    assert (await client.post('/')).text() == str(release)",
        "world.upgrade('*', release=1, every='10ms', down='100ms')",
        "await world.sleep('15s')",
        "assert not (await client.get('/')).ok",
        "world.after('1s').upgrade('*', release=2, every='10ms', down='100ms')",
        "await world.sleep('40s')",
        "assert (await client.post('/')).text() == '4'",
    ]
    ended = run(real, body)
    assert ended.code == 0, ended.out + ended.err
    assert run(real, body).out.split("hash ")[1].split()[0] == ended.out.split("hash ")[1].split()[0]


@pytest.mark.parametrize(
    "call, says",
    [
        ("world.upgrade('*', release=4)", "release must be a number from 1 to 3"),
        ("world.upgrade('*', release=0)", "release must be a number from 1 to 3"),
        ("world.upgrade('XXX', release=2)", '"XXX" is no host, point of presence or object'),
        ("world.upgrade('FRA', release=2, every='0s')", "every_us must be a whole number above 0"),
        ("world.at('1s').upgrade('FRA', release=2, down='never')", "never"),
    ],
)
def test_a_wrong_upgrade_is_one_message(real: Real, call: str, says: str) -> None:
    ended = run(real, [call])
    assert ended.code == 2 and says in ended.out + ended.err, ended.out + ended.err
