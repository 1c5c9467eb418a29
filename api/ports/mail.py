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
    "main_account_offer": "You are offered the main account of {enterprise}. Log in, show your"
    " second factor and accept within 72 hours: {link}",
    "main_account_received": "You hold the main account of {enterprise} now. Log in again, look"
    " through the main keys and rotate those that others may know. Your own key was deleted.",
    "main_account_given": "You handed over the main account of {enterprise} and are a member now."
    " Log in again. If it was not you, write to the platform's support at once.",
    "second_factor_reset_opened": "Somebody told us that you lost your authenticator. It counts no"
    " more from {at} UTC on. If that is not so, log in before and show a code of it, or a recovery"
    " code: that ends the reset.",
    "second_factor_reset_ended": "The reset of your authenticator was ended: {outcome}.",
    "second_factor_reset_done": "Your authenticator and your recovery codes count no more, and your"
    " sessions were ended. Log in and enrol a new one.",
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
