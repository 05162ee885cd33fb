"""History: one row per utterance said to or by a character, with all its message ids."""

from __future__ import annotations

from dataclasses import dataclass
from operator import attrgetter
from sys import intern
from typing import TYPE_CHECKING, Any, NamedTuple

from cachetools import LRUCache

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from tzurot.database.connect import Connection, Database


CACHED_LINES = 20_000  # about 6 MB, and half as much again for what is made of them


class Line(NamedTuple):
    """One utterance of the history; `character_id` is None for a person. `tokens` as estimated when it was kept.

    A named tuple and not a dataclass: a prompt may take 500 of them, and they are made in a third of the time.
    """

    message_ids: tuple[int, ...]
    speaker: str
    text: str
    tokens: int
    said_at: datetime
    character_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A line to be kept; `origin_id` is its first message id, the same line kept twice is one row."""

    place: str
    message_ids: tuple[int, ...]
    speaker: str
    text: str
    tokens: int
    said_at: datetime
    character_id: int | None = None
    persona_id: int | None = None


class Recent(NamedTuple):
    """The newest lines of a place, oldest first, with the id of the last row among them, and what was made of them."""

    lines: tuple[Line, ...]
    last_id: int
    limit: int
    made: dict[int, Any]


# the lines that persona $1 and character $2 said to each other, found by the turns they belong to
BETWEEN = (
    "SELECT m.id FROM turns t JOIN messages m ON m.place = t.place AND m.origin_id = t.origin_id"
    " WHERE t.persona_id = $1 AND t.character_id = $2 UNION"
    " SELECT m.id FROM turns t JOIN chunks c ON c.turn_id = t.id JOIN messages m ON m.place = t.place"
    " AND m.origin_id = c.message_id WHERE t.persona_id = $1 AND t.character_id = $2"
)


NEW_LINES = (
    "SELECT known.place, new.* FROM unnest($1::text[], $2::bigint[], $3::int[]) AS known (place, last_id, most),"
    " LATERAL (SELECT id, origin_id, nullif(message_ids, ARRAY[origin_id]), speaker, text, tokens, said_at,"
    "  character_id FROM messages m WHERE m.place = known.place AND m.id > known.last_id ORDER BY id DESC"
    "  LIMIT known.most) AS new ORDER BY new.id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    by_person: int
    by_character: int
    places: int
    first_at: datetime | None
    last_at: datetime | None


class History:
    """Lines of recently used places are kept in memory: what is new is read, a change or deletion forgets them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._forgotten = 0
        self._recent: LRUCache[str, Recent] = LRUCache(CACHED_LINES, lambda recent: 1 + len(recent.lines))

    def forget(self) -> None:
        """Drop the cache: lines were changed or deleted, here or in another process."""
        self._recent.clear()
        self._forgotten += 1

    def release(self, place: str) -> None:
        """Drop what is known of one place: lines there were changed or deleted, or written beside others."""
        self._recent.pop(place, None)
        self._forgotten += 1

    async def last(self, place: str, limit: int, last_id: int | None = None) -> tuple[Line, ...]:
        """The newest lines of a place, oldest first.

        `last_id` is a row of the place, the newest that the caller knows of: then nothing is asked that is known.
        """
        known = self._recent.get(place)
        if known is None or known.limit != limit:
            known, last_id = Recent((), 0, limit, {}), None
        if last_id is None or last_id > known.last_id:
            known = (await self._read_on({place: known}))[place]
        return known.lines

    def made_of(self, place: str) -> dict[int, Any]:
        """For a caller to keep what it makes of a place's lines, by character: it is dropped when they are."""
        recent = self._recent.get(place)
        return recent.made if recent is not None else {}

    async def refresh(self, places: Iterable[str]) -> None:
        """Take in what was just written there, so that who speaks next need not wait for it."""
        known = {place: recent for place in places if (recent := self._recent.get(place)) is not None}
        if known:
            await self._read_on(known)

    async def _read_on(self, known: dict[str, Recent]) -> dict[str, Recent]:
        """What is known of some places and what is new there, which is kept."""
        asked = self._forgotten
        rows = await self._database.rows(
            NEW_LINES,
            list(known),
            [recent.last_id for recent in known.values()],
            [recent.limit for recent in known.values()],
        )
        new: dict[str, list[Line]] = {}
        last: dict[str, int] = {}
        for place, row_id, first, ids, speaker, text, tokens, said_at, character_id in rows:
            # the same few people speak: their names are kept once
            line = Line(tuple(ids) if ids else (first,), intern(speaker), text, tokens, said_at, character_id)
            new.setdefault(place, []).append(line)
            last[place] = row_id
        found = known.copy()
        for place, lines in new.items():
            before, _, limit, made = known[place]
            together = sorted([*before, *lines], key=attrgetter("said_at"))
            found[place] = Recent(tuple(together[-limit:]), last[place], limit, made)
        if asked == self._forgotten:  # else something was changed meanwhile, and this may be what was before
            for place, recent in found.items():
                other = self._recent.get(place)
                if other is None or other.limit != recent.limit or other.last_id < recent.last_id:
                    self._recent[place] = recent
        return found

    async def add(self, lines: Sequence[Said]) -> None:
        """Keep lines that belong to no turn."""
        async with self._database.connection() as connection:
            await self.keep(connection, lines)
        for line in lines:  # a turn may be writing there just now, and its rows would lie behind these
            self.release(line.place)

    async def older_than(self, age: timedelta) -> int:
        """How many lines there are of that age."""
        return await self._database.value("SELECT count(*) FROM messages WHERE said_at < now() - $1::interval", age)

    async def delete_older_than(self, age: timedelta) -> int:
        rows = await self._database.rows("DELETE FROM messages WHERE said_at < now() - $1::interval RETURNING 1", age)
        self.forget()
        return len(rows)

    async def spoken(self, persona_id: int, character_id: int) -> Spoken:
        """How much a persona and a character have said to each other."""
        row = await self._database.row(
            "SELECT count(*) FILTER (WHERE character_id IS NULL)::int AS by_person,"  # noqa: S608 - a constant
            " count(*) FILTER (WHERE character_id IS NOT NULL)::int AS by_character,"
            " count(DISTINCT place)::int AS places, min(said_at) AS first_at, max(said_at) AS last_at FROM messages"
            f" WHERE id IN ({BETWEEN})",
            persona_id,
            character_id,
        )
        assert row is not None
        return Spoken(**row)

    async def purge(self, persona_id: int, character_id: int) -> int:
        """Delete all of it and every copy of its words; how many lines there were.

        The ledger keeps that a message was answered, without what was said, so that it is not answered again.
        """
        async with self._database.transaction() as connection:
            rows = await connection.fetch(
                f"DELETE FROM messages WHERE id IN ({BETWEEN}) RETURNING id",  # noqa: S608 - a constant
                persona_id,
                character_id,
            )
            await connection.execute(
                "DELETE FROM flights USING turns WHERE turns.id = turn_id AND persona_id = $1 AND character_id = $2",
                persona_id,
                character_id,
            )
            await connection.execute(
                "UPDATE chunks SET text = '' FROM turns WHERE turns.id = turn_id AND persona_id = $1"
                " AND character_id = $2 AND ended_at IS NOT NULL",
                persona_id,
                character_id,
            )
            await connection.execute(
                "UPDATE turns SET incoming = '{}' WHERE persona_id = $1 AND character_id = $2 AND ended_at IS NOT NULL",
                persona_id,
                character_id,
            )
        self.forget()
        return len(rows)

    async def elsewhere(self, persona_id: int, character_id: int, but: str, limit: int) -> tuple[Line, ...]:
        """The last lines that these two said to each other in other places than one, oldest first."""
        rows = await self._database.rows(
            "SELECT message_ids, speaker, text, tokens, said_at, character_id FROM messages WHERE id IN ("
            " SELECT id FROM messages WHERE persona_id = $1 AND place <> $3 AND place IN ("
            "  SELECT DISTINCT place FROM messages WHERE character_id = $2)"
            " UNION ALL SELECT m.id FROM messages m WHERE m.character_id = $2 AND m.place <> $3 AND m.place IN ("
            "  SELECT DISTINCT place FROM messages WHERE persona_id = $1))"
            " ORDER BY id DESC LIMIT $4",
            persona_id,
            character_id,
            but,
            limit,
        )
        return tuple(
            Line(
                tuple(row["message_ids"]),
                row["speaker"],
                row["text"],
                row["tokens"],
                row["said_at"],
                row["character_id"],
            )
            for row in reversed(rows)
        )

    @staticmethod
    async def drop(connection: Connection, lines: Iterable[tuple[str, int]]) -> None:
        """Delete lines, each by its place and first message id, inside a transaction of the caller's."""
        await connection.executemany("DELETE FROM messages WHERE place = $1 AND origin_id = $2", list(lines))

    @staticmethod
    async def line(connection: Connection, place: str, message_id: int) -> str:
        """What a person's line says; empty where it is not kept."""
        return str(
            await connection.fetchval(
                "SELECT text FROM messages WHERE place = $1 AND origin_id = $2 AND character_id IS NULL",
                place,
                message_id,
            )
            or ""
        )

    @staticmethod
    async def revise(connection: Connection, place: str, message_id: int, text: str, tokens: int) -> bool:
        """Change what a person's line says; False where it is not kept."""
        changed = await connection.fetchval(
            "UPDATE messages SET text = $3, tokens = $4 WHERE place = $1 AND origin_id = $2 AND character_id IS NULL"
            " AND text <> $3 RETURNING id",
            place,
            message_id,
            text.replace("\0", ""),
            tokens,
        )
        return changed is not None

    @staticmethod
    async def keep(connection: Connection, lines: Iterable[Said]) -> None:
        """Write lines inside a transaction of the caller's."""
        await connection.executemany(
            "INSERT INTO messages (place, origin_id, message_ids, character_id, persona_id, speaker, text, tokens,"
            " said_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (place, origin_id) DO NOTHING",
            [
                (
                    line.place,
                    line.message_ids[0],
                    list(line.message_ids),
                    line.character_id,
                    line.persona_id,
                    line.speaker[:255],
                    line.text.replace("\0", ""),
                    line.tokens,
                    line.said_at,
                )
                for line in lines
            ],
        )
