"""WebSockets of clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from orrery.driver import Pending, ScenarioError
from orrery.times import Span, parse_us

if TYPE_CHECKING:
    from orrery.client import Client, Response
    from orrery.world import World

#: Codes with a meaning of their own, which nobody may send (RFC 6455, 7.4.1).
RESERVED = (1004, 1005, 1006, 1015)


class WebSocket:
    """A client's WebSocket: `await client.websocket("/room")`.

    `response` is the answer to the upgrade; when that is not 101 (or did not come, under faults) the
    socket was never open. `open` is true while messages pass both ways. Once it is closed,
    `close_code` and `close_reason` say how: 1006 when the connection was lost.
    """

    def __init__(self, world: "World", client: "Client", number: int, response: "Response") -> None:
        self._world = world
        self._client = client
        self._number = number
        self.response = response
        self.close_code: int | None = None if number else 1006
        self.close_reason = "" if number else (response.error or f"status {response.status}")

    def __repr__(self) -> str:
        state = "open" if self.open else f"closed {self.close_code}"
        return f"<WebSocket of {self._client.name}, {state}>"

    @property
    def open(self) -> bool:
        return self._number > 0 and bool(self._world.native.socket_open(self._number))

    def send(self, message: str | bytes) -> bool:
        """Sends a text or binary message. False when the socket is closed: then nothing leaves."""
        if not isinstance(message, (str, bytes)):
            raise ScenarioError(
                f"a WebSocket sends str or bytes, not {type(message).__name__}; "
                "for JSON write json.dumps(...)"
            )
        return self._number > 0 and bool(self._world.native.socket_send(self._number, message))

    def receive(self, timeout: Span = "60s") -> Pending:
        """The next message, str or bytes; None when none came within `timeout` of simulated time,
        or the socket is closed (then `close_code` is set)."""
        native, driver = self._world.native, self._world.driver
        if self._number == 0:
            nothing = Pending(driver, f"message for {self._client.name}")
            nothing._finish(None)
            return nothing

        def convert(result: dict[str, Any]) -> str | bytes | None:
            if result["frame"] is None:
                return None
            kind, data, code = result["frame"]
            if kind in ("text", "binary"):
                return data  # type: ignore[no-any-return]
            self.close_code = code if kind == "close" else 1006
            self.close_reason = data
            return None

        number = native.socket_receive(self._number, parse_us(timeout))
        return driver.operation(number, f"message for {self._client.name}", convert)

    def close(self, code: int = 1000, reason: str = "") -> bool:
        """Begins to close: sends a close frame. False when it is closed already."""
        if not 1000 <= code <= 4999 or code in RESERVED:
            raise ScenarioError(f"a WebSocket is closed with a code from 1000 to 4999, not {code}")
        if len(reason.encode()) > 123:
            raise ScenarioError("the reason of a close is at most 123 bytes long")
        return self._number > 0 and bool(self._world.native.socket_close(self._number, code, reason))

    def __aiter__(self) -> "WebSocket":
        return self

    async def __anext__(self) -> str | bytes:
        """Messages until the socket is closed."""
        while True:
            message = await self.receive()
            if message is not None:
                return message  # type: ignore[no-any-return]
            if self.close_code is not None:
                raise StopAsyncIteration
