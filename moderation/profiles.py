"""A public name, moderated: taken away, it signs nothing any more, and its owner chooses another one."""

import datetime as dt
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from moderation.kinds import Kind, Words

CODE = "profile"


def mark(name: str) -> str:
    """Recognise a name however it is written: case, accents, spaces and signs do not make another one."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name.casefold()) if sign.isalnum())
    return salted_hmac("moderation.name", plain or name, algorithm="sha256").hexdigest() if name else ""


def _key(reference: str) -> int:
    """Read the key of a person; 0, which nobody has, for what is none."""
    return int(reference) if reference.isascii() and reference.isdigit() and len(reference) < 10 else 0  # noqa: PLR2004 (what the column holds)


def _hold(reference: str) -> User | None:
    return User.objects.select_for_update(of=("self",), no_key=True).filter(pk=_key(reference)).first()


def _many(references: Iterable[str]) -> Mapping[str, Any]:
    return {str(user.pk): user for user in User.objects.filter(pk__in=[_key(each) for each in references])}


def _hide(person: User, at: dt.datetime, clause: str) -> None:
    User.objects.filter(pk=person.pk).update(public_name="")
    person.public_name = ""


def _restore(person: User, snapshot: dict[str, Any]) -> None:
    """Give the name back to who has chosen no other since."""
    User.objects.filter(pk=person.pk, public_name="").update(public_name=snapshot["public_name"])


def _as_it_is(person: User) -> None:
    """Leave a name as it is: hidden, it is erased already; shown, it was restored."""


KIND = Kind(
    code=CODE,
    label=_("nom public"),
    segment="nom",
    find=lambda reference: User.objects.filter(pk=_key(reference)).first(),
    hold=_hold,
    many=_many,
    words=lambda person: Words("", person.public_name, "Le nom qui signe ses contributions et ses commentaires"),
    author=lambda person: person,
    url=lambda _person: "",
    is_public=lambda person: person.is_active and bool(person.public_name),
    is_gone=lambda person: not person.is_active or not person.public_name,
    hide=_hide,
    show=_as_it_is,
    snapshot=lambda person: {"public_name": person.public_name},
    erase=_as_it_is,
    restore=_restore,
    reference=lambda person: str(person.pk),
    is_named=False,
    mark=lambda person: mark(person.public_name),
    aftermath=_(
        "Vos textes restent en ligne, sans ce nom. Vous pouvez en choisir un autre dans «\u00a0Mon espace\u00a0»."
    ),
)
