from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="User",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("front", fields.CharField(max_length=16)),
                ("external_id", fields.CharField(max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "users",
                "app": "tzurot",
                "unique_together": (("front", "external_id"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CharacterRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("slug", fields.CharField(unique=True, max_length=50)),
                ("name", fields.CharField(max_length=255)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "tzurot.User",
                        source_field="owner_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="characters",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("is_public", fields.BooleanField(default=True)),
                ("card", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("avatar_digest", fields.CharField(default="", max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={"table": "characters", "app": "tzurot", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Avatar",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "character",
                    fields.OneToOneField(
                        "tzurot.CharacterRow",
                        source_field="character_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="avatar",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("content", fields.BinaryField()),
                ("media_type", fields.CharField(max_length=32)),
            ],
            options={"table": "avatars", "app": "tzurot", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Persona",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "tzurot.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="personas",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                ("description", fields.TextField(default="", unique=False)),
                ("is_default", fields.BooleanField(default=True)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={"table": "personas", "app": "tzurot", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MemoryRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "persona",
                    fields.ForeignKeyField(
                        "tzurot.Persona",
                        source_field="persona_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="memories",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "character",
                    fields.ForeignKeyField(
                        "tzurot.CharacterRow",
                        source_field="character_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="memories",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("place", fields.CharField(max_length=64)),
                ("origin_id", fields.BigIntField()),
                ("by_character", fields.BooleanField()),
                ("speaker", fields.CharField(max_length=255)),
                ("text", fields.TextField(unique=False)),
                ("said_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("space", fields.CharField(max_length=32)),
                ("stems", fields.BinaryField()),
                ("vector", fields.BinaryField()),
                ("scale", fields.FloatField()),
            ],
            options={
                "table": "memories",
                "app": "tzurot",
                "unique_together": (("persona", "character", "place", "origin_id"),),
                "indexes": [Index(fields=["persona_id", "character_id", "id"])],
                "pk_attr": "id",
                "table_description": "One line of a conversation between a persona and a character.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MessageRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("place", fields.CharField(max_length=64)),
                ("origin_id", fields.BigIntField()),
                ("message_ids", ArrayField(element_type="BIGINT")),
                (
                    "character",
                    fields.ForeignKeyField(
                        "tzurot.CharacterRow",
                        source_field="character_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="messages",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "persona",
                    fields.ForeignKeyField(
                        "tzurot.Persona",
                        source_field="persona_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="messages",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("speaker", fields.CharField(max_length=255)),
                ("text", fields.TextField(unique=False)),
                ("tokens", fields.IntField()),
                ("said_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "messages",
                "app": "tzurot",
                "unique_together": (("place", "origin_id"),),
                "indexes": [Index(fields=["place", "id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="TurnRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("origin_kind", fields.CharField(max_length=16)),
                ("origin_id", fields.BigIntField()),
                (
                    "character",
                    fields.ForeignKeyField(
                        "tzurot.CharacterRow",
                        source_field="character_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="turns",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("take", fields.SmallIntField(default=1)),
                ("state", fields.CharField(max_length=16)),
                ("place", fields.CharField(max_length=64)),
                ("reason", fields.CharField(max_length=16)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "tzurot.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="turns",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "persona",
                    fields.ForeignKeyField(
                        "tzurot.Persona",
                        source_field="persona_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="turns",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("incoming", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("voice", fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads)),
                ("accepted_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "turns",
                "app": "tzurot",
                "unique_together": (("origin_kind", "origin_id", "character", "take"),),
                "indexes": [Index(fields=["place", "id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ChunkRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "turn",
                    fields.ForeignKeyField(
                        "tzurot.TurnRow",
                        source_field="turn_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="chunks",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("position", fields.SmallIntField()),
                ("text", fields.TextField(unique=False)),
                ("state", fields.CharField(max_length=8)),
                ("message_id", fields.BigIntField(null=True, unique=True)),
            ],
            options={"table": "chunks", "app": "tzurot", "unique_together": (("turn", "position"),), "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FlightRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "turn",
                    fields.OneToOneField(
                        "tzurot.TurnRow",
                        source_field="turn_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="flight",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "tzurot.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="flights",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("character_name", fields.CharField(max_length=255)),
                ("model", fields.CharField(default="", max_length=255)),
                ("prompt_tokens", fields.IntField(default=0)),
                ("cached_tokens", fields.IntField(default=0)),
                ("reply_tokens", fields.IntField(default=0)),
                ("cost_usd", fields.DecimalField(null=True, max_digits=12, decimal_places=6)),
                ("record", fields.BinaryField()),
                ("flown_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "flights",
                "app": "tzurot",
                "indexes": [Index(fields=["user_id", "turn_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
