"""Versions of a Worker, end to end on the real build: how a scenario declares them and deploys them.

Goal: `versions=` and `world.deploy` change the code under a running world, alike in two runs of a seed; what is wrong is one
message. Method: a Worker of two versions in a folder of its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Iterator

import pytest
from real import Real

WRANGLER = 'name = "shop"\nmain = "src/index.ts"\ncompatibility_date = "2026-03-01"\n'
HEAD = "import orrery\n\n@orrery.scenario(app='one', versions=%s, pops=['FRA'], faults='none')\nasync def s(world):\n    client = world.client()\n"


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    folder = Real(tmp_path)
    for name in ("one", "two"):
        folder.write(f"{name}/wrangler.toml", WRANGLER)
        folder.write(f"{name}/src/index.ts", f"export default {{ async fetch() {{ return new Response('{name}'); }} }};\n")
    yield folder
    folder.forget_bundles()


def run(real: Real, body: list[str], versions: str = "{'v2': 'two'}"):
    real.write("s.py", HEAD % versions + "".join(f"    {line}\n" for line in body))
    return real.run("run", "s.py::s")


def test_a_deployed_version_answers_within_seconds(real: Real) -> None:
    body = [
        "assert (await client.get('/')).text() == 'one'",
        "world.deploy('v2')",
        "await world.sleep('6s')",
        "assert (await client.get('/')).text() == 'two'",
        "world.at('10s').deploy('shop', version='v1')",
        "await world.sleep('10s')",
        "assert (await client.get('/')).text() == 'one'",
    ]
    ended = run(real, body)
    assert ended.code == 0, ended.out + ended.err


def test_a_share_splits_requests_and_a_key_pins_them(real: Real) -> None:
    body = [
        "world.deploy('v2', share=0.5)",
        "await world.sleep('6s')",
        "seen = {(await client.get('/')).text() for _ in range(30)}",
        "assert seen == {'one', 'two'}, seen",
        "for key in 'abcdef':",
        "    pinned = {(await client.get('/', headers={'Cloudflare-Workers-Version-Key': key})).text() for _ in range(10)}",
        "    assert len(pinned) == 1",
        "for version, text in (('v1', 'one'), ('v2', 'two')):",
        "    chosen = {'Cloudflare-Workers-Version-Overrides': f'shop=\"{version}\"'}",
        "    assert {(await client.get('/', headers=chosen)).text() for _ in range(10)} == {text}",
    ]
    ended = run(real, body)
    assert ended.code == 0, ended.out + ended.err
    assert run(real, body).out.split("hash ")[1].split()[0] == ended.out.split("hash ")[1].split()[0]


@pytest.mark.parametrize(
    "call, says",
    [
        ("world.deploy('v9')", 'no version "v9" here (there is shop@v1, shop@v2)'),
        ("world.at('1s').deploy('v9')", 'no version "v9" here'),
        ("world.deploy('v2', share=0)", "share=0 is not a part of the whole"),
        ("world.deploy('v2', share='much')", "share='much' is not a part of the whole"),
        ("world.deploy('v1', share=0.1)", "serves everything already"),
    ],
)
def test_a_wrong_deployment_is_one_message(real: Real, call: str, says: str) -> None:
    ended = run(real, [call])
    assert ended.code == 2 and says in ended.out + ended.err, ended.out + ended.err


@pytest.mark.parametrize(
    "versions, says",
    [
        ("{'v1': 'two'}", "v1 is what the world begins with"),
        ("{'v2': 'nowhere'}", "no such project folder"),
        ("{'v2': 'other'}", 'there is no such Worker here (there is shop)'),
        ("{'v2': 3}", "is not a folder for each name"),
    ],
)
def test_a_wrong_declaration_is_bad_input(real: Real, versions: str, says: str) -> None:
    real.write("other/wrangler.toml", WRANGLER.replace("shop", "depot"))
    real.write("other/src/index.ts", "export default { async fetch() { return new Response(''); } };\n")
    ended = run(real, [], versions)
    assert ended.code == 2 and says in ended.out + ended.err, ended.out + ended.err


def test_a_refused_upload_can_be_caught_and_changes_nothing(real: Real) -> None:
    body = [
        "try: world.deploy('v1', share=0.5)",
        "except orrery.DeployRefused as refused: assert 'serves everything' in str(refused)",
        "else: raise AssertionError('it was not refused')",
        "assert (await client.get('/')).text() == 'one'",
    ]
    ended = run(real, body)
    assert ended.code == 0, ended.out + ended.err
