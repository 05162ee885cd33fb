"""The beginnings of replies that are shown while the rest is written: the first chunk of a turn not yet spoken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.errors import CannotSpeak

if TYPE_CHECKING:
    from tzurot.database.connect import Database

BEGUN = (
    "INSERT INTO chunks (turn_id, position, text, state) SELECT id, 0, $2, 'planned' FROM turns"
    " WHERE id = $1 AND state = 'accepted' ON CONFLICT (turn_id, position) DO UPDATE"
    " SET text = CASE WHEN chunks.message_id IS NULL THEN excluded.text ELSE chunks.text END RETURNING message_id"
)


class Drafts:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, turn_id: int, text: str) -> int | None:
        """Commit what is about to be shown; the message's id where an earlier process has shown something already.

        Raises:
            CannotSpeak: the turn was answered, by another process (`turn.taken`).

        """
        begun = await self._database.row(BEGUN, turn_id, text)
        if begun is None:
            raise CannotSpeak("turn.taken", "That was answered already.")
        return begun[0]

    async def posted(self, turn_id: int, message_id: int) -> None:
        """Commit which message shows it."""
        await self._database.execute(
            "UPDATE chunks SET message_id = $2 WHERE turn_id = $1 AND position = 0", turn_id, message_id
        )

    async def drop(self, turn_id: int) -> int | None:
        """Forget it, unless the reply was spoken meanwhile; the message that shows it, to be retracted."""
        return await self._database.value(
            "DELETE FROM chunks USING turns WHERE turns.id = turn_id AND turn_id = $1 AND turns.state = 'accepted'"
            " RETURNING message_id",
            turn_id,
        )
