"""A little work asked of the visitor's own browser before a form is taken: nothing for one person, a price for a thousand programs.

The page carries a signed challenge; the browser finds a number that, joined to it, begins its SHA-256 with BITS zero bits. No
third party sees anything, nothing is asked of the person, and a challenge serves once.
"""

import hashlib
import time
from dataclasses import dataclass

from django.core import signing
from django.utils.crypto import get_random_string

from mulhouse import memory

# 65,536 attempts on average: one second on a desk, some seconds on an old telephone, while the form is being filled in.
BITS = 16
# Units: seconds. A page left open longer is to load again.
LIFETIME_SECONDS = 3 * 60 * 60
ANSWER_LENGTH = 20
DIGEST_BITS = 256


@dataclass(frozen=True)
class Challenge:
    """A challenge that is ours: when its page was opened, and its name."""

    opened_at: int
    name: str


class ExpiredError(Exception):
    """A challenge that is not ours, or is too old."""


def issue(purpose: str) -> str:
    """Draw a challenge for a page that opens now."""
    return signing.dumps({"t": int(time.time()), "n": get_random_string(16)}, salt=_salt(purpose))


def read(token: str, purpose: str) -> Challenge:
    """Read a challenge back.

    Raises: ExpiredError.
    """
    try:
        found = signing.loads(token, salt=_salt(purpose))
        challenge = Challenge(int(found["t"]), str(found["n"]))
    except (signing.BadSignature, KeyError, ValueError, TypeError) as error:
        raise ExpiredError from error
    if not 0 <= time.time() - challenge.opened_at <= LIFETIME_SECONDS:
        raise ExpiredError
    return challenge


def _salt(purpose: str) -> str:
    return f"proof-of-work.{purpose}"


def is_solved(token: str, answer: str, *, bits: int = BITS) -> bool:
    """Tell whether a number is the work that a challenge asked for."""
    if not answer.isascii() or not answer.isdecimal() or len(answer) > ANSWER_LENGTH:
        return False
    digest = hashlib.sha256(f"{token}:{answer}".encode()).digest()
    return int.from_bytes(digest) >> (DIGEST_BITS - bits) == 0


def solve(token: str, *, bits: int = BITS) -> str:
    """Do the work, as a browser does."""
    answer = 0
    while not is_solved(token, str(answer), bits=bits):
        answer += 1
    return str(answer)


def spend(challenge: Challenge) -> bool:
    """Keep that a challenge has served, as long as it could serve again.

    Shape: False when it had served already.
    Raises: MemoryUnavailableError when Redis does not answer: the caller closes, as sign-in does.
    """
    with memory.asking():
        return bool(memory.client().set(f"proof:{challenge.name}", 1, nx=True, ex=LIFETIME_SECONDS))
