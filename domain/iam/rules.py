"""What a role may hold, as it is asked and stored. Pure."""

from typing import Final

from domain.accounts import rules as accounts
from domain.accounts.grants import normal_grant
from domain.kernel.errors import Invalid
from domain.kernel.words import entries

LIST_MAX: Final = 250


def checked_scopes(scopes: list[str]) -> list[str]:
    """The scopes, sorted and once each; Invalid for too many, or one that does not exist."""
    _few(scopes, "consoleScopes")
    return accounts.check_scopes(scopes)


def checked_grants(grants: list[str]) -> list[str]:
    """The grants as `api:<product>/<api>`, sorted and once each; Invalid for what is none.

    `<product>.<api>` and `<product>/<api>` are taken too, and rewritten.
    """
    _few(grants, "apiGrants")
    return accounts.check_grants([_canonical(grant) for grant in grants])


def _few(given: list[str], field: str) -> None:
    if len(given) > LIST_MAX:
        raise Invalid(field=field, reason=entries(LIST_MAX))


def _canonical(grant: str) -> str:
    pair = normal_grant(grant)
    return grant if pair is None else f"api:{pair[0]}/{pair[1]}"
