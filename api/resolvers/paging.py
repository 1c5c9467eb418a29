"""What a connection's resolver needs: the window asked for, and what is asked of its nodes."""

from api.context import Info
from api.execution.lookahead import wanted
from domain.kernel.reading import Wanted


def node_wanted(info: Info) -> Wanted:
    """What is asked of a connection's nodes, whether by `nodes` or by `edges { node }`."""
    asked = wanted(info)
    direct, edged = asked.of("nodes"), asked.of("edges").of("node")
    return _merged(direct, edged)


def _merged(one: Wanted, other: Wanted) -> Wanted:
    if not other.fields:
        return one
    if not one.fields:
        return other
    names = one.names | other.names
    return Wanted(fields={name: _merged(one.of(name), other.of(name)) for name in names})
