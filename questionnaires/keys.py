"""The key of a response given without an account: only the browser that gave it holds it."""

import hashlib
import secrets

KEY_BYTES = 32


def new() -> str:
    """Draw a key: whoever does not have it can not find the response."""
    return secrets.token_urlsafe(KEY_BYTES)


def hashed(key: str) -> str:
    """Give what is kept of a key; "" for none, which finds nothing."""
    return hashlib.sha256(key.encode()).hexdigest() if key else ""
