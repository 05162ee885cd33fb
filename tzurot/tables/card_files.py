"""What came with a character's card besides its fields: the picture it was in, sounds, data of other programs.

Kept so that the card can be handed out again as it was; nothing in here is read while people talk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tzurot.cards.charx import File

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tzurot.database.connect import Connection, Database


async def files_of(database: Database, character_id: int) -> tuple[File, ...]:
    """The files of a character's card, in the order in which they came."""
    rows = await database.rows("SELECT path, content FROM card_files WHERE character_id = $1 ORDER BY id", character_id)
    return tuple(File(**row) for row in rows)


async def keep_files(connection: Connection, character_id: int, files: Sequence[File]) -> None:
    """Keep these files instead of those there were, inside a transaction of the caller's."""
    await connection.execute("DELETE FROM card_files WHERE character_id = $1", character_id)
    await connection.executemany(
        "INSERT INTO card_files (character_id, path, content) VALUES ($1, $2, $3)",
        [(character_id, file.path.replace("\0", ""), file.content) for file in files],
    )
