"""Putting a mail in the outbox: a row written with the act it tells of, delivered after the commit."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.template import Context, loader
from django.utils import timezone, translation

from mulhouse import queue
from mulhouse.db import assert_in_transaction
from notifications import kinds
from notifications.models import OutboundMail

SUBJECT_LENGTH = 200
BLANK_LINES = re.compile(r"\n{3,}")
# Subject, text, HTML.
Words = tuple[str, str, str]
# What the frame of a mail reads, for the mails that nobody can refuse.
NO_LEAVING = {"why": "", "unsubscribe_url": "", "unsubscribe_kind_url": "", "preferences_url": ""}


def enqueue(  # noqa: PLR0913 (the parts of a mail)
    *,
    kind: str,
    to: str,
    subject: str,
    text: str,
    html: str = "",
    user: AbstractBaseUser | None = None,
    once_key: str | None = None,
    headers: Mapping[str, str] | None = None,
    send_after: datetime | None = None,
    secret: bool = False,
) -> OutboundMail | None:
    """Write a mail in the outbox.

    What one may refuse goes through `notifications.telling`, which asks each person's wishes first.

    `user` ties the row to a person: it goes when they close their account. `once_key` names what must be told once.
    `secret` marks what opens an account (code, reset link): given up after an hour, its text erased after a day.

    Shape: None when `once_key` was used before.
    Raises: RuntimeError outside a transaction; UnknownKindError; ValueError for a kind that one may refuse.
    """
    assert_in_transaction()
    if not kinds.find(kind).is_service:
        raise ValueError(f"{kind} may be refused: tell it through notifications.telling.")
    mail = OutboundMail(
        kind=kind,
        to=to,
        subject=" ".join(subject.split())[:SUBJECT_LENGTH],
        text=text,
        html=html,
        user_id=user.pk if user else None,
        once_key=once_key,
        headers=dict(headers or {}),
        send_after=send_after or timezone.now(),
        secret=secret,
    )
    # Two transactions with one key: the second waits for the first, then writes nothing.
    OutboundMail.objects.bulk_create([mail], ignore_conflicts=once_key is not None)
    if once_key is not None and not OutboundMail.objects.filter(pk=mail.pk).exists():
        return None
    if send_after is None:
        queue.after_commit("notifications.deliver", mail_id=str(mail.pk))
    return mail


def enqueue_all(mails: Sequence[OutboundMail]) -> int:
    """Write many mails that tell of one act, in three statements however many: the periodic sweep sends them.

    Shape: how many are new; one whose `once_key` was used before is left out. `written` makes them.
    Raises: RuntimeError outside a transaction.
    """
    assert_in_transaction()
    OutboundMail.objects.bulk_create(mails, ignore_conflicts=True)
    return OutboundMail.objects.filter(pk__in=[mail.pk for mail in mails]).count()


def words(*, kind: str, context: Mapping[str, Any], language: str) -> Words:
    """Render the template of a kind in a language.

    Raises: UnknownKindError.
    """
    with translation.override(language):
        return render(kinds.find(kind).path, {**context, "language": language})


def written(
    *,
    kind: str,
    to: str,
    said: Words,
    user: AbstractBaseUser,
    once_key: str,
    headers: Mapping[str, str] | None = None,
    at: datetime | None = None,
) -> OutboundMail:
    """Make a mail out of its words, for `enqueue_all`: nothing is stored yet."""
    subject, text, html = said
    return OutboundMail(
        kind=kind,
        to=to,
        subject=" ".join(subject.split())[:SUBJECT_LENGTH],
        text=text,
        html=html,
        user_id=user.pk,
        once_key=once_key,
        headers=dict(headers or {}),
        send_after=at or timezone.now(),
    )


def enqueue_template(  # noqa: PLR0913 (the parts of a mail)
    *,
    kind: str,
    to: str,
    template: str,
    context: Mapping[str, Any],
    user: AbstractBaseUser | None = None,
    once_key: str | None = None,
    language: str = "fr",
    send_after: datetime | None = None,
    secret: bool = False,
) -> OutboundMail | None:
    """Write the mail that `templates/emails/<template>.txt` and `.html` make of `context`.

    The first line of the text is the subject. Both extend `emails/base.*`.

    Shape: None when `once_key` was used before.
    Raises: RuntimeError outside a transaction; TemplateDoesNotExist; UnknownKindError.
    """
    with translation.override(language):
        subject, text, html = render(template, {**context, "language": language})
    return enqueue(
        kind=kind,
        to=to,
        subject=subject,
        text=text,
        html=html,
        user=user,
        once_key=once_key,
        send_after=send_after,
        secret=secret,
    )


def render(template: str, context: Mapping[str, Any]) -> Words:
    """Render a mail in the active language.

    Shape: (subject, text, HTML); the subject is the first line of the text.
    """
    values = {
        "SITE_NAME": settings.SITE_NAME,
        "SITE_URL": settings.SITE_URL,
        "CONTACT": settings.CONTACT,
        "language": translation.get_language(),
        **NO_LEAVING,
        **context,
    }
    plain = loader.get_template(f"emails/{template}.txt").template  # type: ignore[attr-defined] # Django's own engine
    written = plain.render(Context(values, autoescape=False)).strip()
    subject, _, text = written.partition("\n")
    subject = subject.strip()
    html = loader.get_template(f"emails/{template}.html").render({**values, "subject": subject})
    return subject, BLANK_LINES.sub("\n\n", text).strip() + "\n", html
