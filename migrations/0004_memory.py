from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise.fields.base import OnDelete
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("tzurot", "0003_settings")]

    initial = False

    operations = [
        ops.CreateModel(
            name="BlockRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "persona",
                    fields.ForeignKeyField(
                        "tzurot.Persona",
                        source_field="persona_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="blocks",
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
                        related_name="blocks",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("slot", fields.CharField(max_length=60)),
                ("space", fields.CharField(max_length=32)),
                ("stems", fields.BinaryField()),
                ("vector", fields.BinaryField()),
                ("scale", fields.FloatField()),
            ],
            options={
                "table": "blocks",
                "app": "tzurot",
                "indexes": [Index(fields=["persona_id", "character_id"])],
                "pk_attr": "id",
                "table_description": "What was forgotten, by its meaning and without its words, so that it is not learned again.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FactRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "persona",
                    fields.ForeignKeyField(
                        "tzurot.Persona",
                        source_field="persona_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="facts",
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
                        related_name="facts",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("subject", fields.CharField(max_length=100)),
                ("slot", fields.CharField(max_length=60)),
                ("value", fields.TextField(unique=False)),
                ("audience", fields.CharField(max_length=40)),
                ("valid_from", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("valid_to", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("status", fields.CharField(max_length=10)),
                ("origin", fields.CharField(max_length=8)),
                ("locked", fields.BooleanField()),
            ],
            options={
                "table": "facts",
                "app": "tzurot",
                "indexes": [Index(fields=["persona_id", "character_id", "id"])],
                "pk_attr": "id",
                "table_description": "What a character believes of somebody.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="FactSupportRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "fact",
                    fields.ForeignKeyField(
                        "tzurot.FactRow",
                        source_field="fact_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="supports",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "memory",
                    fields.ForeignKeyField(
                        "tzurot.MemoryRow",
                        source_field="memory_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="supports",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("quote", fields.TextField(unique=False)),
            ],
            options={
                "table": "fact_supports",
                "app": "tzurot",
                "unique_together": (("fact", "memory"),),
                "indexes": [Index(fields=["memory_id"])],
                "pk_attr": "id",
                "table_description": "The words a fact was read from: without any, a fact that nobody wrote by hand goes.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="MemoryRow",
            name="about_from",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="MemoryRow",
            name="about_to",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="MemoryRow",
            name="archived",
            field=fields.BooleanField(db_default=False),
        ),
        ops.AddField(
            model_name="MemoryRow",
            name="audience",
            field=fields.CharField(db_default="private", max_length=40),
        ),
        ops.AddField(
            model_name="MemoryRow",
            name="kind",
            field=fields.CharField(db_default="chat", max_length=8),
        ),
        ops.AddField(
            model_name="MemoryRow",
            name="locked",
            field=fields.BooleanField(db_default=False),
        ),
        ops.AddField(
            model_name="MemoryRow",
            name="sector",
            field=fields.CharField(db_default="episodic", max_length=12),
        ),
        ops.AddField(
            model_name="MemoryRow",
            name="traits",
            field=fields.SmallIntField(db_default=0),
        ),
        ops.RunSQL(
            [
                # before whom an old line was said is known from the turns of its place; else it stays private
                "UPDATE memories m SET audience = 'guild:' || p.guild"
                " FROM (SELECT DISTINCT place, incoming->'utterance'->'place'->>'guild_id' AS guild FROM turns) p"
                " WHERE p.place = m.place AND p.guild IS NOT NULL",
                "CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON facts"
                " FOR EACH STATEMENT EXECUTE FUNCTION announce_all()",
            ],
            reverse_sql=["DROP TRIGGER announce ON facts"],
        ),
    ]
