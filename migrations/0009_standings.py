"""Where conversations stand in their lore."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("tzurot", "0008_dreams")]

    initial = False

    operations = [
        ops.CreateModel(
            name="StandingRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("place", fields.CharField(max_length=64)),
                (
                    "character",
                    fields.ForeignKeyField(
                        "tzurot.CharacterRow",
                        source_field="character_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="standings",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("seen", fields.BigIntField()),
                ("length", fields.IntField()),
                ("timers", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={
                "table": "standings",
                "app": "tzurot",
                "unique_together": (("place", "character"),),
                "pk_attr": "id",
                "table_description": "Only conversations whose lore has effects that last have one.",
            },
            bases=["Model"],
        ),
    ]
