"""From where a key may be used: lists of IPv4 and IPv6 addresses and networks. Pure."""

import ipaddress
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

import orjson

from domain.kernel.errors import Invalid
from domain.kernel.words import Phrase

ENTRIES_MAX: Final = 250
FIELD: Final = "allowedAddresses"
_ENTRY_MAX: Final = 64
_MAPPED: Final = IPv6Network("::ffff:0:0/96")


@dataclass(frozen=True, slots=True)
class Networks:
    """An allow-list made ready: per IP version, the disjoint ranges in order."""

    starts: dict[int, tuple[int, ...]]
    ends: dict[int, tuple[int, ...]]

    def cover(self, address: str) -> bool:
        """Whether `address` is in the list; what is no address never is."""
        found = parsed(address)
        if found is None:
            return False
        starts = self.starts.get(found.version, ())
        place = bisect_right(starts, int(found)) - 1
        return place >= 0 and int(found) <= self.ends[found.version][place]


def parsed(address: str) -> IPv4Address | IPv6Address | None:
    """The address, an IPv4 one inside IPv6 (`::ffff:192.0.2.1`) as IPv4; None when it is none."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def checked_list(entries: Sequence[str]) -> list[str]:
    """The entries as they are stored: normal form, once each, in order; Invalid otherwise.

    Bits beyond a network's length are cut off (`10.1.2.3/8` is `10.0.0.0/8`), and an IPv4 network
    written inside IPv6 becomes IPv4.
    """
    if len(entries) > ENTRIES_MAX:
        reason = Phrase(
            f"has {len(entries)} entries; at most {ENTRIES_MAX} are allowed",
            f"共 {len(entries)} 项,最多 {ENTRIES_MAX} 项",
        )
        raise Invalid(field=FIELD, reason=reason)
    found = {_checked(entry) for entry in entries}
    ordered = sorted(found, key=lambda one: (one.version, one.network_address, one.prefixlen))
    return [_text(one) for one in ordered]


def _checked(entry: str) -> IPv4Network | IPv6Network:
    text = entry.strip()
    try:
        if len(text) > _ENTRY_MAX or not text.isascii() or "%" in text:
            raise ValueError
        return _network(text)
    except ValueError:
        shown = "".join(one if one.isprintable() else "?" for one in text[:40])
        reason = Phrase(f"{shown!r} is no IP address or network", f"{shown!r} 不是 IP 地址或网段")
        raise Invalid(field=FIELD, reason=reason) from None


def _network(text: str) -> IPv4Network | IPv6Network:
    found = ipaddress.ip_network(text, strict=False)
    if isinstance(found, IPv6Network) and found.prefixlen >= 96 and found.subnet_of(_MAPPED):
        start = int(found.network_address) & 0xFFFF_FFFF
        return IPv4Network((start, found.prefixlen - 96))
    return found


def _text(network: IPv4Network | IPv6Network) -> str:
    alone = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if alone else str(network)


@lru_cache(maxsize=4096)
def networks_in(stored: str | None) -> Networks | None:
    """The allow-list in a stored JSON list; None when there is none: then all may come."""
    entries: list[str] = orjson.loads(stored or "null") or []
    return ready(entries) if entries else None


def ready(entries: Iterable[str]) -> Networks:
    """The disjoint ranges of a checked list."""
    found = [_network(entry) for entry in entries]
    four = ipaddress.collapse_addresses(one for one in found if isinstance(one, IPv4Network))
    six = ipaddress.collapse_addresses(one for one in found if isinstance(one, IPv6Network))
    ranges = {4: sorted(map(_ends, four)), 6: sorted(map(_ends, six))}
    return Networks(
        starts={version: tuple(start for start, _ in pairs) for version, pairs in ranges.items()},
        ends={version: tuple(end for _, end in pairs) for version, pairs in ranges.items()},
    )


def _ends(network: IPv4Network | IPv6Network) -> tuple[int, int]:
    return int(network.network_address), int(network.broadcast_address)
