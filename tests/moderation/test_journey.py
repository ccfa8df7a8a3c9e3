"""A text is reported, taken away with a ground, contested, given back: from the form of a visitor to the last mail."""

import pytest
from django.core import mail
from django.urls import reverse

from consultations.models import Consultation
from moderation.models import Appeal, Decision, Report
from notifications.models import OutboundMail
from tests import factories
from tests.moderation import deciding
from transparency.models import RegisterLine

GIVEN = {"what": "text", "reason": "insult", "words": "Le deuxième mot.", "good_faith": "on"}
VISITOR = {**GIVEN, "name": "Lucie Meyer", "email": "lucie@example.org"}


def subjects():
    return list(OutboundMail.objects.order_by("created_at", "pk").values_list("kind", "to"))


def counted(consultation):
    consultation.refresh_from_db()
    return consultation.contribution_count, consultation.comment_count


@pytest.fixture
def contribution(db):
    row = factories.make_contribution(title="Le banc des ânes", body="Ces ânes du 12 ont tort.")
    Consultation.objects.filter(pk=row.consultation_id).update(contribution_count=1)
    return row


def test_from_a_report_to_the_words_given_back(client, contribution):
    author, first, second = contribution.author, deciding.make_moderator(), deciding.make_moderator()

    # Reported without an account and without JavaScript.
    response = client.post(deciding.report_url(contribution), VISITOR)
    made = Report.objects.select_related("case").get()
    assert response.url == reverse("moderation:reported", args=[made.reference])
    assert "Votre signalement est bien reçu" in client.get(response.url).content.decode()
    assert (made.case.state, made.case.report_count, made.url.startswith("http")) == ("waiting", 1, True)

    # Decided, by its own page.
    factories.sign_in(client, first)
    page = reverse("admin:moderation_case_change", args=[made.case.pk])
    form = client.get(page).context["form"]
    answers = {
        "action": "hide",
        "clause": "3.2",
        "facts": "« Ces ânes » insulte des voisins.",
        "seen": form["seen"].value(),
    }
    assert client.post(page, {**answers, "clause": ""}).status_code == 422
    assert client.post(page, answers).status_code == 302
    decision = Decision.objects.get()
    assert (decision.action, decision.clause, decision.charter_version, decision.automated) == (
        "hide",
        "3.2",
        "2026-11",
        False,
    )
    assert decision.original["body"] == "Ces ânes du 12 ont tort."
    assert counted(contribution.consultation) == (0, 0)
    client.logout()
    stub = client.get(contribution.get_absolute_url())
    text = stub.content.decode()
    assert stub.status_code == 410
    assert "Contribution retirée\u00a0: article 3.2 de la charte" in text
    assert "ânes" not in text
    assert subjects() == [
        ("moderation.report_received", "lucie@example.org"),
        ("moderation.decided", author.email),
        ("moderation.report_answered", "lucie@example.org"),
    ]
    statement = OutboundMail.objects.get(kind="moderation.decided").text
    for words in (
        "article 3.2",
        "insulte des voisins",
        "Rien n’est automatique",
        "contester",
        "Ces ânes du 12 ont tort.",
    ):
        assert words in statement
    assert "ânes" not in OutboundMail.objects.get(kind="moderation.report_answered").text

    # Contested by its author.
    factories.sign_in(client, author)
    own = reverse("moderation:own_decision", args=[decision.reference])
    assert "Ces ânes du 12 ont tort." in client.get(own).content.decode()
    assert decision.case.reference in client.get(reverse("moderation:own")).content.decode()
    assert "Retiré par la modération" in client.get(reverse("consultations:mine")).content.decode()
    assert client.post(own, {"words": "L’âne est l’animal du square."}).status_code == 302
    appeal = Appeal.objects.get()

    # Not by who decided; by somebody else.
    answer = {"outcome": "overturned", "reasons": "Il s’agit bien des animaux."}
    page = reverse("admin:moderation_case_appeal", args=[appeal.reference])
    factories.sign_in(client, first)
    assert client.post(page, answer).status_code == 422
    factories.sign_in(client, second)
    assert client.post(page, answer).status_code == 302
    contribution.refresh_from_db()
    assert (contribution.hidden_at, contribution.title, contribution.body) == (
        None,
        "Le banc des ânes",
        "Ces ânes du 12 ont tort.",
    )
    assert counted(contribution.consultation) == (1, 0)
    assert sorted(subjects()[3:]) == sorted(
        [
            ("moderation.appeal_received", author.email),
            ("moderation.report_answered", "lucie@example.org"),
            ("moderation.appeal_answered", author.email),
        ]
    )
    client.logout()
    assert client.get(contribution.get_absolute_url()).status_code == 200
    acts = [
        act
        for act in RegisterLine.objects.order_by("number").values_list("act", flat=True)
        if act.startswith("moderation")
    ]
    assert acts == ["moderation.reported", "moderation.hidden", "moderation.appealed", "moderation.overturned"]
    assert not RegisterLine.objects.filter(content__contains="ânes").exists()
    assert mail.outbox == []
