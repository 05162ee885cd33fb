"""Messages that are gone, or say something else now, are so in history and memory too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.tables.messages import History

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.database.connect import Database
    from tzurot.memory.store import Memories


class Forget:
    def __init__(self, database: Database, memories: Memories) -> None:
        self._database = database
        self._memories = memories

    async def __call__(self, place: str, message_ids: Sequence[int]) -> None:
        """Forget what these messages said."""
        gone = [(place, message_id) for message_id in message_ids]
        async with self._database.transaction() as connection:
            await History.drop(connection, gone)
            await self._memories.drop(connection, gone)
