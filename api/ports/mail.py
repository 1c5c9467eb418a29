"""Mail to people; in development it is kept for operators to read, and noted in the log."""

from typing import Any, Protocol

import structlog

from domain.people.rules import masked_email

log = structlog.get_logger("counterfoil.mail")

TEXTS = {
    "sign_up_taken": "Somebody tried to sign up with your address; you already have an account.",
    "password_reset": "Set a new password within half an hour: {link} (code {code})."
    " If you did not ask for this, do nothing.",
    "password_changed": "Your password was changed. If it was not you, set a new one at once.",
    "invitation": "{enterprise} invites you to its console. Accept within seven days: {link}",
}


def body(text: str, facts: dict[str, Any]) -> str:
    """What a letter says."""
    return TEXTS[text].format(**facts)


class Mail(Protocol):
    """Something that sends mail."""

    async def send(self, address: str, text: str, **facts: Any) -> None:
        """Send the letter named `text` to an address. Raises PortDown."""
        ...


class PrintingMail:
    """Stands in for a mail server in development: the log notes the letter, masked.

    What it says may hold a code, so it does not stand in the log: see `sandboxLetters`.
    """

    name = "PRINTING"

    async def send(self, address: str, text: str, **facts: Any) -> None:
        body(text, facts)
        log.info("mail", to=masked_email(address), text=text)
