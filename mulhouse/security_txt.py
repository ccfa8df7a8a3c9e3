"""The file that tells a researcher where to report a flaw (RFC 9116)."""

from datetime import UTC, datetime, timedelta

RENEW_BEFORE = timedelta(days=30)


def build(*, contact: str, expires: str, canonical: str, policy: str) -> str:
    """Write the file.

    Shape: one field a line, « Contact » first; `contact` holds one address or several separated by commas;
    `expires` is an RFC 3339 instant.
    Raises: ValueError if `expires` is not an instant.
    Source: RFC 9116, section 2.5.
    """
    instant = expires_at(expires)
    lines = [f"Contact: {address.strip()}" for address in contact.split(",") if address.strip()]
    lines += [
        f"Expires: {instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: fr, de, en",
        f"Canonical: {canonical}",
        f"Policy: {policy}",
    ]
    return "\n".join(lines) + "\n"


def expires_at(value: str) -> datetime:
    """Read the date of expiry.

    Raises: ValueError if it is not an instant with its time zone.
    """
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError("The expiry of security.txt needs a time zone.")
    return instant


def is_stale(value: str, *, at: datetime) -> bool:
    """Tell whether the file must be renewed: expired, or in less than thirty days."""
    return expires_at(value) - at < RENEW_BEFORE
