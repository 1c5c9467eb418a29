"""What a service key may be."""

from collections.abc import Sequence
from typing import Final

from domain.kernel.errors import Invalid
from domain.kernel.words import Phrase

SERVICE_PREFIX: Final = "cfsv"
SERVICE_SCOPES: Final = {
    "check": "Ask /authorize and /oauth/introspect",
    "ingest": "Send usage events",
    "leaks": "Report leaked secrets at /keys/leaks",
}
"""The doors of gateways and back ends, with what each scope opens."""

NAME_MAX: Final = 60


def checked_scopes(scopes: Sequence[str]) -> list[str]:
    """The scopes, each once and in order; Invalid when one is unknown or none is given."""
    unknown = sorted(set(scopes) - set(SERVICE_SCOPES))
    if unknown or not scopes:
        known = ", ".join(SERVICE_SCOPES)
        raise Invalid(
            field="scopes",
            reason=Phrase(f"must be one or more of: {known}", f"须为以下一项或多项:{known}"),
        )
    return sorted(set(scopes))
