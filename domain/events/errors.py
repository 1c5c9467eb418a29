"""Refusals of events."""

from domain.kernel.errors import Conflict


class EventForgotten(Conflict):
    """Events are kept for a day; what came after an older one, or after very many, is not told."""

    code = "EVENT_FORGOTTEN"
    message = "The event {event} is not known any more, or too much has happened since."
    message_zh = "事件 {event} 已不再保留,或其后发生的事件过多。"
    remedy = "Read the present state with queries, then subscribe without `after`."
    remedy_zh = "请先通过查询读取当前状态,再不带 after 重新订阅。"

    def __init__(self, *, event: str) -> None:
        super().__init__(event=event)
