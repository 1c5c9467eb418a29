from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("domain", "0006_leavers_and_hand_over")]

    initial = False

    operations = [
        ops.CreateModel(
            name="TrustedDocument",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=120),
                ),
                ("digest", fields.CharField(max_length=64)),
                ("name", fields.CharField(max_length=100)),
                ("kind", fields.CharField(max_length=12)),
                ("text", fields.TextField(unique=False)),
                ("manifest", fields.CharField(max_length=60)),
                ("version", fields.CharField(max_length=40)),
                ("registered_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "trusted_documents",
                "app": "domain",
                "indexes": [Index(fields=["digest"]), Index(fields=["name"])],
                "pk_attr": "id",
                "table_description": "One registered operation. The id is what clients call it by, and never changes its meaning.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="AccessKey",
            name="allowed_operations",
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name="Role",
            name="allowed_operations",
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
    ]
