"""Which APIs a role lets its holders call: grants read, compared and handed on. Pure."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Grants:
    """The APIs that a role lets its holders call."""

    products: frozenset[str]
    apis: frozenset[tuple[str, str]]

    def cover(self, product: str, api: str) -> bool:
        """Whether `api` of `product` is among them."""
        return product in self.products or (product, api) in self.apis

    def give(self, grant: str) -> bool:
        """Whether they hold all that `grant` gives; what is no grant gives nothing."""
        pair = normal_grant(grant)
        return pair is None or pair[0] in self.products or pair in self.apis


def normal_grant(text: str) -> tuple[str, str] | None:
    """(product, api or `*`) of a grant in any of its spellings, or None when it is none.

    Written `api:<product>/<api>` and `api:<product>/*`; also without `api:`, and with a dot
    instead of the slash (a product's code has neither).
    """
    body = text.removeprefix("api:")
    product, mark, api = body.partition("/")
    if not mark:
        product, mark, api = body.partition(".")
    return (product, api) if product and api and product != "*" else None


@lru_cache(maxsize=4096)
def grants_in(stored: str) -> Grants:
    """The grants in a stored JSON list, without what is none; equal lists share one object."""
    return grants_of(json.loads(stored))


def grants_of(grants: Iterable[object]) -> Grants:
    """The grants in a list, without what is none."""
    found = [pair for text in grants if (pair := normal_grant(str(text)))]
    return Grants(
        products=frozenset(product for product, api in found if api == "*"),
        apis=frozenset(pair for pair in found if pair[1] != "*"),
    )


def beyond(grants: Iterable[str], earlier: Iterable[str]) -> list[str]:
    """Those of `grants` that `earlier` did not give yet."""
    held = grants_of(earlier)
    return [grant for grant in grants if not held.give(grant)]
