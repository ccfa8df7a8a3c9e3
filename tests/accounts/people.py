"""Gestures that several tests of accounts share: reading a code in a mail, signing up through the pages."""

import re
import time
from unittest import mock

from django.core import signing

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
    return signing.dumps(int(time.time()) - seconds_ago, salt="accounts.sign-up")


def sign_up_data(address, **changes):
    return {
        "email": address,
        "password1": STRONG,
        "charter": "on",
        "website": "",
        "opened": opened(),
        **changes,
    }


def later(seconds):
    """Run as if this much time had passed (allauth and the sessions read time.time())."""
    now = time.time()
    return mock.patch("time.time", return_value=now + seconds)
