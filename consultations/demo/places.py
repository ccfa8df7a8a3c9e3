"""The districts of the places that contributions of the demonstration speak of, and the archives of a finished consultation."""

import datetime as dt

from django.db import transaction

from city.models import District
from consultations import packaging
from consultations.demo.stage import key
from consultations.models import ArchivePackage, Consultation, Contribution
from transparency import register

# What a text says of where it is, and the district that stands there.
SAID = {
    "coteaux": "coteaux",
    "dornach": "dornach",
    "drouot": "drouot",
    "bourtzwiller": "bourtzwiller",
    "franklin": "franklin-fridolin",
    "neppert": "vauban-neppert-sellier-waldner",
    "vauban": "vauban-neppert-sellier-waldner",
    "rebberg": "rebberg",
    "fonderie": "fonderie",
    "cité": "cite-briand",
    "briand": "cite-briand",
    "daguerre": "daguerre",
    "brustlein": "brustlein",
    "wolf": "wolf-wagner",
    "bassin": "europe-bassin-nordfeld",
    "quai d": "europe-bassin-nordfeld",
    "gare": "centre-historique",
    "pont": "europe-bassin-nordfeld",
}
# Where people speak of their own school or street: one text in two is about the district of its author.
NEAR_HOME = ("cours-d-ecole-fraiches", "journee-sans-voiture")
ARCHIVED = "square-roosevelt"


@transaction.atomic(durable=True)
def place_all() -> bool:
    """Give a district to the places; False when a former run did."""
    ours = Contribution.objects.filter(consultation__source_key__startswith=key(""))
    if ours.filter(place_district__isnull=False).exists():
        return False
    districts = {district.slug: district for district in District.objects.order_by("pk")}
    changed = []
    for rank, row in enumerate(ours.select_related("consultation", "district").order_by("pk")):
        near = row.district if row.consultation.slug in NEAR_HOME and rank % 2 else None
        row.place_district = districts.get(_said(row)) or near
        if row.place_district is not None:
            changed.append(row)
    Contribution.objects.bulk_update(changed, ["place_district"], batch_size=500)
    register.record("consultation.demo", role="système", subject="lieux", facts={"lieux": len(changed)})
    return bool(changed)


def _said(row: Contribution) -> str:
    words = (row.place or row.title).lower()
    return next((slug for word, slug in SAID.items() if word in words), "")


def archive_one(*, at: dt.datetime) -> bool:
    """Have the archives of a finished consultation made by the worker; False when a former run did."""
    consultation = Consultation.objects.filter(slug=ARCHIVED, source_key=key(ARCHIVED)).first()
    if consultation is None or consultation.archived_at is None:
        return False
    if ArchivePackage.objects.filter(consultation=consultation).exists():
        return False
    return packaging.renew(consultation=consultation, at=at) is not None
