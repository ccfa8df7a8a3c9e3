"""What follows the life of an idea on the side of those who sign it with its author: mails, an idea that goes, names under the text."""

import datetime as dt
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.urls import reverse
from django.utils import translation

from ideas.models import CoAuthor, Idea
from mulhouse.db import assert_in_transaction
from mulhouse.typography import day, local_day
from notifications import links, outbox

# --- Names ---------------------------------------------------------------------------------------------------------------


def named() -> Any:
    """Give, as an annotation of ideas (`coauthor_names`), the public names of those who sign with the author.

    Whoever had their data set aside is not named as long as it is.
    """
    rows = CoAuthor.objects.accepted().filter(idea=OuterRef("pk"), user__limited_since__isnull=True)
    rows = rows.exclude(user__public_name="")
    return ArraySubquery(rows.order_by("answered_at", "pk").values("user__public_name"))


def names_of(idea: Idea) -> list[str]:
    """Name those who sign an idea with its author, in the order of their answers; no query for a row annotated by `named`."""
    known = getattr(idea, "coauthor_names", None)
    if known is None:
        known = Idea.objects.filter(pk=idea.pk).annotate(found=named()).values_list("found", flat=True).get()
    return list(known)


# --- Mails ---------------------------------------------------------------------------------------------------------------


def _host(idea: Idea) -> str:
    """Name who invites, as everybody reads it: "" when the author did not sign with a name."""
    if idea.signature != Idea.Signature.NAME or idea.author is None:
        return ""
    return str(idea.author.public_name)


def send(invitation: CoAuthor, idea: Idea, *, at: dt.datetime) -> None:
    """Write to somebody who is invited; from then on they have their days to answer. In the language of who invites.

    Locks: expects the idea held.
    """
    assert_in_transaction()
    language = idea.author.language if idea.author else "fr"
    invitation.sent += 1
    invitation.invited_at = at
    invitation.save(update_fields=["sent", "invited_at"])
    with translation.override(language):
        address = links.whole(reverse("ideas:invitation", args=[invitation.key]))
        last_day = day(local_day(invitation.answer_by))
    outbox.enqueue_template(
        kind="ideas.coauthor_invited",
        to=invitation.email,
        template="ideas/coauthor_invited",
        context={"idea": idea, "host": _host(idea), "address": address, "last_day": last_day},
        once_key=f"coauthor:{invitation.key}:{invitation.sent}",
        language=language,
    )


def send_waiting(idea: Idea, *, at: dt.datetime) -> None:
    """Write to those invited while the idea was a draft: nobody is written to about what nobody can read yet.

    Locks: expects the idea held.
    """
    assert_in_transaction()
    for invitation in CoAuthor.objects.invited().filter(idea=idea, sent=0):
        send(invitation, idea, at=at)


def tell_author(idea: Idea, name: str) -> None:
    """Tell the author that somebody signs with them."""
    if idea.author is None:
        return
    outbox.enqueue_template(
        kind="ideas.coauthor_accepted",
        to=idea.author.email,
        template="ideas/coauthor_accepted",
        context={"idea": idea, "name": name, "address": links.address(idea, idea.author.language)},
        user=idea.author,
        language=idea.author.language,
    )


def tell_correction(idea: Idea, *, at: dt.datetime) -> None:
    """Tell those who sign with the author that the text changed: once a day, however often it does."""
    assert_in_transaction()
    on = local_day(at).isoformat()
    for row in CoAuthor.objects.accepted().filter(idea=idea).select_related("user"):
        user: Any = row.user
        outbox.enqueue_template(
            kind="ideas.coauthor_corrected",
            to=user.email,
            template="ideas/coauthor_corrected",
            context={
                "idea": idea,
                "address": links.address(idea, user.language),
                "own_address": links.whole(reverse("ideas:invitation", args=[row.key])),
            },
            user=user,
            once_key=f"coauthor:{row.key}:corrected:{on}",
            language=user.language,
        )


# --- An idea that goes -------------------------------------------------------------------------------------------------


def cancel_all(idea: Idea) -> int:
    """Cancel what waits for an answer: the idea was withdrawn, or its author left. Locks: expects the idea held."""
    assert_in_transaction()
    return CoAuthor.objects.invited().filter(idea=idea).update(state=CoAuthor.State.CANCELLED, email="")
