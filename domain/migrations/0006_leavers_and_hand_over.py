from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from domain.people.models import ResetOutcome


class Migration(migrations.Migration):
    dependencies = [("domain", "0005_no_truncate")]

    initial = False

    operations = [
        ops.CreateModel(
            name="MainAccountOffer",
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
                ("sub_account_id", fields.CharField(max_length=40)),
                ("role_id", fields.CharField(null=True, max_length=40)),
                ("digest", fields.CharField(unique=True, max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "accepted_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
                (
                    "withdrawn_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "main_account_offers",
                "app": "domain",
                "indexes": [Index(fields=["enterprise_id", "id"])],
                "pk_attr": "id",
                "table_description": "The main account, offered to a member. The link's code is kept as a keyed digest.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="SecondFactorReset",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40),
                ),
                (
                    "login",
                    fields.ForeignKeyField(
                        "domain.Login",
                        source_field="login_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("masked_email", fields.CharField(max_length=254)),
                ("reason", fields.CharField(max_length=200)),
                ("opened_by", fields.CharField(max_length=40)),
                ("opened_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("effective_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("ended_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
                (
                    "outcome",
                    fields.CharEnumField(
                        null=True,
                        description="DONE: DONE\nSHOWN: SHOWN\nWITHDRAWN: WITHDRAWN",
                        enum_type=ResetOutcome,
                        max_length=10,
                    ),
                ),
            ],
            options={
                "table": "second_factor_resets",
                "app": "domain",
                "indexes": [
                    Index(fields=["login_id", "ended_at"]),
                    Index(fields=["ended_at", "effective_at"]),
                ],
                "pk_attr": "id",
                "table_description": "An operator's promise to take a lost authenticator away, unless it is shown before.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Role",
            name="deleted_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Role",
            name="former_name",
            field=fields.CharField(null=True, max_length=60),
        ),
        ops.AddField(
            model_name="SubAccount",
            name="deleted_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="SubAccount",
            name="former_name",
            field=fields.CharField(null=True, max_length=60),
        ),
    ]
