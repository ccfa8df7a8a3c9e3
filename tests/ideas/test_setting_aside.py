"""Everything a person published around ideas while their data is set aside: shown nowhere, given back as it was."""

import pytest
from django.db import transaction
from django.utils import timezone

from ideas import actions, setting_aside, talking
from ideas.models import Comment, Idea, Reaction, Support
from mulhouse.errors import RefusedError
from mulhouse.references import new_reference
from privacy import actions as rights
from tests import factories as f
from tests.ideas.rows import make_answer, make_photo, make_reaction
from transparency import recounting

pytestmark = pytest.mark.django_db(transaction=True)


def agent():
    return f.make_staff("privacy.limit_person", "privacy.view_limitation")


def test_outside_a_transaction_nothing_is_hidden():
    for gesture in (setting_aside.hide, setting_aside.show):
        with pytest.raises(RuntimeError):
            gesture(f.make_resident())


def test_everything_goes_and_comes_back_with_its_counts(client, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    user, at = f.make_resident(public_name="Nadia Mise-de-Côté"), timezone.now()
    mine = f.make_idea(author=user, title="Un banc en quarantaine")
    photo = make_photo(mine, alt="Photo en quarantaine")
    reaction = make_reaction(make_answer(mine))
    theirs = f.make_idea(campaign=mine.campaign)
    said = f.make_idea_comment(idea=theirs, author=user, body_html="<p>Un mot en quarantaine</p>")
    f.make_idea_comment(idea=theirs, author=user, withdrawn_at=at)
    moderated = f.make_idea(campaign=mine.campaign, author=user, hidden_at=at, hidden_reason="3.2")
    f.make_support(idea=theirs, user=user)
    assert [row.counter for row in recounting.recount("ideas", repair=True)] == ["comment_count", "heat"]

    row = rights.limit(actor=agent(), person=user, reason="Exactitude contestée.", at=at)

    assert Idea.objects.visible().get() == theirs
    assert (Comment.objects.public().count(), Reaction.objects.visible().count()) == (0, 0)
    for address in ("/idees/", theirs.get_absolute_url(), mine.get_absolute_url(), f"/idees/photos/{photo.key}/"):
        page = client.get(address).content.decode()
        assert "quarantaine" not in page
        assert "Mise-de-Côté" not in page
    assert "Idée non visible pour le moment" in client.get(mine.get_absolute_url()).content.decode()
    # A support names nobody: it stays counted, and they may still take it back.
    assert Support.objects.count() == 1
    assert recounting.recount("ideas", repair=False) == []

    rights.lift(actor=agent(), limitation=row, reason="Vérifié avec la personne.", at=at)

    assert set(Idea.objects.visible()) == {mine, theirs}
    assert list(Comment.objects.public()) == [said]
    assert list(Reaction.objects.visible()) == [reaction]
    moderated.refresh_from_db()
    assert moderated.hidden_reason == "3.2"
    assert recounting.recount("ideas", repair=False) == []


def test_nothing_new_appears_until_it_is_lifted():
    user, at = f.make_resident(public_name="Nadia B."), timezone.now()
    campaign, theirs = f.make_campaign(), f.make_idea()
    mine = f.make_idea(author=user, campaign=campaign)
    words = actions.Words(title="x", need="y", proposal="z", signature="name", theme=f.make_theme())
    draft = actions.save_draft(actor=user, campaign=campaign, reference=new_reference(), words=words)
    rights.limit(actor=agent(), person=user, reason="Exactitude contestée.", at=at)
    said = {"idea": theirs, "reference": new_reference(), "stance": "for", "body": "Oui."}
    for call in (
        lambda: actions.publish(actor=user, idea=draft, at=at),
        lambda: talking.comment(actor=user, at=at, **said),
        lambda: actions.correct(actor=user, idea=mine, words=words, at=at),
    ):
        with pytest.raises(RefusedError):
            call()
    assert Idea.objects.visible().filter(author=user).count() == 0
    assert Comment.objects.count() == 0


def test_what_was_withdrawn_meanwhile_does_not_come_back():
    user, at = f.make_resident(), timezone.now()
    mine = f.make_idea(author=user)
    said = f.make_idea_comment(author=user)
    with transaction.atomic():
        setting_aside.hide(user)
    actions.withdraw(actor=user, idea=mine, at=at)
    talking.withdraw_comment(actor=user, comment=said, at=at)
    with transaction.atomic():
        setting_aside.show(user)
    assert not Idea.objects.visible().filter(pk=mine.pk).exists()
    assert not Comment.objects.visible().filter(pk=said.pk).exists()
    assert recounting.recount("ideas", repair=False) == []
