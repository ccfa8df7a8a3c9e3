"""Receipt codes: twelve signs without look-alikes, given to the voter once and kept as a fingerprint."""

import hashlib
import hmac
import secrets

from django.conf import settings

from mulhouse.references import ALPHABET

LENGTH = 12
GROUP = 4
# What people type for a sign that is not in the alphabet.
READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})


def new_code() -> str:
    """Draw a code: 60 random bits."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def grouped(code: str) -> str:
    """Write a code by four, as it is copied: « 7K2M-9QXT-04BD »."""
    return "-".join(code[at : at + GROUP] for at in range(0, len(code), GROUP))


def typed(text: str) -> str:
    """Read a code as somebody typed it; "" when it can not be one."""
    signs = "".join(sign for sign in text.upper().translate(READ_AS) if sign.isalnum())
    return signs if len(signs) == LENGTH and set(signs) <= set(ALPHABET) else ""


def fingerprint(code: str, *, reference: str) -> str:
    """Compute what is kept of a code: nobody who reads the database can show the receipt of another."""
    key = f"receipts:{settings.BALLOT_KEY}".encode()
    return hmac.new(key, f"{reference}:{code}".encode(), hashlib.sha256).hexdigest()
