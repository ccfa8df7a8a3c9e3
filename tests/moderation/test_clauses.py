"""The grounds of decisions, from one version of the charter to the next."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from moderation import clauses, figures
from mulhouse import charter
from notifications.models import OutboundMail
from tests import factories as f
from tests.moderation import deciding


@pytest.fixture
def without_advertising(monkeypatch):
    """A charter of next year, which has no more clause about advertising."""
    monkeypatch.setattr(charter, "VERSIONS", (*charter.VERSIONS, charter.Version("2027-01", dt.date(2027, 1, 1), "x")))

    def change():
        monkeypatch.setattr(charter, "CURRENT", charter.VERSIONS[-1])
        kept = tuple(clause for clause in clauses.BY_VERSION["2026-11"] if clause.code != "3.5")
        monkeypatch.setitem(clauses.BY_VERSION, "2027-01", kept)

    return change


def test_every_version_of_the_charter_has_its_clauses_and_a_number_keeps_its_ground():
    assert set(clauses.BY_VERSION) == {version.number for version in charter.VERSIONS}
    grounds = {}
    for version in charter.VERSIONS:
        for clause in clauses.BY_VERSION[version.number]:
            assert grounds.setdefault(clause.code, clause.label) == clause.label
    # Being in disagreement is none of them.
    assert not [label for label in grounds.values() if "accord" in str(label)]


@pytest.mark.django_db
def test_what_was_taken_away_keeps_the_words_of_its_own_charter(client, without_advertising):
    contribution, comment = f.make_contribution(), f.make_comment()
    made = deciding.hide(contribution, clause="3.5")
    deciding.hide(comment, clause="3.5")
    without_advertising()
    assert clauses.find("3.5") is None
    own = reverse("charter_version", args=["2026-11"]) + "#article-3-5"
    for url in (
        contribution.get_absolute_url(),
        f"{comment.contribution.get_absolute_url()}commentaires/{comment.reference}/",
    ):
        page = client.get(url).content.decode()
        assert "article 3.5 de la charte" in page
        assert own in page
    lines = {line.clause: line.hidden for line in figures.by_year()[0].lines}
    assert (lines["3.5"], lines["3.2"]) == (2, 0)
    # Nothing is decided on a ground that holds no more, and the statement of reasons still says which it was.
    assert made.charter_version == "2026-11"
    f.sign_in(client, contribution.author)
    assert "publicité" in client.get(reverse("moderation:own_decision", args=[made.reference])).content.decode()


# --- What is told to an author -----------------------------------------------------------------------------------------


def told(thing, act):
    act(thing)
    return OutboundMail.objects.filter(kind="moderation.decided").latest("created_at").text


@pytest.mark.django_db
def test_a_statement_says_what_was_done_to_this_kind_of_thing_and_every_remedy():
    line = "Une ligne dit à sa place"
    contribution, name = f.make_contribution(), f.make_resident(public_name="Gros Nigaud")
    for thing in (contribution, f.make_comment()):
        assert line in told(thing, deciding.hide)
    text = told(name, deciding.hide)
    assert line not in text
    assert "Vos textes restent en ligne, sans ce nom" in text
    for remedy in ("pendant 15 jours", "sous 15 jours", "juge administratif dans les deux mois", "Gros Nigaud"):
        assert remedy in text


@pytest.mark.django_db
def test_who_reported_what_its_author_took_back_is_told_so(client):
    contribution = f.make_contribution()
    made = deciding.report(contribution, reporter=f.make_resident())
    type(contribution).objects.filter(pk=contribution.pk).update(withdrawn_at=timezone.now())
    contribution.refresh_from_db()
    deciding.keep(contribution, case=made.case)
    answer = OutboundMail.objects.get(kind="moderation.report_answered").text
    assert "son auteur l’a retiré" in answer
    assert "reste en ligne" not in answer
    page = client.get(reverse("moderation:reported", args=[made.reference])).content.decode()
    assert "n’est plus en ligne" in page
