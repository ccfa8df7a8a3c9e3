"""Taking a mail back before it leaves: what it tells of was hidden or withdrawn while it waited in the outbox.

It waits for seconds as a rule, for minutes behind thousands, for two days when the mail server is down.
"""

import uuid

from django.db import transaction
from django.db.models import Case, F, QuerySet, Value, When

from notifications import kinds, topics
from notifications.models import Notification, OutboundMail


def is_still_public(mail: OutboundMail) -> bool:
    """Tell whether everybody still sees all that a mail tells of; a service message tells the person of themselves.

    Shape: one query, and one for each sort of topic.
    """
    if mail.secret:
        return True
    told = set(_lines(mail).exclude(mailed_as="").order_by().values_list("about", flat=True))
    return told <= topics.named(told).keys()


@transaction.atomic(durable=True)
def take_back(*, mail: OutboundMail, claim: uuid.UUID) -> bool:
    """Throw a claimed mail away; the lines of a digest wait again, and those that are still public leave with the next.

    Shape: False when the claim is lost: the mail is somebody else's.
    Locks: the mail, then its lines.
    """
    if not OutboundMail.objects.filter(pk=mail.pk, claim=claim).delete()[0]:
        return False
    _lines(mail).update(
        digest=Case(When(mailed_as__in=tuple(kinds.DIGESTS), then=F("mailed_as")), default=Value("")),
        mailed_at=None,
        mailed_in=None,
        mailed_as="",
    )
    return True


def _lines(mail: OutboundMail) -> QuerySet[Notification]:
    if mail.user_id is None:
        return Notification.objects.none()
    return Notification.objects.filter(user_id=mail.user_id, mailed_at__isnull=False, mailed_in=mail.pk)
