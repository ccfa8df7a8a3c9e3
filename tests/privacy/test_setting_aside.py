"""Data set aside: kept, shown nowhere, given back as it was; moderation's own decisions stay."""

import datetime as dt

import pytest
from django.utils import timezone

from consultations.models import Comment, Contribution
from mulhouse.errors import DomainError, RefusedError
from notifications.models import OutboundMail
from privacy import actions
from privacy.models import Limitation
from tests import factories as f

pytestmark = pytest.mark.django_db(transaction=True)
AT = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


def agent():
    return f.make_staff("privacy.limit_person", "privacy.view_limitation")


def limit(person, actor=None):
    return actions.limit(actor=actor or agent(), person=person, reason="Exactitude contestée.", at=AT)


def test_only_those_in_charge_with_a_reason_and_never_themselves():
    user, actor = f.make_resident(), agent()
    for wrong, person, code in (
        (f.make_staff(), user, "not_allowed"),
        (actor, actor, "own_data"),
        (actor, None, "no_account"),
    ):
        with pytest.raises(RefusedError) as refused:
            limit(person, wrong)
        assert refused.value.code == code
    with pytest.raises(DomainError):
        actions.limit(actor=actor, person=user, reason="  ", at=AT)
    limit(user)
    with pytest.raises(RefusedError) as refused:
        limit(user)
    assert refused.value.code == "limited"


def test_everything_public_goes_and_comes_back_with_its_counts(client):
    user = f.make_resident(public_name="Nadia Mise-de-Côté")
    consultation = f.make_consultation(contribution_count=2, comment_count=1)
    mine = f.make_contribution(consultation=consultation, author=user, title="Un banc en quarantaine")
    theirs = f.make_contribution(consultation=consultation, comment_count=1)
    said = f.make_comment(contribution=theirs, author=user, body="Un mot en quarantaine")
    moderated = f.make_contribution(
        consultation=consultation, author=user, hidden_at=timezone.now(), hidden_reason="Charte, article 3"
    )
    assert "quarantaine" in client.get(f"{consultation.get_absolute_url()}contributions/").content.decode()
    row = limit(user)
    assert list(Contribution.objects.visible().filter(author=user)) == []
    assert list(Comment.objects.visible().filter(author=user)) == []
    for url in (f"{consultation.get_absolute_url()}contributions/", theirs.get_absolute_url()):
        page = client.get(url).content.decode()
        assert "quarantaine" not in page
        assert "Mise-de-Côté" not in page
    consultation.refresh_from_db()
    assert (consultation.contribution_count, consultation.comment_count) == (1, 0)
    assert "Exactitude contestée." in OutboundMail.objects.get(kind="privacy.limited").text

    with pytest.raises(RefusedError):
        actions.lift(actor=f.make_staff(), limitation=row, reason="Vérifié.", at=AT)
    actions.lift(actor=agent(), limitation=row, reason="Vérifié avec la personne.", at=AT)

    assert set(Contribution.objects.visible().filter(author=user)) == {mine}
    assert list(Comment.objects.visible().filter(author=user)) == [said]
    moderated.refresh_from_db()
    assert moderated.hidden_reason == "Charte, article 3"
    consultation.refresh_from_db()
    assert (consultation.contribution_count, consultation.comment_count) == (2, 1)
    with pytest.raises(RefusedError) as refused:
        actions.lift(actor=agent(), limitation=row, reason="Encore.", at=AT)
    assert refused.value.code == "lifted"
    assert Limitation.objects.get().lifted_reason == "Vérifié avec la personne."
