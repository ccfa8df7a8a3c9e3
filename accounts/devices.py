"""Which browsers a member of staff has signed in from: a signed cookie of the browser, nothing kept on the server.

The mark is bound to the password: changing it makes every browser new again.
Source: SEC-05 (notice by mail on sign-in from a new device for staff).
"""

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase
from django.utils.crypto import salted_hmac

from accounts.models import User

COOKIE = "appareil"
LIFE_SECONDS = 365 * 24 * 60 * 60
# A shared computer knows a few colleagues; the oldest mark goes first.
MARKS = 8
_SALT = "accounts.devices"


def mark_of(user: User) -> str:
    """Give the mark that tells a browser knows this person."""
    return salted_hmac(_SALT, f"{user.pk}|{user.password}", algorithm="sha256").hexdigest()[:32]


def marks(request: HttpRequest) -> list[str]:
    """Read the marks of a browser; an altered cookie counts as none."""
    try:
        found = signing.loads(request.COOKIES.get(COOKIE, ""), salt=_SALT, max_age=LIFE_SECONDS)
    except signing.BadSignature:
        return []
    return [str(mark) for mark in found] if isinstance(found, list) else []


def is_known(request: HttpRequest, user: User) -> bool:
    """Tell whether this person has signed in from this browser before."""
    return mark_of(user) in marks(request)


def remember(request: HttpRequest, response: HttpResponseBase, user: User) -> None:
    """Mark a browser as known to a person."""
    mark = mark_of(user)
    kept = [mark, *(other for other in marks(request) if other != mark)][:MARKS]
    response.set_cookie(
        COOKIE,
        signing.dumps(kept, salt=_SALT),
        max_age=LIFE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
