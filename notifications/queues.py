"""What waits for those who watch over the mails."""

from datetime import datetime
from typing import Any

from django.urls import reverse

from mulhouse.work import WorkItem
from notifications.models import OutboundMail


def failed_mails(user: Any, at: datetime) -> list[WorkItem]:
    """Count the mails that did not leave: each is somebody who was not told.

    Shape: no line when all left; one query.
    """
    count = OutboundMail.objects.filter(state=OutboundMail.State.FAILED, secret=False).count()
    if not count:
        return []
    url = f"{reverse('admin:notifications_outboundmail_changelist')}?state__exact=failed"
    return [WorkItem("Courriels qui ne sont pas partis", count, url, detail="Lisez l’erreur, puis renvoyez-les.")]
