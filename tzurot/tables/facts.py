"""The tables of facts; `memory.facts` is what reads and writes them."""

from __future__ import annotations

from typing import Any

from tortoise import fields
from tortoise.indexes import Index
from tortoise.models import Model


class FactRow(Model):
    """What a character believes of somebody.

    `status` is current, past (another value came, or it was said to be over) or retracted (it never held).
    """

    id = fields.BigIntField(primary_key=True)
    persona: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("tzurot.Persona", "facts")
    character: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("tzurot.CharacterRow", "facts")
    subject = fields.CharField(max_length=100)
    slot = fields.CharField(max_length=60)
    value = fields.TextField()
    audience = fields.CharField(max_length=40)
    valid_from = fields.DatetimeField()
    valid_to = fields.DatetimeField(null=True)
    status = fields.CharField(max_length=10)
    origin = fields.CharField(max_length=8)
    locked = fields.BooleanField()

    class Meta:  # pyright: ignore[reportIncompatibleVariableOverride]
        table = "facts"
        indexes = (Index(fields=("persona_id", "character_id", "id")),)


class FactSupportRow(Model):
    """The words a fact was read from: without any, a fact that nobody wrote by hand goes."""

    id = fields.BigIntField(primary_key=True)
    fact: fields.ForeignKeyRelation[FactRow] = fields.ForeignKeyField("tzurot.FactRow", "supports")
    memory: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("tzurot.MemoryRow", "supports")
    quote = fields.TextField()

    class Meta:  # pyright: ignore[reportIncompatibleVariableOverride]
        table = "fact_supports"
        unique_together = (("fact", "memory"),)
        indexes = (Index(fields=("memory_id",)),)


class BlockRow(Model):
    """What was forgotten, by its meaning and without its words, so that it is not learned again.

    `slot` is empty for a line. `stems` and `vector` are as those of memories.
    """

    id = fields.BigIntField(primary_key=True)
    persona: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("tzurot.Persona", "blocks")
    character: fields.ForeignKeyRelation[Any] = fields.ForeignKeyField("tzurot.CharacterRow", "blocks")
    slot = fields.CharField(max_length=60)
    space = fields.CharField(max_length=32)
    stems = fields.BinaryField()
    vector = fields.BinaryField()
    scale = fields.FloatField()

    class Meta:  # pyright: ignore[reportIncompatibleVariableOverride]
        table = "blocks"
        indexes = (Index(fields=("persona_id", "character_id")),)
