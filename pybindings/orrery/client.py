"""Clients outside the cloud, and what they get back."""

from __future__ import annotations

import json as json_module
from typing import TYPE_CHECKING, Any, Callable, Mapping, Sequence

from orrery.driver import NotLive, Pending, ScenarioError
from orrery.websocket import WebSocket

if TYPE_CHECKING:
    from orrery.world import World


class RequestFailed(Exception):
    """A request that got no answer: the connection broke, or nobody was there. What it asked for
    may have happened or not."""


class Headers(Mapping[str, str]):
    """Header fields by name in any case; several of one name are joined with ', '."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.pairs = [(str(name), str(value)) for name, value in pairs]

    def __getitem__(self, name: str) -> str:
        values = [value for key, value in self.pairs if key.lower() == name.lower()]
        if not values:
            raise KeyError(name)
        return ", ".join(values)

    def __iter__(self):
        return iter(dict.fromkeys(key.lower() for key, _ in self.pairs))

    def __len__(self) -> int:
        return len(dict.fromkeys(key.lower() for key, _ in self.pairs))

    def __repr__(self) -> str:
        return f"Headers({self.pairs!r})"


class Response:
    """An answer: `status`, `headers`, `body` (bytes), `text()`, `json()`; `ok` for 200 to 299.

    An operation that no answer came for gives a Response too, with status 0 and `error` set, so
    that a scenario under faults need not guard every line; `raise_for_error()` turns it into
    RequestFailed.
    """

    def __init__(
        self,
        status: int,
        headers: Headers,
        body: bytes,
        error: str | None = None,
        never_sent: bool = False,
        dropped: bool = False,
    ) -> None:
        self.status = status
        self.headers = headers
        self.body = body
        self.error = error
        #: True when no answer came because the request never left: it surely did not happen.
        self.never_sent = never_sent
        #: True when it never left because a capsule keeps it back.
        self.dropped = dropped

    @property
    def ok(self) -> bool:
        return 200 <= self.status <= 299

    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """The body as JSON; ScenarioError quoting the beginning of a body that is not."""
        try:
            return json_module.loads(self.body)
        except ValueError:
            shown = (
                self.error
                if self.error is not None
                else f"status {self.status}, body {self.text()[:120]!r}"
            )
            raise ScenarioError(f"this answer is not JSON: {shown}") from None

    def raise_for_error(self) -> "Response":
        if self.error is not None:
            raise RequestFailed(self.error)
        return self

    def __repr__(self) -> str:
        return f"<Response {self.status}{' ' + self.error if self.error else ''}>"


def response_of(result: dict[str, Any]) -> Response:
    """The Response in a native operation's result."""
    if result["kind"] == "error":
        error = str(result.get("error") or "no answer")
        return Response(
            0, Headers([]), b"", error, bool(result.get("never_sent")), bool(result.get("dropped"))
        )
    return Response(
        int(result["status"]),
        Headers(result.get("headers") or []),
        bytes(result.get("body") or b""),
    )


def checked_url(url: str) -> str:
    if not isinstance(url, str) or not (url.startswith("/") or "://" in url):
        raise ScenarioError(f'a url is a path ("/x") or a whole address, not {url!r}')
    return url


class Client:
    """A client near a city. `await client.get(url)` and its like give a Response; the request
    leaves at the call, so several may be on their way at once."""

    def __init__(self, world: "World", number: int, name: str, city: str) -> None:
        self._world = world
        self._number = number
        self._asked = 0
        self.name = name
        self.city = city

    def __repr__(self) -> str:
        return f"<{self.name} near {self.city}>"

    def get(self, url: str, **options: Any) -> Pending:
        return self.fetch("GET", url, **options)

    def head(self, url: str, **options: Any) -> Pending:
        return self.fetch("HEAD", url, **options)

    def post(self, url: str, **options: Any) -> Pending:
        return self.fetch("POST", url, **options)

    def put(self, url: str, **options: Any) -> Pending:
        return self.fetch("PUT", url, **options)

    def patch(self, url: str, **options: Any) -> Pending:
        return self.fetch("PATCH", url, **options)

    def delete(self, url: str, **options: Any) -> Pending:
        return self.fetch("DELETE", url, **options)

    async def until_ok(self, method: str, url: str, *, tries: int = 120, **options: Any) -> Response:
        """Asks until an answer is `ok`, one simulated second after each that is not; takes what `fetch` takes.
        NotLive after so many tries: once the faults are over, an answer must come. For what may happen more than once."""
        for _ in range(tries):
            response = await self.fetch(method, url, **options)
            if response.ok:
                return response
            await self._world.sleep("1s")
        raise NotLive(f"{method} {url} of {self.name} was not answered well in {tries} tries, a second apart")

    def websocket(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        protocols: Sequence[str] = (),
    ) -> Pending:
        """Asks for a WebSocket; gives a WebSocket, which is open if the answer was 101."""
        pairs = {**(headers or {}), "Upgrade": "websocket"}
        if protocols:
            pairs["Sec-WebSocket-Protocol"] = ", ".join(protocols)
        self._asked += 1
        number = self._world.native.request(
            self._number, "GET", checked_url(url), list(pairs.items()), None
        )

        def convert(result: dict[str, Any]) -> WebSocket:
            socket = int(result.get("socket") or 0)
            return WebSocket(self._world, self, socket, response_of(result))

        return self._world.driver.operation(number, f"WebSocket {url} of {self.name}", convert)

    def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
        json: Any = None,
        op: tuple[Any, ...] | None = None,
        outcome: Callable[[Response], tuple[str, Any]] | None = None,
    ) -> Pending:
        """Sends a request. `json` is sent as JSON text. `op=(f, key, value)` (or `(f, key)`) also
        records it in `world.history`: 2xx is `ok` with what `outcome` reads, 4xx `fail`, anything
        else - no answer included - `info`. `outcome(response)` may decide otherwise: it returns
        ("ok"|"fail"|"info", value).
        """
        checked_url(url)
        pairs = [(str(name), str(value)) for name, value in (headers or {}).items()]
        if json is not None:
            if body is not None:
                raise ScenarioError("give a request either body= or json=, not both")
            body = json_module.dumps(json)
            if not any(name.lower() == "content-type" for name, _ in pairs):
                pairs.append(("content-type", "application/json"))
        data = body.encode("utf-8") if isinstance(body, str) else body
        self._asked += 1
        record = None
        if op is not None:
            record = self._world.history.begin(self.name, op, self._asked)
        number = self._world.native.request(self._number, method, url, pairs, data)

        def convert(result: dict[str, Any]) -> Response:
            response = response_of(result)
            if record is not None and response.dropped:
                record.fail()  # whatever the scenario makes of having no answer: this did not happen
            elif record is not None:
                record.end(*(outcome or default_outcome)(response))
            return response

        return self._world.driver.operation(number, f"{method} {url} of {self.name}", convert)


def default_outcome(response: Response) -> tuple[str, Any]:
    """What a recorded request came to when the scenario does not say: see Client.fetch."""
    if response.ok:
        try:
            return "ok", json_module.loads(response.body) if response.body else None
        except ValueError:
            return "ok", response.text()
    surely_not = response.never_sent or 400 <= response.status <= 499
    return ("fail" if surely_not else "info"), None
