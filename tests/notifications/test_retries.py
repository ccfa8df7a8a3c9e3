import smtplib
import ssl
from datetime import timedelta

import pytest

from notifications import retries


def test_waits_grow_then_end():
    waits = [retries.wait_after(number) for number in range(10)]

    assert waits == [None, *retries.WAITS, None, None]
    assert list(retries.WAITS) == sorted(retries.WAITS)
    assert sum(retries.WAITS, timedelta()) < timedelta(days=2)


REFUSED = smtplib.SMTPRecipientsRefused


@pytest.mark.parametrize(
    ("error", "again", "server"),
    [
        (smtplib.SMTPDataError(451, b"later"), True, False),
        (smtplib.SMTPDataError(452, b"full"), True, False),
        (smtplib.SMTPDataError(554, b"spam"), False, False),
        (smtplib.SMTPSenderRefused(421, b"busy", "a@b"), True, True),
        (smtplib.SMTPSenderRefused(550, b"no", "a@b"), False, False),
        (smtplib.SMTPConnectError(421, b"busy"), True, True),
        (smtplib.SMTPConnectError(554, b"go away"), False, False),
        (smtplib.SMTPHeloError(454, b"later"), True, True),
        (smtplib.SMTPAuthenticationError(535, b"wrong"), True, True),
        (REFUSED({"a@b": (450, b"greylisted")}), True, False),
        (REFUSED({"a@b": (550, b"unknown")}), False, False),
        (REFUSED({"a@b": (450, b""), "c@d": (550, b"")}), False, False),
        (smtplib.SMTPServerDisconnected("gone"), True, True),
        (smtplib.SMTPNotSupportedError("no STARTTLS"), False, False),
        (ConnectionRefusedError(), True, True),
        (TimeoutError(), True, True),
        (ssl.SSLError(), True, True),
        (ValueError("a header in two lines"), False, False),
    ],
)
def test_what_is_tried_again(error, again, server):
    assert (retries.is_worth_a_retry(error), retries.is_about_the_server(error)) == (again, server)
