"""JSON lines over a pipe, between the command line and its worker processes."""

from __future__ import annotations

import json
import os
from typing import Any


def encode_line(message: Any) -> bytes:
    return json.dumps(message).encode() + b"\n"


def write_all(descriptor: int, data: bytes) -> None:
    """Writes everything; the descriptor is blocking."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


class LineReader:
    """Whole lines out of a pipe, as JSON. `ended` once the other side has closed it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._buffer = b""
        self.ended = False

    def read(self) -> list[Any]:
        """The messages that are there. On a non-blocking descriptor it takes all, else one read's
        worth."""
        while True:
            try:
                data = os.read(self._descriptor, 1 << 20)
            except BlockingIOError:
                break
            if not data:
                self.ended = True
                break
            self._buffer += data
            if os.get_blocking(self._descriptor):
                break
        *lines, self._buffer = self._buffer.split(b"\n")
        return [json.loads(line) for line in lines if line]

    def wait(self) -> Any:
        """The next message of a blocking descriptor; None at the end."""
        while not self.ended:
            messages = self.read()
            if messages:
                return messages[0]
        return None
