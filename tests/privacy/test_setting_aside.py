"""Data set aside: kept, shown nowhere, given back as it was; moderation's own decisions stay."""

import datetime as dt

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from accounts import actions as accounts
from accounts import rules
from consultations import actions as consulting
from consultations import eliminating, review
from consultations.models import Comment, Contribution, HeldText
from moderation import actions as moderation
from moderation import cases, kinds
from moderation.models import Case
from mulhouse.errors import DomainError, RefusedError
from mulhouse.references import new_reference
from notifications.models import OutboundMail
from privacy import actions
from privacy.models import Limitation
from tests import factories as f
from tests.moderation import deciding

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


# --- Nothing new is published either ---------------------------------------------------------------------------------------


def words(consultation, text="Un mot nouveau"):
    section = consultation.sections.first()
    return consulting.Words(section=section, kind="opinion", title=text, body=text, signature="name")


def refused(call):
    with pytest.raises(RefusedError) as found:
        call()
    return found.value.code


def test_nothing_new_appears_under_the_account_until_it_is_lifted():
    """The one rule of publishing: a contribution, a comment, a reply, a correction; a draft stays a draft."""
    user, consultation, now = f.make_resident(), f.make_consultation(), timezone.now()
    mine = f.make_contribution(consultation=consultation, author=user)
    theirs = f.make_contribution(consultation=consultation)
    draft = consulting.save_draft(
        actor=user, consultation=consultation, reference=new_reference(), words=words(consultation)
    )
    parent = f.make_comment(contribution=theirs)
    row = limit(user)
    said = {"contribution": theirs, "stance": "for", "body": "Oui."}
    for call in (
        lambda: consulting.publish(actor=user, contribution=draft, at=now),
        lambda: consulting.comment(actor=user, reference=new_reference(), at=now, **said),
        lambda: consulting.comment(actor=user, reference=new_reference(), at=now, parent=parent, **said),
        lambda: consulting.correct(actor=user, contribution=mine, words=words(consultation, "Corrigé"), at=now),
    ):
        assert refused(call) == "set_aside"
    assert Contribution.objects.visible().filter(author=user).count() == 0
    assert Comment.objects.filter(author=user).count() == 0
    actions.lift(actor=agent(), limitation=row, reason="Vérifié.", at=now)
    consulting.publish(actor=user, contribution=draft, at=now)
    assert Contribution.objects.visible().filter(author=user).count() == 2


def test_what_shows_nothing_of_them_stays_open():
    """Using one right takes no other away: a position, a support, a name put right, a copy, a withdrawal, leaving."""
    user, now = f.make_resident(), timezone.now()
    mine, theirs = f.make_contribution(author=user), f.make_contribution()
    comment = f.make_comment(contribution=theirs)
    limit(user)
    user.refresh_from_db()
    consulting.take_position(actor=user, contribution=theirs, choice="agree", at=now)
    consulting.support_comment(actor=user, comment=comment, at=now)
    accounts.update_profile(user=user, public_name="Nom rectifié", birth_year=None, language="fr", scheme="")
    accounts.request_export(user=user)
    consulting.withdraw(actor=user, contribution=mine, at=now)
    actions.ask(user=user, kind="objection", words="Encore une question.", at=now)
    accounts.close_account(user=user)


def test_a_text_that_waits_is_not_released_meanwhile():
    user, now = f.make_resident(), timezone.now()
    contribution = f.make_contribution()
    held = HeldText.objects.create(
        sort="comment",
        author=user,
        words={"stance": "for", "body": "Attend", "is_proposal": False},
        cause="held",
        consultation=contribution.consultation,
        contribution=contribution,
        submitted_at=now,
    )
    with transaction.atomic():
        review.open_case(held, texts=["Attend"], at=now)
    row, case = limit(user), Case.objects.get()

    def keep():
        seen = cases.seen_of(case, kinds.of(case.kind).find(case.subject))
        moderator = deciding.make_moderator()
        moderation.decide(
            actor=moderator, case=case, action="keep", clause="", facts="", passages=[], seen=seen, at=now
        )

    with pytest.raises(DomainError) as stopped:
        keep()
    assert (stopped.value.code, Comment.objects.count()) == ("set_aside", 0)
    actions.lift(actor=agent(), limitation=row, reason="Vérifié.", at=now)
    keep()
    assert Comment.objects.visible().count() == 1


def test_nothing_set_aside_is_destroyed_meanwhile():
    """Neither what moderation took away, once nobody may contest it, nor old archives with the visa."""
    user = f.make_resident()
    text = f.make_contribution(author=user, body="À garder")
    decision = deciding.hide(text)
    row, later = limit(user), timezone.now() + dt.timedelta(days=400)
    assert moderation.forget_original(decision=decision, at=later) is False
    eliminating.CATEGORIES[1].destroy(text.consultation.slug)
    text.refresh_from_db()
    assert text.body == "À garder"
    actions.lift(actor=agent(), limitation=row, reason="Vérifié.", at=timezone.now())
    assert moderation.forget_original(decision=decision, at=later) is True


def test_an_appeal_that_is_won_meanwhile_shows_with_the_rest():
    user = f.make_resident()
    text = f.make_contribution(author=user)
    decision = deciding.hide(text)
    row = limit(user)
    deciding.overturn(decision)
    assert Contribution.objects.visible().filter(author=user).count() == 0
    actions.lift(actor=agent(), limitation=row, reason="Vérifié.", at=timezone.now())
    assert list(Contribution.objects.visible().filter(author=user)) == [text]


def test_its_pages_blame_nobody():
    """The public reads that a text is not visible for now: neither moderation nor a right that somebody used."""
    user = f.make_resident(public_name="Nadia Mise-de-Côté")
    text = f.make_contribution(author=user, title="Un banc")
    comment = f.make_comment(author=user, contribution=f.make_contribution(consultation=text.consultation))
    limit(user)
    addresses = (
        text.get_absolute_url(),
        f"{comment.contribution.get_absolute_url()}commentaires/{comment.reference}/",
    )
    for address in addresses:
        response = Client().get(address)
        page = response.content.decode()
        assert (response.status_code, "visible pour le moment" in page) == (410, True)
        for word in ("modération", "RGPD", "Nadia", "Un banc"):
            assert word not in page.partition("<main")[2].partition("</main")[0], word
        own = f.sign_in(Client(), user).get(address).content.decode()
        assert "Vos données sont mises de côté" in own
        assert "contester" not in own
    mine = f.sign_in(Client(), user)
    assert "Mis de côté" in mine.get("/concertations/mes-contributions/").content.decode()
    assert "mises de côté" in mine.get("/mon-espace/donnees/").content.decode()
    page = mine.get(text.consultation.get_absolute_url() + "participer/").content.decode()
    assert "rien ne paraît sous votre compte" in page


def test_the_rule_stands_in_one_place():
    user = f.make_resident()
    assert rules.publishing_refusal(user, at=AT) is None
    limit(user)
    user.refresh_from_db()
    found = rules.publishing_refusal(user, at=AT)
    assert (found.code, rules.remedy_route(found)) == ("set_aside", "privacy:ask")
