"""The takes of a turn: replies made anew, of which one is shown.

The shown take is the one whose chunks hold the message ids. To show another one the ids move to its chunks, planned: a
planned chunk with an id is a message to be changed, one without words a message to be taken away. Both can be done
twice, so whatever a crash left is done again.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tzurot.tables.turns import Chunk, accepted_from

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from tzurot.database.connect import Connection, Database
    from tzurot.tables.turns import Accepted, Ledger

SAME = "(o.origin_kind, o.origin_id, o.character_id) = (t.origin_kind, t.origin_id, t.character_id)"
AGAIN = (
    "INSERT INTO turns (origin_kind, origin_id, character_id, take, state, place, reason, user_id, persona_id,"  # noqa: S608
    " incoming, accepted_at) SELECT origin_kind, origin_id, character_id,"
    f"  (SELECT max(take) + 1 FROM turns o WHERE {SAME}),"
    " 'accepted', place, reason, user_id, persona_id, incoming, now() FROM turns t WHERE id = $1"
    " ON CONFLICT (origin_kind, origin_id, character_id, take) DO NOTHING RETURNING *"
)
TAKES = (
    f"SELECT o.id FROM turns o JOIN turns t ON {SAME} WHERE t.id = $1"  # noqa: S608
    " AND EXISTS (SELECT FROM chunks WHERE turn_id = o.id AND text <> '') ORDER BY o.take"
)
REWORD = (
    "UPDATE turns SET incoming = jsonb_set(incoming, '{utterance,text}', to_jsonb($3::text))"
    " WHERE origin_kind = 'message' AND origin_id = $2 AND place = $1 AND incoming ? 'utterance'"
)
LAST = "SELECT * FROM turns WHERE place = $1 ORDER BY id DESC LIMIT 1"
SHOWN = "UPDATE chunks SET message_id = NULL WHERE turn_id = ANY($1) AND message_id IS NOT NULL"
STANDING = "SELECT position, message_id FROM chunks WHERE turn_id = ANY($1) AND message_id IS NOT NULL"


class Takes:
    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    async def again(self, turn_id: int) -> Accepted | None:
        """Enter the next take of a turn; None where it is gone, or somebody else is just doing that."""
        row = await self._database.row(AGAIN, turn_id)
        return accepted_from(row) if row is not None else None

    async def of(self, turn_id: int) -> tuple[int, ...]:
        """The ids of all takes of a turn that have words, in their order."""
        return tuple(row["id"] for row in await self._database.rows(TAKES, turn_id))

    @staticmethod
    async def reword(connection: Connection, place: str, message_id: int, text: str) -> None:
        """Let what a message says now be what was asked, should it be answered anew."""
        await connection.execute(REWORD, place, message_id, text)

    async def last(self, place: str, message_id: int, within: timedelta) -> Accepted | None:
        """The turn that answered a message, where nobody was answered since and that was no longer ago."""
        row = await self._database.row(LAST, place)
        if row is None or row["origin_id"] != message_id or row["origin_kind"] != "message":
            return None
        over = row["state"] == "remembered" and datetime.now(UTC) - row["ended_at"] <= within
        return accepted_from(row) if over else None

    async def speak(self, turn_id: int, voice: str, chunks: Sequence[str]) -> tuple[Chunk, ...]:
        """Commit a new take that is to stand where the shown one does; see `Ledger.speak` for what it raises."""
        async with self._database.transaction() as connection:
            await self._ledger.speak(turn_id, voice, chunks, connection)
            await _take_over(connection, turn_id)
        return (await self._ledger.stored(turn_id)).chunks

    async def show(self, turn_id: int) -> None:
        """Let an earlier take be the one that is shown; delivering it brings the messages up to that."""
        async with self._database.transaction() as connection:
            await connection.execute("UPDATE turns SET state = 'posting', ended_at = NULL WHERE id = $1", turn_id)
            await _take_over(connection, turn_id)

    async def retract(self, turn_id: int) -> None:
        """A reply and all its takes are taken back: their words go."""
        async with self._database.transaction() as connection:
            takes = [row["id"] for row in await connection.fetch(TAKES, turn_id)]
            await connection.execute("DELETE FROM chunks WHERE turn_id = ANY($1)", takes)
            await connection.execute("DELETE FROM flights WHERE turn_id = ANY($1)", takes)
            await connection.execute("UPDATE turns SET state = 'retracted', ended_at = now() WHERE id = ANY($1)", takes)


async def _take_over(connection: Connection, turn_id: int) -> None:
    """Move the message ids of whichever take is shown to the chunks of this one."""
    takes = [row["id"] for row in await connection.fetch(TAKES, turn_id)]
    standing = await connection.fetch(STANDING, takes)
    await connection.execute(SHOWN, takes)  # first, because a message id stands once at any time
    await connection.execute("DELETE FROM chunks WHERE turn_id = ANY($1) AND text = ''", takes)
    await connection.executemany(
        "INSERT INTO chunks (turn_id, position, text, state, message_id) VALUES ($1, $2, '', 'planned', $3)"
        " ON CONFLICT (turn_id, position) DO UPDATE SET state = 'planned', message_id = excluded.message_id",
        [(turn_id, row["position"], row["message_id"]) for row in standing],
    )
    # a take that was shown before and is longer than the shown one is posted on from there
    await connection.execute(
        "UPDATE chunks SET state = 'known' WHERE turn_id = $1 AND message_id IS NULL AND position > 0", turn_id
    )
