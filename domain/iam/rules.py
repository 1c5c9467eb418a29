"""What may be granted by whom. Pure."""

from collections.abc import Iterable
from typing import Final

from domain.accounts import rules as accounts
from domain.kernel.context import Actor
from domain.kernel.errors import ForbiddenScope, Invalid
from domain.keys.rules import Grants, grants_of, normal_grant

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
        raise Invalid(field=field, reason=f"must have at most {LIST_MAX} entries")


def _canonical(grant: str) -> str:
    pair = normal_grant(grant)
    return grant if pair is None else f"api:{pair[0]}/{pair[1]}"


def require_scopes(actor: Actor, scopes: Iterable[str]) -> None:
    """ForbiddenScope for a scope that `actor` lacks, or that only the main account ever has."""
    for scope in scopes:
        if scope in accounts.MAIN_ONLY or not actor.may(scope):
            raise ForbiddenScope(scope=scope)


def require_grants(held: Grants | None, grants: Iterable[str]) -> None:
    """ForbiddenScope for an API grant beyond what is `held`; None holds all of them."""
    for grant in grants:
        if held is not None and not _covered(held, grant):
            raise ForbiddenScope(scope=grant)


def beyond(grants: Iterable[str], earlier: Iterable[str]) -> list[str]:
    """Those of `grants` that `earlier` did not give yet."""
    held = grants_of(earlier)
    return [grant for grant in grants if not _covered(held, grant)]


def _covered(held: Grants, grant: str) -> bool:
    """Whether `held` gives all that a grant gives; what is no grant gives nothing."""
    pair = normal_grant(grant)
    return pair is None or pair[0] in held.products or pair in held.apis
