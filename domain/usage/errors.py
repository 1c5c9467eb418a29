"""Refusals of usage."""

from domain.kernel.errors import Invalid
from domain.kernel.words import Phrase


class TooManyCalls(Invalid):
    """A batch of reported calls is larger than one transaction should be."""

    code = "BATCH_TOO_LARGE"
    message = "A batch holds at most {most} events."
    message_zh = "每批最多 {most} 条事件。"
    remedy = "Send the events in batches of at most {most}."
    remedy_zh = "请将事件分批发送,每批最多 {most} 条。"

    def __init__(self, *, most: int) -> None:
        super().__init__(
            field="events",
            reason=Phrase(f"at most {most} in one batch", f"每批最多 {most} 条"),
            most=most,
        )
