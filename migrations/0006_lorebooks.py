"""Lorebooks besides the cards' own, and where they are in force."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields


class Migration(migrations.Migration):
    dependencies = [("tzurot", "0005_card_files")]

    initial = False

    operations = [
        ops.CreateModel(
            name="LorebookRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "owner",
                    fields.ForeignKeyField(
                        "tzurot.User",
                        source_field="owner_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="lorebooks",
                        on_delete=OnDelete.SET_NULL,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                ("book", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("entries", fields.IntField()),
                ("updated_at", fields.DatetimeField(auto_now=True, auto_now_add=False)),
            ],
            options={"table": "lorebooks", "app": "tzurot", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LoreLinkRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "lorebook",
                    fields.ForeignKeyField(
                        "tzurot.LorebookRow",
                        source_field="lorebook_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="links",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("scope", fields.CharField(max_length=16)),
                ("subject", fields.CharField(max_length=64)),
            ],
            options={
                "table": "lore_links",
                "app": "tzurot",
                "unique_together": (("lorebook", "scope", "subject"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.RunSQL(
            [
                f"CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION announce_all()"
                for table in ("lorebooks", "lore_links")
            ],
            reverse_sql=[f"DROP TRIGGER announce ON {table}" for table in ("lorebooks", "lore_links")],
        ),
    ]
