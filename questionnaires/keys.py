"""The key of a response given without an account: only the browser that gave it holds it, and whoever copied it."""

import hashlib
import secrets

from mulhouse.references import ALPHABET

LENGTH = 24
GROUP = 4
# What people type for a sign that is not in the alphabet.
READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "U": "V"})


def new() -> str:
    """Draw a key of 120 random bits: whoever does not have it can not find the response."""
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def hashed(key: str) -> str:
    """Give what is kept of a key; "" for none, which finds nothing."""
    return hashlib.sha256(key.encode()).hexdigest() if key else ""


def grouped(key: str) -> str:
    """Write a key by four, as it is copied; "" for none."""
    return "-".join(key[at : at + GROUP] for at in range(0, len(key), GROUP))


def typed(text: str) -> str:
    """Read a key as somebody typed it; "" when it can not be one."""
    signs = "".join(sign for sign in text.upper().translate(READ_AS) if sign.isalnum())
    return signs if len(signs) == LENGTH and set(signs) <= set(ALPHABET) else ""
