"""A whole table held in memory until somebody announces a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ValueT = TypeVar("ValueT")


class Kept(Generic[ValueT]):
    """What `read` gives, read again after `forget`; a change while it is being read is not missed."""

    def __init__(self, read: Callable[[], Awaitable[ValueT]]) -> None:
        self._read = read
        self._forgotten = 0
        self.value: ValueT | None = None

    def forget(self) -> None:
        self.value = None
        self._forgotten += 1

    async def get(self) -> ValueT:
        if self.value is not None:
            return self.value
        asked = self._forgotten
        value = await self._read()
        if asked == self._forgotten:
            self.value = value
        return value
