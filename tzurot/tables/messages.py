"""History: one row per utterance said to or by a character, with all its message ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from cachetools import LRUCache
from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.indexes import Index
from tortoise.models import Model

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tzurot.database.connect import Connection, Database


CACHED_LINES = 20_000  # about 6 MB


class MessageRow(Model):
    id = fields.BigIntField(primary_key=True)
    place = fields.CharField(max_length=64)
    origin_id = fields.BigIntField()
    message_ids: Any = ArrayField("bigint")
    character: fields.ForeignKeyNullableRelation[Any] = fields.ForeignKeyField(
        "tzurot.CharacterRow", "messages", null=True
    )
    persona: fields.ForeignKeyNullableRelation[Any] = fields.ForeignKeyField("tzurot.Persona", "messages", null=True)
    speaker = fields.CharField(max_length=255)
    text = fields.TextField()
    tokens = fields.IntField()
    said_at = fields.DatetimeField()

    class Meta:  # pyright: ignore[reportIncompatibleVariableOverride]
        table = "messages"
        unique_together = (("place", "origin_id"),)
        indexes = (Index(fields=("place", "id")),)


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
    """The newest lines of a place, oldest first, with the id of the last row among them."""

    lines: tuple[Line, ...]
    last_id: int
    limit: int


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

    async def last(self, place: str, limit: int, last_id: int | None = None) -> tuple[Line, ...]:
        """The newest lines of a place, oldest first.

        `last_id` is the place's newest row, where the caller knows it: then nothing is asked that is known.
        """
        known = self._recent.get(place)
        if known is None or known.limit != limit:
            known = Recent((), 0, limit)
        if last_id is None or last_id != known.last_id:
            asked = self._forgotten
            known = await self._read_on(place, known)
            if asked == self._forgotten:  # else something was changed meanwhile, and this may be what was before
                self._recent[place] = known
        return known.lines

    async def _read_on(self, place: str, known: Recent) -> Recent:
        rows = await self._database.rows(
            "SELECT id, origin_id, nullif(message_ids, ARRAY[origin_id]), speaker, text, tokens, said_at, character_id"
            " FROM messages WHERE place = $1 AND id > $2 ORDER BY id DESC LIMIT $3",
            place,
            known.last_id,
            known.limit,
        )
        if not rows:
            return known
        new = [
            Line(tuple(ids) if ids else (first,), speaker, text, tokens, said_at, character_id)
            for _, first, ids, speaker, text, tokens, said_at, character_id in rows
        ]
        lines = sorted([*known.lines, *reversed(new)], key=lambda line: line.said_at)
        return Recent(tuple(lines[-known.limit :]), rows[0]["id"], known.limit)

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
