"""The rules of the consultations of the demonstration, frozen on the day each was published, and one amendment."""

import datetime as dt

from django.db import transaction

from consultations import amendments
from consultations.demo.stage import key
from consultations.models import Consultation, Ruleset
from transparency import register

# An open consultation whose promise was widened after the first week.
AMENDED = "quais-du-canal"
PROMISE = """La Ville lit tous les avis. Elle dit ce que devient chacun, et pourquoi.
Elle présente le résultat au conseil des habitants avant de décider."""
REASON = "Le conseil des habitants a demandé à voir le résultat avant la décision."
AFTER = dt.timedelta(days=5)


@transaction.atomic(durable=True)
def freeze_all(*, at: dt.datetime) -> bool:
    """Freeze the rules of each public consultation that has none, and amend one.

    Shape: False when a former run did.
    """
    waiting = Consultation.objects.filter(
        published_at__isnull=False, rulesets__isnull=True, source_key__startswith=key("")
    )
    found = list(waiting.order_by("pk").prefetch_related("phases", "sections"))
    for consultation in found:
        published_at = consultation.published_at or at
        amendments.freeze(consultation, at=published_at)
        if consultation.slug == AMENDED:
            consultation.city_commitment = PROMISE
            Consultation.objects.filter(pk=consultation.pk).update(city_commitment=PROMISE)
            amended_at = min(published_at + AFTER, at)
            amendments.amend(consultation, reason=REASON, at=amended_at)
    # Nobody receives today a mail about what changed days ago.
    Ruleset.objects.filter(consultation__in=found).update(told_at=at)
    if found:
        register.record("consultation.demo", role="système", subject="regles", facts={"regles": len(found)})
    return bool(found)
