"""Public references: short, random, without look-alikes, so that a number read aloud or on paper is typed back right."""

import secrets

# Crockford's alphabet less U; no I, L, O: each sign has one reading.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH = 8


def new_reference() -> str:
    """Draw a reference.

    Shape: 8 signs of ALPHABET (40 random bits); a unique constraint guards against the rare twin.
    """
    return "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))


def read_reference(typed: str) -> str:
    """Read a reference from an address or a form, however it is cased; "" for what cannot be one, which no database is asked for."""
    wanted = typed.upper()
    return wanted if len(wanted) == LENGTH and set(wanted) <= set(ALPHABET) else ""
