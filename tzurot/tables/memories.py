"""The table of memories; `memory.store` is what reads and writes it."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.indexes import Index
from tortoise.models import Model


class MemoryRow(Model):
    """One line of a conversation between a persona and a character.

    `audience` says before whom it was said; `about_from` and `about_to` of which time it speaks, where it names one.
    `stems` is a run of little-endian uint32, the CRC-32 of each stem in order; `vector` is int8 times `scale`, of the
    encoder `space`. Archived rows are kept and not recalled.
    """

    id = fields.BigIntField(primary_key=True)
    persona: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("tzurot.Persona", "memories")
    character: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("tzurot.CharacterRow", "memories")
    place = fields.CharField(max_length=64)
    origin_id = fields.BigIntField()
    by_character = fields.BooleanField()
    speaker = fields.CharField(max_length=255)
    text = fields.TextField()
    said_at = fields.DatetimeField()
    audience = fields.CharField(max_length=40, db_default="private")
    kind = fields.CharField(max_length=8, db_default="chat")
    sector = fields.CharField(max_length=12, db_default="episodic")
    locked = fields.BooleanField(db_default=False)
    archived = fields.BooleanField(db_default=False)
    traits = fields.SmallIntField(db_default=0)
    about_from = fields.DatetimeField(null=True)
    about_to = fields.DatetimeField(null=True)
    space = fields.CharField(max_length=32)
    stems = fields.BinaryField()
    vector = fields.BinaryField()
    scale = fields.FloatField()

    class Meta:  # pyright: ignore[reportIncompatibleVariableOverride]
        table = "memories"
        unique_together = (("persona", "character", "place", "origin_id"),)
        indexes = (Index(fields=("persona_id", "character_id", "id")),)


class DreamRow(Model):
    """A step of a night's tidying up: which memories it put away, which facts it ended."""

    id = fields.BigIntField(primary_key=True)
    persona: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("tzurot.Persona", "dreams")
    character: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("tzurot.CharacterRow", "dreams")
    step = fields.CharField(max_length=12)
    memory_ids: Any = ArrayField("bigint")
    fact_ids: Any = ArrayField("bigint")
    done_at = fields.DatetimeField()
    undone_at = fields.DatetimeField(null=True)

    class Meta:  # pyright: ignore[reportIncompatibleVariableOverride]
        table = "dreams"
        indexes = (Index(fields=("persona_id", "character_id", "id")),)
