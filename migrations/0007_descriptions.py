"""What pictures show, in words."""

from tortoise import migrations
from tortoise.migrations import operations as ops
from tortoise import fields
from tortoise.indexes import Index


class Migration(migrations.Migration):
    dependencies = [("tzurot", "0006_lorebooks")]

    initial = False

    operations = [
        ops.CreateModel(
            name="DescriptionRow",
            fields=[
                ("digest", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=64)),
                ("text", fields.TextField(unique=False)),
                ("model", fields.CharField(max_length=255)),
                ("described_at", fields.DatetimeField(auto_now=False, auto_now_add=True)),
            ],
            options={
                "table": "descriptions",
                "app": "tzurot",
                "indexes": [Index(fields=["described_at"])],
                "pk_attr": "digest",
            },
            bases=["Model"],
        ),
    ]
