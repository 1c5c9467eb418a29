"""What is read of trusted documents."""

from domain.kernel.reading import Row


class RegisteredManifest(Row):
    """The outcome of registering a manifest: how many operations were new, how many known."""

    id: str
    version: str
    added: int
    known: int
