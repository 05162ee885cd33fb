"""What is taken back or changed on a front is so in history and memory too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.pipeline.attached import lines_of_attached
from tzurot.prompt.tokens import estimate
from tzurot.tables.messages import History
from tzurot.tables.takes import Takes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.database.connect import Database
    from tzurot.memory.forget import Forgetting
    from tzurot.memory.store import Memories


class Forget:
    def __init__(self, database: Database, history: History, memories: Memories, forgetting: Forgetting) -> None:
        self._database = database
        self._history = history
        self._memories = memories
        self._forgetting = forgetting

    async def __call__(self, place: str, message_ids: Sequence[int]) -> None:
        """Forget what these messages said."""
        gone = [(place, message_id) for message_id in message_ids]
        async with self._database.transaction() as connection:
            await History.drop(connection, gone)
            await self._memories.drop(connection, gone)
        self._history.release(place)  # at once: what is announced takes its time

    async def revised(self, place: str, message_id: int, text: str, attached: Sequence[str] = ()) -> None:
        """Take in what a message says now; one that was never kept stays unknown.

        `attached` are the names of what still is: what is known of that stays.
        """
        async with self._database.transaction() as connection:
            if attached:
                before = await History.line(connection, place, message_id)
                text = "\n".join((text, *lines_of_attached(before, attached))).strip()
            known = await History.revise(connection, place, message_id, text, estimate(text))
            await Takes.reword(connection, place, message_id, text)
        self._history.release(place)
        if known:
            await self._forgetting.message_edited(place, message_id, text)
