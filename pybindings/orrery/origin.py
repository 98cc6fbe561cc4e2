"""Origins: hosts outside the cloud whose answers a scenario writes."""

from __future__ import annotations

import inspect
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from orrery.client import Headers, Response
from orrery.driver import ScenarioError

if TYPE_CHECKING:
    from orrery.world import World


@dataclass(frozen=True)
class OriginRequest:
    """What a Worker's fetch() asked of an origin."""

    method: str
    url: str
    headers: Headers
    body: bytes

    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        return json.loads(self.body)


def answer_origin(
    world: "World", handler: Callable[[OriginRequest], Any], request: dict[str, Any]
) -> None:
    """Calls the handler and sends what it returns; an async handler's answer leaves when it
    ends."""
    asked = OriginRequest(
        request["method"],
        request["url"],
        Headers(request.get("headers") or []),
        bytes(request.get("body") or b""),
    )

    def reply(answer: Any) -> None:
        status, headers, body = _parts(answer)
        world.native.origin_reply(request["id"], status, headers, body)

    answer = handler(asked)
    if inspect.iscoroutine(answer):

        async def later() -> None:
            reply(await answer)

        world.spawn(later())
    else:
        reply(answer)


def _parts(answer: Any) -> tuple[int, list[tuple[str, str]], bytes]:
    if isinstance(answer, Response):
        return answer.status, answer.headers.pairs, answer.body
    if isinstance(answer, tuple) and len(answer) == 2 and isinstance(answer[0], int):
        status, (_, headers, body) = answer[0], _parts(answer[1])
        return status, headers, body
    if answer is None:
        return 204, [], b""
    if isinstance(answer, bytes):
        return 200, [], answer
    if isinstance(answer, str):
        return 200, [("content-type", "text/plain;charset=UTF-8")], answer.encode()
    if isinstance(answer, (dict, list)):
        return 200, [("content-type", "application/json")], json.dumps(answer).encode()
    raise ScenarioError(f"an origin cannot answer with {type(answer).__name__}")
