"""The sealed box: what was voted, as one text without order, encrypted with a key that is not in the database.

The box is not a list. It says how many ballots of each sort it holds, sorted, so that the order in which they came exists
nowhere; it is encrypted whole again at each ballot, in a length that changes only by doubling, so that neither two copies of
the database nor a journal of its queries show what was added. It is opened in memory, for as long as one ballot takes.
Source: docs/algorithms/vote-secret.md.
"""

import json
import secrets
from collections.abc import Mapping

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

from ballots.tally import Ballot

NONCE_BYTES = 12
KEY_BYTES = 32
SMALLEST = 1024
Contents = Mapping[Ballot, int]


class BrokenSealError(Exception):
    """The box was written under another key, for another vote, or by another hand."""


def _cipher(reference: str) -> AESGCM:
    """Give the cipher of one vote: its key is made from the installation's and from its reference."""
    derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"ballots:{reference}".encode())
    return AESGCM(derive.derive(settings.BALLOT_KEY.encode()))


@sensitive_variables()
def written(contents: Contents) -> bytes:
    """Write a box as text: the same ballots give the same text, in whatever order they came.

    Shape: JSON, [[ballot, times], …] sorted, with spaces up to a power of two.
    """
    text = json.dumps([[list(one), contents[one]] for one in sorted(contents)], separators=(",", ":")).encode()
    length = SMALLEST
    while length < len(text):
        length *= 2
    return text.ljust(length)


@sensitive_variables()
def seal(contents: Contents, *, reference: str) -> bytes:
    """Close a box: nothing of what it holds shows, not even that it holds the same as before."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _cipher(reference).encrypt(nonce, written(contents), reference.encode())


@sensitive_variables()
def unseal(sealed: bytes, *, reference: str) -> dict[Ballot, int]:
    """Open a box. Raises: BrokenSealError."""
    try:
        text = _cipher(reference).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], reference.encode())
    except InvalidTag as error:
        raise BrokenSealError(reference) from error
    return {tuple(one): times for one, times in json.loads(text)}


@sensitive_variables()
def with_one_more(sealed: bytes, one: Ballot, *, reference: str) -> bytes:
    """Put a ballot in a box and close it again. Raises: BrokenSealError."""
    contents = unseal(sealed, reference=reference)
    contents[one] = contents.get(one, 0) + 1
    return seal(contents, reference=reference)
