"""Campaigns: prepared by those who may, published by the agency alone, and their rules held by the database from then on."""

import datetime as dt
import json

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.roles import ROLES
from ideas import campaign_rules, campaigning
from ideas.campaigning import ThresholdEdit
from ideas.models import Campaign, Threshold
from mulhouse.errors import DomainError, RefusedError
from tests.concurrency import run_in_threads
from tests.factories import make_campaign, make_resident, make_staff, today
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db
WRITER = ("ideas.change_campaign", "ideas.view_campaign")
PUBLISHER = (*WRITER, "ideas.publish_campaign")
THRESHOLDS = (
    ThresholdEdit(50, "Rencontre", "La Ville organise une rencontre."),
    ThresholdEdit(100, "Étude", "La Ville étudie l’idée.", opens_study=True),
)


def values(**changes):
    return {
        "title": "La boîte à idées",
        "summary": "Déposez une idée.",
        "kind": "permanent",
        "opens_on": today() + dt.timedelta(days=3),
        **changes,
    }


def make_draft(agent=None, thresholds=THRESHOLDS, **changes):
    return campaigning.create(actor=agent or make_staff(*WRITER), values=values(**changes), thresholds=thresholds)


def publish(campaign, at=None):
    return campaigning.publish(actor=make_staff(*PUBLISHER), campaign=campaign, at=at or timezone.now())


def test_only_the_agency_publishes():
    """Of the roles of the city, and of those who may write."""
    draft = make_draft()
    for actor in (make_resident(), make_staff(), make_staff(*WRITER), make_staff("ideas.answer_idea")):
        with pytest.raises(RefusedError):
            campaigning.publish(actor=actor, campaign=draft, at=timezone.now())
    draft.refresh_from_db()
    assert draft.published_at is None
    held = {code for code, role in ROLES.items() if "ideas.publish_campaign" in role.permissions}
    assert held == {"agent", "administrator"}


def test_only_those_who_may_prepare():
    draft = make_draft()
    for actor in (make_resident(), make_staff("ideas.view_campaign")):
        with pytest.raises(RefusedError):
            campaigning.create(actor=actor, values=values())
        with pytest.raises(RefusedError):
            campaigning.save(actor=actor, campaign=draft, values={}, thresholds=(), seen=draft.version)
        with pytest.raises(RefusedError):
            campaigning.delete_draft(actor=actor, campaign=draft)
    assert list(Campaign.objects.all()) == [draft]


def test_draft_is_made_and_changed_and_its_lines_name_nothing():
    agent = make_staff(*WRITER)
    draft = make_draft(agent)
    assert (draft.slug, draft.published_at, draft.thresholds.count()) == ("la-boite-a-idees", None, 2)
    again = make_draft(agent)
    assert again.slug == "la-boite-a-idees-2"
    changed = campaigning.save(
        actor=agent,
        campaign=draft,
        values=values(title="La boîte", slug="", least_realism=40),
        thresholds=THRESHOLDS[1:],
        seen=draft.version,
    )
    assert (changed.title, changed.slug, changed.least_realism) == ("La boîte", "la-boite-a-idees", 40)
    assert list(draft.thresholds.values_list("supports", flat=True)) == [100]
    lines = RegisterLine.objects.filter(act="idea.campaign_draft")
    assert {(line.subject, json.loads(line.content)["faits"] == {}) for line in lines} == {("", True)}


def test_two_agents_do_not_overwrite_each_other():
    draft = make_draft()
    seen = draft.version
    campaigning.save(actor=make_staff(*WRITER), campaign=draft, values=values(), thresholds=THRESHOLDS, seen=seen)
    with pytest.raises(DomainError) as caught:
        campaigning.save(
            actor=make_staff(*WRITER), campaign=draft, values=values(title="Autre"), thresholds=(), seen=seen
        )
    assert caught.value.code == "stale"
    assert draft.thresholds.count() == 2


def test_reserved_addresses_are_left_to_the_pages():
    assert make_draft(title="Règle").slug == "regle-2"


@pytest.mark.parametrize(
    ("changes", "thresholds", "lacking"),
    [
        ({"opens_on": dt.date(2026, 1, 1)}, THRESHOLDS, "Le premier jour est passé"),
        ({}, (), "Il faut au moins un seuil"),
        ({}, THRESHOLDS[:1], "Dites à partir de quel seuil"),
        ({"least_realism": 20}, THRESHOLDS, "Demandez un réalisme d’au moins 21"),
        ({"slug": "carte"}, THRESHOLDS, "L’adresse"),
    ],
    ids=["past", "no threshold", "nothing studied", "realism", "address"],
)
def test_incomplete_campaign_is_not_published(changes, thresholds, lacking):
    draft = make_draft(thresholds=thresholds, **changes)
    with pytest.raises(DomainError) as caught:
        publish(draft)
    assert caught.value.code == "incomplete"
    assert caught.value.message.startswith(lacking)


