"""Mail to people; in development it is printed."""

from typing import Protocol

import structlog

log = structlog.get_logger("counterfoil.mail")

TEXTS = {
    "sign_up_taken": "Somebody tried to sign up with your address; you already have an account.",
}


class Mail(Protocol):
    """Something that sends mail."""

    async def send(self, address: str, text: str) -> None:
        """Send the text named `text` to an address. Raises PortDown."""
        ...


class PrintingMail:
    """Stands in for a mail server in development: the message goes to the log, masked."""

    name = "PRINTING"

    async def send(self, address: str, text: str) -> None:
        name, _, host = address.partition("@")
        log.info("mail", to=f"{name[:1]}***@{host}", text=TEXTS[text])
