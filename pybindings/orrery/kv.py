"""Workers KV as somebody sees it who sees both back ends at once: for checks, never for an app."""

from __future__ import annotations

from typing import TYPE_CHECKING, Iterator, Mapping

from orrery.driver import ScenarioError

if TYPE_CHECKING:
    from orrery.world import World


class KvNamespace(Mapping[str, bytes]):
    """One namespace: the last value written of each key (the one that wins), delayed or not. Caches
    play no part, nor does expiration. Read-only."""

    def __init__(self, world: "World", name: str) -> None:
        self._world = world
        self.name = name

    def __getitem__(self, key: str) -> bytes:
        value = self._world.native.kv_get(self.name, key)
        if value is None:
            raise KeyError(key)
        return bytes(value)

    def __iter__(self) -> Iterator[str]:
        return iter(self._world.native.kv_keys(self.name))

    def __len__(self) -> int:
        return len(self._world.native.kv_keys(self.name))


class KvView:
    """`world.kv`: namespaces by the name of their binding, or by id."""

    def __init__(self, world: "World") -> None:
        self._world = world

    def __getitem__(self, name: str) -> KvNamespace:
        try:
            self._world.native.kv_keys(name)
        except ValueError as error:
            raise ScenarioError(f"world.kv: {error}") from None
        return KvNamespace(self._world, name)


__all__ = ["KvNamespace", "KvView"]
