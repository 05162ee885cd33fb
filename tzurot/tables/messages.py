"""History: one row per utterance said to or by a character, with all its message ids."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.contrib.postgres.indexes import GinIndex
from tortoise.indexes import Index
from tortoise.models import Model

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from tzurot.database.connect import Connection, Database


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
        indexes = (Index(fields=("place", "said_at")), GinIndex(fields=("message_ids",)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One utterance of the history; `character_id` is None for a person. `tokens` as estimated when it was kept."""

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


class History:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def last(self, place: str, limit: int) -> tuple[Line, ...]:
        """The newest lines of a place, oldest first."""
        rows = await self._database.rows(
            "SELECT message_ids, speaker, text, tokens, said_at, character_id FROM messages"
            " WHERE place = $1 ORDER BY said_at DESC, id DESC LIMIT $2",
            place,
            limit,
        )
        return tuple(
            Line(
                message_ids=tuple(row[0]),
                speaker=row[1],
                text=row[2],
                tokens=row[3],
                said_at=row[4],
                character_id=row[5],
            )
            for row in reversed(rows)
        )

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
