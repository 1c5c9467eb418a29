from orjson import loads
from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.fields.data import JSON_DUMPS
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("domain", "0002_guards")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Notice",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40),
                ),
                (
                    "enterprise",
                    fields.ForeignKeyField(
                        "domain.Enterprise",
                        source_field="enterprise_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("kind", fields.CharField(max_length=40)),
                ("subject_id", fields.CharField(max_length=40)),
                ("facts", fields.JSONField(encoder=JSON_DUMPS, decoder=loads)),
                ("dedupe_key", fields.CharField(unique=True, max_length=120)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "notices",
                "app": "domain",
                "indexes": [Index(fields=["enterprise_id", "id"])],
                "pk_attr": "id",
                "table_description": "Something that an enterprise should know, said once. Nothing personal stands in it.",
            },
            bases=["Owned"],
        ),
        ops.AddField(
            model_name="AccessKey",
            name="age_reminded_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="AccessKey",
            name="allowed_addresses",
            field=fields.JSONField(null=True, encoder=JSON_DUMPS, decoder=loads),
        ),
        ops.AddField(
            model_name="AccessKey",
            name="expires_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="AccessKey",
            name="expiry_minute",
            field=fields.IntField(db_default=2147483647),
        ),
        ops.AddField(
            model_name="AccessKey",
            name="last_used_address",
            field=fields.CharField(null=True, max_length=64),
        ),
        ops.AddField(
            model_name="AccessKey",
            name="last_used_api",
            field=fields.CharField(null=True, max_length=60),
        ),
        ops.AddField(
            model_name="AccessKey",
            name="last_used_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="AccessKey",
            name="reminded_days",
            field=fields.IntField(null=True),
        ),
        ops.AddField(
            model_name="AccessKey",
            name="rotated_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="AccessKey",
            name="used_minute",
            field=fields.IntField(db_default=0),
        ),
    ]
