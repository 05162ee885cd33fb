"""What is tidied up at night, so that it can be undone."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("tzurot", "0007_descriptions")]

    initial = False

    operations = [
        ops.CreateModel(
            name="DreamRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "persona",
                    fields.ForeignKeyField(
                        "tzurot.Persona",
                        source_field="persona_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="dreams",
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
                        related_name="dreams",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("step", fields.CharField(max_length=12)),
                ("memory_ids", ArrayField(element_type="bigint")),
                ("fact_ids", ArrayField(element_type="bigint")),
                ("done_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("undone_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "dreams",
                "app": "tzurot",
                "table_description": "A step of a night's tidying up: which memories it put away, which facts it ended.",
                "indexes": [Index(fields=["persona_id", "character_id", "id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
