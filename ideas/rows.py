"""What every gesture of the idea box does to its rows: holds them in one order, counts them, says that a text waits.

The order: person, comment, idea, campaign, then the register.
"""

from functools import partial

from django.core.files.base import ContentFile
from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from accounts.models import User
from ideas.models import Amendment, HeldText, Idea, Photo
from mulhouse.errors import Refusal, RefusedError
from mulhouse.uploads import CleanFile
from transparency import register

RESIDENT = "habitant"


def locked(idea: Idea) -> Idea:
    """Read an idea again and hold it until the end of the transaction. Locks: the idea."""
    held: QuerySet[Idea] = Idea.objects.select_for_update(of=("self",), no_key=True).defer("search")
    return held.select_related("campaign", "author", "theme", "place_district").get(pk=idea.pk)


def less(counter: str, by: int = 1) -> Greatest:
    """Take from a counter. Never below zero: a wrong count, found at night, must not keep somebody from withdrawing."""
    return Greatest(F(counter) - by, Value(0))


def acting(actor: User) -> User:
    """Read who writes again, under their own lock: data set aside or an account closed a moment ago counts at once.

    Raises: RefusedError for an account that was closed meanwhile.
    Locks: the person, before what they write.
    """
    person = User.objects.select_for_update(of=("self",), no_key=True).filter(pk=actor.pk).first()
    if person is None:
        raise RefusedError(Refusal("sign_in", _("Connectez-vous pour participer.")))
    return person


def erase_files(photos: QuerySet[Photo]) -> int:
    """Erase rows now, and their files once that is certain."""
    found = list(photos)
    for photo in found:
        transaction.on_commit(partial(photo.file.storage.delete, str(photo.file.name)))
    return photos.delete()[0] if found else 0


def stored(upload: CleanFile, *, alt: str, is_decorative: bool) -> Photo:
    """Send a cleaned photo to the storage, before the transaction that keeps its row: whoever calls takes it back if none does."""
    kept = Photo(
        name=upload.name,
        alt=alt,
        is_decorative=is_decorative,
        content_type=upload.content_type,
        size=len(upload.content),
        width=upload.width,
        height=upload.height,
    )
    kept.file.save(f"{kept.key}.{upload.name.rsplit('.', 1)[-1]}", ContentFile(upload.content), save=False)
    return kept


def empty_changes(ideas: QuerySet[Idea]) -> None:
    """Empty what others proposed to change in ideas whose words go: each proposal holds the whole text as it would be."""
    Amendment.objects.filter(idea__in=ideas).update(title="", need="", proposal="—", answer="")


def record_held(actor: User, idea: Idea, sort: HeldText.Sort, cause: HeldText.Cause) -> None:
    """Say on the register that a text waits for moderation, in its transaction."""
    register.record(
        "idea.text_held",
        role=RESIDENT,
        subject=idea.campaign.slug,
        facts={"sorte": sort.value, "cause": cause.value},
        actor=actor,
    )
