"""What a public name must not hold: it is shown beside each contribution, and an address or a number is not a name."""

import re

from mulhouse import masking

EMAIL = re.compile(r"\S+@\S+", re.UNICODE)
ADDRESS = re.compile(r"https?://|www\.", re.IGNORECASE)
# Eight digits or more, whatever stands between them: no telephone number is shorter, no pseudonym needs as many.
DIGIT = re.compile(r"\d")
PHONE_DIGITS = 8


def problem(name: str) -> str:
    """Tell what is wrong with a public name.

    Shape: one of "", "email", "address", "phone", "plate".
    """
    found = {one.kind for one in masking.find(name)}
    if masking.Kind.PLATE in found:
        return "plate"
    if EMAIL.search(name) or masking.Kind.EMAIL in found:
        return "email"
    if ADDRESS.search(name):
        return "address"
    if len(DIGIT.findall(name)) >= PHONE_DIGITS:
        return "phone"
    return ""
