"""When a mail that could not be sent is tried again, and when it never is."""

import re
import smtplib
from datetime import timedelta
from typing import Any

# What a refusal may mean that passes with time. Every other code is final: trying again would only annoy.
RETRIED_CODES = {
    421: "service not available, closing the connection",
    450: "mailbox busy, or greylisting",
    451: "local error of the receiving server",
    452: "not enough storage, or too many recipients",
    454: "temporary authentication failure",
    530: "authentication required: our own settings, not this mail",
    535: "credentials refused: our own settings, not this mail",
}

# « 550 5.1.1 User unknown » is about the address; « 5.7.1 » is about us, « 5.2.2 » a mailbox that is full today.
NO_SUCH_MAILBOX = {550, 551, 553}
ABOUT_THE_ADDRESS = re.compile(r"\b5\.1\.\d+\b")
ENHANCED_CODE = re.compile(r"\b[245]\.\d+\.\d+\b")

WAITS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(hours=1),
    timedelta(hours=4),
    timedelta(hours=12),
    timedelta(hours=24),
)


def wait_after(attempts: int) -> timedelta | None:
    """Give the time to wait after that many attempts; None when it was the last."""
    return WAITS[attempts - 1] if 1 <= attempts <= len(WAITS) else None


def is_worth_a_retry(error: BaseException) -> bool:
    """Tell whether the same mail may leave later: a listed code, or a server that could not be reached."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code in RETRIED_CODES for code, _reason in error.recipients.values())
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code in RETRIED_CODES
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return True
    # smtplib's exceptions are OSErrors too: those left are final.
    return isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException)


def is_about_the_server(error: BaseException) -> bool:
    """Tell whether the next mail would fail in the same way: no connection, or no authentication."""
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code in {421, 454, 530, 535}
    return is_worth_a_retry(error) and not isinstance(error, smtplib.SMTPRecipientsRefused)


def is_about_the_address(error: BaseException) -> bool:
    """Tell whether the server said, for good, that the address does not exist."""
    return isinstance(error, smtplib.SMTPRecipientsRefused) and all(
        _says_no_mailbox(code, reason) for code, reason in error.recipients.values()
    )


def _says_no_mailbox(code: int, reason: Any) -> bool:
    words = reason.decode(errors="replace") if isinstance(reason, bytes) else str(reason)
    if code not in NO_SUCH_MAILBOX:
        return False
    return bool(ABOUT_THE_ADDRESS.search(words)) or not ENHANCED_CODE.search(words)
