from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("domain", "0003_key_inventory")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Invitation",
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
                ("name", fields.CharField(max_length=60)),
                ("role_id", fields.CharField(max_length=40)),
                ("sealed_email", fields.TextField(unique=False)),
                ("masked_email", fields.CharField(max_length=254)),
                ("digest", fields.CharField(unique=True, max_length=64)),
                ("invited_by", fields.CharField(max_length=40)),
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
                ("sub_account_id", fields.CharField(null=True, max_length=40)),
            ],
            options={
                "table": "invitations",
                "app": "domain",
                "indexes": [Index(fields=["enterprise_id", "id"])],
                "pk_attr": "id",
                "table_description": "A place in an enterprise that waits for its member. The role is fixed from the start.",
            },
            bases=["Owned"],
        ),
        ops.CreateModel(
            name="PasswordReset",
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
                ("digest", fields.CharField(unique=True, max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "password_resets",
                "app": "domain",
                "indexes": [Index(fields=["login_id", "id"])],
                "pk_attr": "id",
                "table_description": "A code sent to a person who forgot the password, kept as a keyed digest.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="RecoveryCode",
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
                ("digest", fields.CharField(unique=True, max_length=64)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "recovery_codes",
                "app": "domain",
                "indexes": [Index(fields=["login_id", "id"])],
                "pk_attr": "id",
                "table_description": "A code that stands in for the authenticator once, kept as a keyed digest.",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SandboxLetter",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40),
                ),
                ("masked_to", fields.CharField(max_length=254)),
                ("text", fields.CharField(max_length=40)),
                ("sealed_body", fields.TextField(unique=False)),
                ("at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "sandbox_letters",
                "app": "domain",
                "pk_attr": "id",
                "table_description": 'What the sandbox "sent" as mail: stands in for a letter box in development.',
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SecondFactor",
            fields=[
                (
                    "id",
                    fields.CharField(primary_key=True, unique=True, db_index=True, max_length=40),
                ),
                (
                    "login",
                    fields.OneToOneField(
                        "domain.Login",
                        source_field="login_id",
                        db_constraint=True,
                        to_field="id",
                        related_name=False,
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("sealed_secret", fields.TextField(null=True, unique=False)),
                ("sealed_next", fields.TextField(null=True, unique=False)),
                ("last_step", fields.BigIntField(default=0)),
                ("created_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "confirmed_at",
                    fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
                ),
            ],
            options={
                "table": "second_factors",
                "app": "domain",
                "pk_attr": "id",
                "table_description": "The authenticator of a person. A new secret waits in `sealed_next` for its first code.",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Session",
            name="fresh_until",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name="Session",
            name="last_seen_at",
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
    ]
