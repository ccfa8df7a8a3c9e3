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
