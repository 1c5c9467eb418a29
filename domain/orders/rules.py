"""How an order may move, and nothing that touches a table."""

from typing import Final

from domain.kernel.errors import IllegalTransition
from domain.orders.models import OrderStatus as S

MOVES: Final[dict[S, frozenset[S]]] = {
    S.PENDING_REVIEW: frozenset({S.PENDING_PAYMENT, S.REJECTED, S.CANCELLED}),
    S.PENDING_PAYMENT: frozenset({S.PAYING, S.CANCELLED, S.EXPIRED}),
    S.PAYING: frozenset({S.PAID, S.PENDING_PAYMENT}),
    S.PAID: frozenset({S.PROVISIONING}),
    S.PROVISIONING: frozenset({S.PROVISIONED, S.PROVISION_FAILED}),
    S.PROVISION_FAILED: frozenset({S.PROVISIONING, S.REFUNDING}),
    S.PROVISIONED: frozenset({S.REFUNDING}),
    S.REFUNDING: frozenset({S.REFUNDED, S.PARTIALLY_REFUNDED, S.PROVISIONED}),
}
"""The transitions of an order; what is not here is an illegal one."""


def check_move(order_id: str, status: S, target: S) -> None:
    """Raise IllegalTransition unless an order in `status` may become `target`."""
    if target not in MOVES.get(status, frozenset()):
        raise IllegalTransition(what="order", id=order_id, status=status.value, target=target.value)
