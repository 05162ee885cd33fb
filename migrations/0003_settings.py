"""What people tune: settings, presets, keys, aliases, denials, active channels, epochs, personas of one's own."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from orjson import loads
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise import fields
from tortoise.indexes import Index

ANNOUNCED = ("settings", "presets", "api_keys", "aliases", "denials", "activations", "epochs", "persona_overrides")


class Migration(migrations.Migration):
    dependencies = [("tzurot", "0002_storage")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ActivationRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("channel_id", fields.BigIntField()),
                ("server_id", fields.BigIntField(null=True)),
                (
                    "character",
                    fields.ForeignKeyField(
                        "tzurot.CharacterRow",
                        source_field="character_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="activations",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("activated_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "activations",
                "app": "tzurot",
                "unique_together": (("channel_id", "character"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="AliasRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "character",
                    fields.ForeignKeyField(
                        "tzurot.CharacterRow",
                        source_field="character_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="aliases",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "tzurot.User",
                        source_field="user_id",
                        null=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="aliases",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("alias", fields.CharField(max_length=100)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={"table": "aliases", "app": "tzurot", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="ApiKeyRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "tzurot.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="api_keys",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("provider", fields.CharField(max_length=32)),
                ("key_id", fields.CharField(max_length=16)),
                ("nonce", fields.BinaryField()),
                ("sealed", fields.BinaryField()),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
                ("tested_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={"table": "api_keys", "app": "tzurot", "unique_together": (("user", "provider"),), "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DenialRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("kind", fields.CharField(max_length=8)),
                ("target", fields.BigIntField()),
                ("scope", fields.CharField(max_length=16)),
                ("scope_id", fields.BigIntField(default=0)),
                ("reason", fields.CharField(default="", max_length=500)),
                ("expires_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                ("denied_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "denials",
                "app": "tzurot",
                "unique_together": (("kind", "target", "scope", "scope_id"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="EpochRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "persona",
                    fields.ForeignKeyField(
                        "tzurot.Persona",
                        source_field="persona_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="epochs",
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
                        related_name="epochs",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("since", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "epochs",
                "app": "tzurot",
                "indexes": [Index(fields=["persona_id", "character_id", "id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PersonaOverride",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "tzurot.User",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="persona_overrides",
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
                        related_name="persona_overrides",
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
                        related_name="overrides",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
            ],
            options={
                "table": "persona_overrides",
                "app": "tzurot",
                "unique_together": (("user", "character"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="PresetRow",
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
                        related_name="presets",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("name", fields.CharField(max_length=100)),
                ("values", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={"table": "presets", "app": "tzurot", "unique_together": (("owner", "name"),), "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SettingsRow",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("tier", fields.CharField(max_length=16)),
                ("subject", fields.CharField(max_length=64)),
                ("values", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
            ],
            options={"table": "settings", "app": "tzurot", "unique_together": (("tier", "subject"),), "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.AddIndex(
            model_name="FlightRow",
            index=Index(fields=["flown_at"]),
        ),
        ops.AddField(
            model_name="CharacterRow",
            name="is_open",
            field=fields.BooleanField(db_default=False),
        ),
        ops.AddField(
            model_name="Persona",
            name="pronouns",
            field=fields.CharField(db_default="", max_length=50),
        ),
        ops.AddIndex(
            model_name="TurnRow",
            index=Index(fields=["user_id", "id"]),
        ),
        ops.RunSQL(
            [
                # nobody's own is one owner, and Postgres tells NULLs apart
                "CREATE UNIQUE INDEX aliases_once ON aliases (alias, coalesce(user_id, 0))",
                "CREATE UNIQUE INDEX presets_once ON presets (name, coalesce(owner_id, 0))",
                *(
                    f"CREATE TRIGGER announce AFTER INSERT OR UPDATE OR DELETE ON {table}"
                    " FOR EACH STATEMENT EXECUTE FUNCTION announce_all()"
                    for table in ANNOUNCED
                ),
            ],
            reverse_sql=[
                "DROP INDEX aliases_once",
                "DROP INDEX presets_once",
                *(f"DROP TRIGGER announce ON {table}" for table in ANNOUNCED),
            ],
        ),
    ]
