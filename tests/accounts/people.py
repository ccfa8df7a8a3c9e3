"""Gestures that several tests of accounts share: reading a code in a mail, signing up through the pages."""

import re
import time
from unittest import mock

from mulhouse import proof_of_work
from notifications.models import OutboundMail

STRONG = "neuf tilleuls au canal"


def last_mail(address, kind=None):
    mails = OutboundMail.objects.filter(to=address)
    if kind is not None:
        mails = mails.filter(kind=kind)
    return mails.order_by("-created_at", "-pk").first()


def code_in_mail(address):
    return re.search(r"^(\d{6})$", last_mail(address).text, re.MULTILINE).group(1)


def opened(seconds_ago=10):
    """What the hidden field of the sign-up form holds when the page was opened a while ago."""
    with mock.patch("time.time", return_value=time.time() - seconds_ago):
        return proof_of_work.issue("sign-up")


def sign_up_data(address, **changes):
    challenge = changes.pop("opened", None)
    challenge = opened() if challenge is None else challenge
    return {
        "email": address,
        "password1": STRONG,
        "charter": "on",
        "website": "",
        "opened": challenge,
        "proof": proof_of_work.solve(challenge),
        **changes,
    }


def later(seconds):
    """Run as if this much time had passed (allauth and the sessions read time.time())."""
    now = time.time()
    return mock.patch("time.time", return_value=now + seconds)
