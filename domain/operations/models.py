"""The table of trusted documents."""

from tortoise import fields

from domain.kernel.tables import Model


class TrustedDocument(Model):
    """One registered operation. The id is what clients call it by, and never changes its meaning.

    It is the platform's, not a tenant's: operators register what clients were built with.
    """

    id = fields.CharField(max_length=120, primary_key=True)
    digest = fields.CharField(max_length=64)
    name = fields.CharField(max_length=100)
    kind = fields.CharField(max_length=12)
    text = fields.TextField()
    manifest = fields.CharField(max_length=60)
    version = fields.CharField(max_length=40)
    registered_at = fields.DatetimeField()

    class Meta:
        table = "trusted_documents"
        indexes = (("digest",), ("name",))
