"""Refusals of the hand-over of a main account."""

from domain.kernel.errors import Conflict


class OfferClosed(Conflict):
    """An offer of the main account is accepted once, within 72 hours, unless it is withdrawn."""

    code = "OFFER_CLOSED"
    message = "This offer of the main account is {state}."
    message_zh = "该主账号移交已失效(状态 {state})。"
    remedy = "Ask the main account for a new offer; only the newest one counts."
    remedy_zh = "请联系主账号重新发起移交;仅最新一次有效。"

    def __init__(self, *, state: str) -> None:
        super().__init__(state=state)