def test_publication_writes_the_rules_on_the_register_and_freezes_them():
    campaign = publish(make_draft(budget_cents=5_000_000))
    line = RegisterLine.objects.get(act="idea.campaign_published")
    facts = json.loads(line.content)["faits"]
    assert (line.role, line.subject) == ("agent", "la-boite-a-idees")
    assert facts["regles"]["opens_on"] == campaign.opens_on.isoformat()
    assert facts["regles"]["budget_cents"] == 5_000_000
    assert [each["supports"] for each in facts["seuils"]] == [50, 100]
    actor = make_staff(*PUBLISHER)
    with pytest.raises(RefusedError) as caught:
        campaigning.save(actor=actor, campaign=campaign, values=values(), thresholds=(), seen=campaign.version)
    assert caught.value.code == "frozen"
    with pytest.raises(RefusedError):
        campaigning.delete_draft(actor=actor, campaign=campaign)
    with pytest.raises(RefusedError) as caught:
        publish(campaign)
    assert caught.value.code == "published"


@pytest.mark.parametrize(
    "change",
    [
        lambda row: Campaign.objects.filter(pk=row.pk).update(least_realism=1),
        lambda row: Campaign.objects.filter(pk=row.pk).update(published_at=None),
        lambda row: Campaign.objects.filter(pk=row.pk).delete(),
        lambda row: Threshold.objects.filter(campaign=row).update(supports=1),
        lambda row: Threshold.objects.filter(campaign=row).delete(),
        lambda row: Threshold.objects.create(campaign=row, supports=7, name="Nouveau", promise="Rien."),
    ],
    ids=["rule", "unpublish", "delete", "threshold", "no threshold", "new threshold"],
)
def test_database_holds_the_rules_whoever_writes(change):
    campaign = publish(make_draft())
    with pytest.raises(IntegrityError), transaction.atomic():
        change(campaign)


def test_new_permanent_box_takes_the_place_of_the_old_one():
    now = timezone.now()
    old = make_campaign(opens_on=today() - dt.timedelta(days=30))
    new = publish(make_draft(opens_on=today() + dt.timedelta(days=3)))
    old.refresh_from_db()
    assert (old.replaced_on, old.last_day) == (new.opens_on, new.opens_on - dt.timedelta(days=1))
    for days, opened in ((0, [old]), (2, [old]), (3, [new])):
        at = now + dt.timedelta(days=days)
        assert [row for row in (old, new) if row.is_open(at=at)] == opened
        assert list(Campaign.objects.open(at=at)) == opened
    with pytest.raises(IntegrityError), transaction.atomic():
        Campaign.objects.filter(pk=old.pk).update(replaced_on=None)


def test_new_box_does_not_open_before_the_one_it_replaces():
    make_campaign(opens_on=today() + dt.timedelta(days=9))
    with pytest.raises(DomainError) as caught:
        publish(make_draft())
    assert caught.value.code == "earlier"


def test_edition_leaves_the_permanent_box_open():
    old = make_campaign()
    last = today() + dt.timedelta(days=40)
    publish(make_draft(kind="edition", closes_on=last, supports_end_on=last))
    old.refresh_from_db()
    assert old.replaced_on is None


@pytest.mark.django_db(transaction=True)
def test_two_boxes_published_at_once_leave_one_open():
    agent = make_staff(*PUBLISHER)
    first, second = make_draft(opens_on=today()), make_draft(opens_on=today() + dt.timedelta(days=1))

    def run(number):
        campaign = (first, second)[number]
        try:
            campaigning.publish(actor=agent, campaign=campaign, at=timezone.now())
        except DomainError:
            return "earlier"
        return "published"

    run_in_threads(2, run)
    at = timezone.now() + dt.timedelta(days=2)
    assert Campaign.objects.open(at=at).count() == 1


def test_rules_in_words():
    draft = make_draft(verified_only=True, minimum_age=16, budget_cents=5_000_000)
    found = campaign_rules.in_words(draft, list(draft.thresholds.order_by("supports")))
    assert found[0].startswith("On dépose une idée à partir du ")
    assert found[1:] == [
        "Chaque idée a 90 jours pour réunir des soutiens, et peut être prolongée une fois d’autant.",
        "Il faut habiter Mulhouse pour déposer et soutenir\u00a0: le dire suffit. À partir de 16 ans.",
        "50 soutiens, «\u00a0Rencontre\u00a0»\u00a0: La Ville organise une rencontre. Délai\u00a0: 180 jours.",
        (
            "100 soutiens, «\u00a0Étude\u00a0»\u00a0: La Ville étudie l’idée. Délai\u00a0: 180 jours. "
            "À partir de là, l’idée peut être étudiée."
        ),
        "Les seuils comptent les soutiens des résidences vérifiées seulement.",
        "Une idée est étudiée si sa première lecture lui donne au moins 35 sur 100 pour le réalisme.",
        "Le budget de la campagne est de 50\u00a0000\u00a0€.",
        "Les textes paraissent tout de suite\u00a0; la modération les lit après.",
    ]
