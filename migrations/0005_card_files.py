"""What came with cards; and cards as they were written, keys in their order, which jsonb does not keep."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("tzurot", "0004_memory")]

    initial = False

    operations = [
        ops.CreateModel(
            name="CardFileRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "character",
                    fields.ForeignKeyField(
                        "tzurot.CharacterRow",
                        source_field="character_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="card_files",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("path", fields.TextField(unique=False)),
                ("content", fields.BinaryField()),
            ],
            options={
                "table": "card_files",
                "app": "tzurot",
                "unique_together": (("character", "path"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                "ALTER TABLE characters ALTER COLUMN card TYPE json USING card::json",
                # pictures are compressed already
                "ALTER TABLE card_files ALTER COLUMN content SET STORAGE EXTERNAL",
            ],
            reverse_sql=["ALTER TABLE characters ALTER COLUMN card TYPE jsonb USING card::jsonb"],
        ),
    ]
