"""Where a character's conversations stand in their lore, so that a restart ends nothing that stays or rests."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import orjson

from tzurot.lore.timed import Timers, from_json, to_json

if TYPE_CHECKING:
    from tzurot.database.connect import Database


class Kept(NamedTuple):
    """The newest message, how many there were by then as lore counts them, and what stays or rests."""

    seen: int
    length: int
    timers: Timers


KEEP = (
    "INSERT INTO standings (place, character_id, seen, length, timers) VALUES ($1, $2, $3, $4, $5)"
    " ON CONFLICT (place, character_id) DO UPDATE SET seen = excluded.seen, length = excluded.length,"
    " timers = excluded.timers"
)


class Standings:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, place: str, character_id: int) -> Kept | None:
        row = await self._database.row(
            "SELECT seen, length, timers FROM standings WHERE place = $1 AND character_id = $2", place, character_id
        )
        return Kept(row["seen"], row["length"], from_json(orjson.loads(row["timers"]))) if row is not None else None

    async def keep(self, place: str, character_id: int, kept: Kept) -> None:
        await self._database.execute(
            KEEP, place, character_id, kept.seen, kept.length, orjson.dumps(to_json(kept.timers)).decode()
        )
