"""Texts read before they are public: why they wait, who sees them meanwhile, what their release and their refusal do."""

import datetime as dt

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from consultations import actions, counters, game, holding, review, rules
from consultations.models import (
    Comment,
    Consultation,
    Contribution,
    ContributionVersion,
    HeldText,
    ModerationMode,
    Participation,
)
from moderation import kinds, newcomers
from moderation.models import Case
from mulhouse import uploads
from mulhouse.errors import RefusedError
from mulhouse.references import new_reference
from notifications.models import OutboundMail
from tests import factories as f
from tests.concurrency import queue_behind, run_in_threads
from tests.desk.test_pages import opened, said
from tests.factories import sign_in
from tests.moderation import deciding
from tests.mulhouse.test_uploads import photo
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db
LINK = "Lisez https://exemple.fr/projet avant de répondre."
PHONE = "Appelez-moi au 06 12 34 56 78."


def old(user):
    User.objects.filter(pk=user.pk).update(date_joined=timezone.now() - dt.timedelta(days=30))
    user.refresh_from_db()
    return user


@pytest.fixture
def prior():
    return f.make_consultation(moderation=ModerationMode.PRIOR, review_hours=8)


@pytest.fixture
def author():
    return f.make_resident(public_name="Nadia B.")


def draft_of(consultation, author, **fields):
    return f.make_contribution(
        consultation=consultation, author=author, published_at=None, title="Planter des arbres", **fields
    )


def publish(draft, *, at=None):
    return actions.publish(actor=draft.author, contribution=draft, at=at or timezone.now())


def say(author, contribution, body="Bonne idée.", **more):
    return actions.comment(
        actor=author,
        contribution=contribution,
        reference=new_reference(),
        stance="for",
        body=body,
        at=timezone.now(),
        **more,
    )


def release(held, at=None):
    with transaction.atomic():
        kind = kinds.of(review.KINDS[held.sort])
        if (thing := kind.hold(held.reference)) is not None:
            kind.release(thing, at or timezone.now())


def refuse(held, clause="3.2"):
    with transaction.atomic():
        kind = kinds.of(review.KINDS[held.sort])
        kind.hide(kind.hold(held.reference), timezone.now(), clause)


def counts(consultation):
    consultation.refresh_from_db()
    return consultation.contribution_count, consultation.comment_count


# --- Why a text waits ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "is_old", "has_published", "body", "cause"),
    [
        ("after", False, False, "Plantons.", None),
        ("prior", True, True, "Plantons.", "held"),
        ("after", False, False, LINK, "new_account"),
        ("after", True, False, LINK, "new_account"),
        ("after", False, True, LINK, "new_account"),
        ("after", True, True, LINK, None),
        ("after", True, True, PHONE, "masking"),
        ("prior", True, True, PHONE, "masking"),
        ("prior", False, False, LINK, "held"),
    ],
)
def test_why_a_text_waits(author, mode, is_old, has_published, body, cause):
    if is_old:
        old(author)
    if has_published:
        f.make_comment(author=author)
    consultation = f.make_consultation(moderation=mode)
    found = review.cause_of(author, consultation, [body], at=timezone.now())
    assert (found.value if found else None) == cause


def test_an_account_is_new_for_seven_days(author):
    f.make_comment(author=author)
    limit = author.date_joined + dt.timedelta(days=7)
    assert newcomers.is_new(author, at=limit - dt.timedelta(seconds=1))
    assert not newcomers.is_new(author, at=limit)


@pytest.mark.parametrize(
    ("text", "is_link"),
    [
        ("https://exemple.fr", True),
        ("http://exemple.fr", True),
        ("www.exemple.fr", True),
        ("exemple.com", True),
        ("voyez [ici](exemple)", True),
        ("voyez [ici][1]", True),
        ("<a href=x>", True),
        ("boutique.shop/promo", True),
        ("Le M. Dupont.", False),
        ("Fin de phrase.Début", False),
        ("à 10.30, rue de l’Arsenal", False),
        ("http://localhost:8000/concertations/", False),
    ],
)
def test_what_is_a_link(text, is_link):
    from mulhouse.markup import has_link  # noqa: PLC0415

    assert has_link(text, ours="http://localhost:8000") is is_link


# --- A contribution ------------------------------------------------------------------------------------------------


def test_a_held_contribution_is_counted_listed_and_told_at_its_release_only(prior, author, client):
    draft = publish(draft_of(prior, author))
    held = HeldText.objects.get()
    assert (draft.published_at, held.cause, held.contribution_id) == (None, "held", draft.pk)
    case = Case.objects.get()
    assert (case.kind, case.subject, case.cause, case.author_id) == (
        "held_contribution",
        held.reference,
        "held",
        author.pk,
    )
    assert Contribution.objects.visible().count() == 0
    assert counts(prior) == (0, 0)
    assert OutboundMail.objects.count() == 0
    assert Participation.objects.count() == 0
    assert [line.act for line in RegisterLine.objects.order_by("number")] == ["text.held"]
    at = timezone.now() + dt.timedelta(hours=3)
    release(held, at)
    draft.refresh_from_db()
    assert draft.published_at == at
    assert counts(prior) == (1, 0)
    assert OutboundMail.objects.get().kind == "consultations.published"
    assert Participation.objects.count() == 1
    assert draft.item.place == "waiting"
    assert counters.recount(repair=False) == []
    assert client.get(draft.get_absolute_url()).status_code == 200


def test_handing_in_and_releasing_twice_are_once(prior, author):
    draft = publish(draft_of(prior, author))
    publish(draft)
    held = HeldText.objects.get()
    release(held)
    release(held)
    assert counts(prior) == (1, 0)
    assert OutboundMail.objects.count() == 1


def test_the_list_is_in_the_order_of_release(prior, author):
    first, second = publish(draft_of(prior, author)), publish(draft_of(prior, f.make_resident(public_name="K.")))
    release(HeldText.objects.get(contribution=second), timezone.now())
    release(HeldText.objects.get(contribution=first), timezone.now() + dt.timedelta(hours=1))
    assert list(Contribution.objects.visible().order_by("-published_at")) == [first, second]


def test_a_text_handed_in_before_the_end_of_the_phase_is_released_after_it(prior, author):
    draft = publish(draft_of(prior, author))
    prior.phases.filter(kind="contribute").update(starts_on=dt.date(2020, 1, 1), ends_on=dt.date(2020, 2, 1))
    release(HeldText.objects.get())
    draft.refresh_from_db()
    assert draft.published_at is not None


def test_a_held_contribution_is_shown_to_its_author_and_to_moderators_only(prior, author, client):
    draft = publish(draft_of(prior, author))
    held = HeldText.objects.get()
    url = reverse("consultations:held", args=[held.reference])
    assert client.get(url).status_code == 302
    assert client.get(draft.get_absolute_url()).status_code == 404
    sign_in(client, f.make_resident())
    assert client.get(url).status_code == 404
    assert client.get(draft.get_absolute_url()).status_code == 404
    assert client.post(f"{url}reprendre/").status_code == 404
    sign_in(client, author)
    assert client.get(draft.get_absolute_url())["Location"] == url
    page = client.get(url).content.decode()
    assert "Personne d’autre que vous et la modération ne voit ce texte" in page
    assert "sous 8\u00a0heures ouvrées" in page
    assert "En attente de relecture" in client.get(reverse("consultations:mine")).content.decode()
    moderator = f.make_user(is_staff=True)
    moderator.user_permissions.add(Permission.objects.get(codename="decide_case"))
    assert Contribution.objects.visible_to(User.objects.get(pk=moderator.pk)).filter(pk=draft.pk).exists()
    assert not Contribution.objects.visible_to(f.make_user(is_staff=True)).filter(pk=draft.pk).exists()


def test_no_surface_shows_what_waits(prior, author, client):
    draft = publish(draft_of(prior, author, body="Mot introuvable : zygomatique."))
    reference = draft.reference
    pages = [
        "/",
        "/concertations/",
        prior.get_absolute_url(),
        reverse("consultations:contributions", args=[prior.slug]),
        reverse("consultations:contributions", args=[prior.slug]) + "?q=zygomatique",
        reverse("consultations:export", args=[prior.slug, "contributions", "csv"]),
        "/sitemap.xml",
    ]
    for url in pages:
        response = client.get(url, follow=True)
        text = b"".join(response.streaming_content) if response.streaming else response.content
        text = text.replace(b"?q=zygomatique", b"").replace(b'value="zygomatique"', b"")
        assert reference.encode() not in text, url
        assert b"Mot introuvable" not in text, url


def test_taking_back_makes_a_draft_again(prior, author, client):
    draft = publish(draft_of(prior, author))
    held = HeldText.objects.get()
    with pytest.raises(RefusedError):
        holding.take_back(actor=f.make_resident(), held=held, at=timezone.now())
    sign_in(client, author)
    response = client.post(reverse("consultations:held_take_back", args=[held.reference]))
    assert response["Location"] == reverse("consultations:draft", args=[prior.slug, draft.reference])
    draft.refresh_from_db()
    held.refresh_from_db()
    assert (draft.submitted_at, held.is_waiting) == (None, False)
    assert kinds.of("held_contribution").is_gone(held)
    release(held)
    draft.refresh_from_db()
    assert draft.published_at is None
    publish(draft)
    assert HeldText.objects.waiting().count() == 1


def test_correcting_what_waits_changes_what_moderators_read(prior, author, client):
    draft = publish(draft_of(prior, author))
    held = HeldText.objects.get()
    sign_in(client, author)
    url = reverse("consultations:held", args=[held.reference])
    assert client.post(url, {"title": "court", "body": "x"}).status_code == 422
    client.post(url, {"title": "Planter douze arbres", "body": "De l’**ombre**."})
    draft.refresh_from_db()
    assert (draft.title, draft.body_html) == ("Planter douze arbres", "<p>De l’<strong>ombre</strong>.</p>\n")
    assert kinds.of("held_contribution").words(kinds.of("held_contribution").find(held.reference)).title == draft.title
    assert Case.objects.get().revision == 2
    prior.phases.filter(kind="contribute").update(starts_on=dt.date(2020, 1, 1), ends_on=dt.date(2020, 2, 1))
    assert client.post(url, {"title": "Planter vingt arbres", "body": "x"}).status_code == 403
    assert "déposé à temps" in client.get(url).content.decode()


def test_a_draft_that_was_handed_in_does_not_change_as_a_draft(prior, author):
    draft = publish(draft_of(prior, author))
    assert rules.draft_refusal(author, draft).code == "held"
    with pytest.raises(RefusedError):
        actions.discard_draft(actor=author, contribution=draft)


def test_a_refused_text_is_read_by_its_author_with_the_clause(prior, author, client):
    draft = publish(draft_of(prior, author))
    held = HeldText.objects.get()
    refuse(held)
    sign_in(client, author)
    page = client.get(reverse("consultations:held", args=[held.reference])).content.decode()
    assert "La modération n’a pas publié ce texte" in page
    assert "3.2" in page
    release(held)
    draft.refresh_from_db()
    assert (draft.published_at, counts(prior)) == (None, (0, 0))
    # And their list says so: it waits for nothing any more.
    mine = client.get(reverse("consultations:mine")).content.decode()
    assert "Non publié" in mine
    assert "En attente de relecture" not in mine


def test_an_overturned_refusal_publishes(prior, author):
    publish(draft_of(prior, author))
    held = HeldText.objects.get()
    refuse(held)
    kind = kinds.of("held_contribution")
    with transaction.atomic():
        kind.show(kind.hold(held.reference))
    assert counts(prior) == (1, 0)


def test_kept_personal_data_waits_and_can_be_masked(author):
    consultation = f.make_consultation()
    draft = publish(draft_of(consultation, old(author), body=PHONE))
    held, case = HeldText.objects.get(), Case.objects.get()
    assert (held.cause, case.proposal) == ("masking", ["06 12 34 56 78"])
    kind = kinds.of("held_contribution")
    with transaction.atomic():
        kind.mask(kind.hold(held.reference), case.proposal)
    draft.refresh_from_db()
    assert draft.body == f"Appelez-moi au {kinds.MASKED}."
    assert draft.published_at is not None
    assert counts(consultation) == (1, 0)


# --- A comment -----------------------------------------------------------------------------------------------------


def test_a_held_comment_is_nowhere_until_its_release(prior, author, client):
    row = f.make_contribution(consultation=prior)
    held = say(author, row, is_proposal=True)
    assert isinstance(held, HeldText)
    assert Comment.objects.count() == 0
    row.refresh_from_db()
    assert (row.comment_count, row.for_count) == (0, 0)
    assert "Bonne idée." not in client.get(row.get_absolute_url()).content.decode()
    sign_in(client, author)
    mine = client.get(reverse("consultations:mine") + "?voir=commentaires").content.decode()
    assert "Bonne idée." in mine
    assert "En attente de relecture" in mine
    release(held)
    comment = Comment.objects.get()
    row.refresh_from_db()
    assert (comment.reference, comment.author, comment.stance) == (held.reference, author, "for")
    assert (row.comment_count, row.for_count) == (1, 1)
    assert OutboundMail.objects.get(user=author).kind == "consultations.released"
    found = client.get(reverse("consultations:held", args=[held.reference]))
    assert found["Location"] == f"{row.get_absolute_url()}commentaires/{comment.reference}/"


def test_a_comment_sent_twice_waits_once_and_nobody_takes_its_reference(prior, author):
    row, reference, at = f.make_contribution(consultation=prior), new_reference(), timezone.now()
    words = {"contribution": row, "reference": reference, "stance": "for", "body": "Oui.", "at": at}
    assert actions.comment(actor=author, **words) == actions.comment(actor=author, **words)
    assert HeldText.objects.count() == 1
    with pytest.raises(RefusedError):
        actions.comment(actor=f.make_resident(public_name="K."), **words)


@pytest.mark.parametrize("gone", ["comment", "contribution", "hidden contribution"])
def test_what_answers_something_that_went_is_not_published_and_its_author_learns_why(prior, author, client, gone):
    row = f.make_contribution(consultation=prior, title="Un banc à moi")
    parent = f.make_comment(contribution=row)
    held = say(author, row, parent=parent)
    if gone == "comment":
        actions.withdraw_comment(actor=parent.author, comment=parent, at=timezone.now())
    elif gone == "contribution":
        actions.withdraw(actor=row.author, contribution=row, at=timezone.now())
    else:
        deciding.take_away(row)
    release(held)
    assert Comment.objects.filter(author=author).count() == 0
    held.refresh_from_db()
    assert (held.is_waiting, held.is_orphan, held.released_at) == (False, True, None)
    mail = OutboundMail.objects.get(user=author)
    assert "a été retiré" in mail.subject
    page = reverse("consultations:held", args=[held.reference])
    assert page in mail.text
    sign_in(client, author)
    said = client.get(page).content.decode()
    assert "Ce à quoi ce texte répond a été retiré" in said
    assert "Bonne idée." in said
    mine = client.get(reverse("consultations:mine") + "?voir=commentaires").content.decode()
    assert "Bonne idée." in mine
    # The words of others went with what they wrote.
    is_named = gone == "comment"
    assert [("Un banc à moi" in text) for text in (said, mine, mail.text)] == [is_named, is_named, False]
    # Correcting it would lead nowhere; erasing it is its author's choice.
    assert client.post(page, {"body": "Autre chose."}).status_code == 403
    assert client.post(reverse("consultations:held_take_back", args=[held.reference])).status_code == 302
    held.refresh_from_db()
    assert held.words == {}


def test_a_comment_taken_back_is_erased(prior, author):
    held = say(author, f.make_contribution(consultation=prior))
    holding.take_back(actor=author, held=held, at=timezone.now())
    held.refresh_from_db()
    assert (held.words, held.is_waiting) == ({}, False)
    release(held)
    assert Comment.objects.count() == 0


# --- A correction ----------------------------------------------------------------------------------------------------


def words(row, **changes):
    names = actions.WRITTEN
    return actions.Words(**{**{name: getattr(row, name) for name in names}, **changes})


def test_a_correction_that_adds_a_link_or_a_number_waits_and_the_public_text_stays(author):
    row = publish(draft_of(f.make_consultation(), author))
    before = row.body
    actions.correct(actor=author, contribution=row, words=words(row, body=LINK), at=timezone.now())
    row.refresh_from_db()
    held = HeldText.objects.get()
    assert (row.body, held.sort, held.cause) == (before, "correction", "new_account")
    actions.correct(actor=author, contribution=row, words=words(row, body=PHONE), at=timezone.now())
    held.refresh_from_db()
    assert (HeldText.objects.count(), held.cause, held.words["body"]) == (1, "masking", PHONE)
    release(held)
    row.refresh_from_db()
    assert (row.body, row.body_html) == (PHONE, f"<p>{PHONE}</p>\n")


def test_a_held_correction_after_a_reaction_is_a_version(author):
    row = publish(draft_of(f.make_consultation(), author))
    say(old(f.make_resident(public_name="K.")), row)
    row.refresh_from_db()
    actions.correct(actor=author, contribution=row, words=words(row, body=LINK), at=timezone.now())
    assert ContributionVersion.objects.count() == 0
    release(HeldText.objects.get())
    assert ContributionVersion.objects.get().body == row.body


def test_a_correction_that_adds_nothing_of_the_sort_is_published(author):
    row = publish(draft_of(f.make_consultation(moderation="after"), old(author)))
    actions.correct(actor=author, contribution=row, words=words(row, body="Plus d’arbres."), at=timezone.now())
    row.refresh_from_db()
    assert (row.body, HeldText.objects.count()) == ("Plus d’arbres.", 0)


def test_where_everything_is_read_first_a_correction_and_a_file_are_too(prior, author):
    row = publish(draft_of(prior, author))
    release(HeldText.objects.get())
    row.refresh_from_db()
    actions.correct(actor=author, contribution=row, words=words(row, body="Tout autre chose."), at=timezone.now())
    row.refresh_from_db()
    assert "Tout autre chose." not in row.body
    assert HeldText.objects.waiting().get().cause == "held"
    cleaned = uploads.clean("quai.jpg", photo())
    with pytest.raises(RefusedError) as refused:
        actions.attach(
            actor=author, contribution=row, upload=cleaned, alt="Le quai", is_decorative=False, at=timezone.now()
        )
    assert refused.value.code == "held"
    assert row.attachments.count() == 0


def test_a_newer_correction_is_not_undone_by_the_one_that_waited(author):
    row = f.make_contribution(author=author)
    actions.correct(actor=author, contribution=row, words=words(row, body=f"D’accord. {PHONE}"), at=timezone.now())
    held = HeldText.objects.get()
    actions.correct(actor=author, contribution=row, words=words(row, body="D’accord."), at=timezone.now())
    assert Case.objects.count() == 0
    release(held)
    row.refresh_from_db()
    assert row.body == "D’accord."


def test_what_is_taken_back_leaves_the_queue(prior, author):
    publish(draft_of(prior, author))
    held = HeldText.objects.get()
    assert Case.objects.count() == 1
    holding.take_back(actor=author, held=held, at=timezone.now())
    assert Case.objects.count() == 0
    say(author, f.make_contribution(consultation=prior))
    with transaction.atomic():
        holding.erase(user=author)
    assert Case.objects.count() == 0


def test_what_is_taken_back_is_read_by_no_moderator(prior, author):
    publish(draft_of(prior, author))
    held = HeldText.objects.get()
    kind = kinds.of("held_contribution")
    assert (kind.find(held.reference), list(kind.many([held.reference]))) == (held, [held.reference])
    holding.take_back(actor=author, held=held, at=timezone.now())
    assert (kind.find(held.reference), list(kind.many([held.reference]))) == (None, [])


def test_a_mask_that_is_overturned_undoes_no_later_correction(author):
    row = f.make_contribution(author=author)
    actions.correct(actor=author, contribution=row, words=words(row, body=f"D’accord. {PHONE}"), at=timezone.now())
    held, kind = HeldText.objects.get(), kinds.of("held_correction")
    before = holding.words_of(held)
    with transaction.atomic():
        kind.mask(kind.hold(held.reference), ["06 12 34 56 78"])
    row.refresh_from_db()
    actions.correct(actor=author, contribution=row, words=words(row, body="Plus rien à dire."), at=timezone.now())
    with transaction.atomic():
        kind.restore(kind.hold(held.reference), before)
    row.refresh_from_db()
    assert row.body == "Plus rien à dire."


def test_passages_to_mask_are_those_of_the_words_that_wait_now(author):
    publish(draft_of(f.make_consultation(), author, body=PHONE))
    held = HeldText.objects.get()
    assert Case.objects.get().proposal == ["06 12 34 56 78"]
    said = {"title": "Planter des arbres", "body": "Appelez-moi."}
    holding.correct_held(actor=author, held=held, words=said, at=timezone.now())
    assert Case.objects.get().proposal == []


# --- The rules of the game, the pages, the account -------------------------------------------------------------------


def test_the_choice_is_a_rule_of_the_game_announced_and_fixed(prior, author, client):
    said = {line.label: line.values for line in game.in_words(game.rules_of(prior))}
    assert said["La relecture des textes"] == ["chaque texte paraît après relecture, sous 8\u00a0heures ouvrées"]
    assert "Chaque texte paraît après relecture" in client.get(prior.get_absolute_url()).content.decode()
    plain = f.make_consultation()
    assert "moderation" not in game.rules_of(plain)
    assert "Les textes paraissent aussitôt" in client.get(plain.get_absolute_url()).content.decode()
    sign_in(client, author)
    promise = "Votre texte paraîtra après relecture, sous 8\u00a0heures ouvrées."
    assert promise in client.get(reverse("consultations:contribute", args=[prior.slug])).content.decode()
    row = f.make_contribution(consultation=prior)
    assert promise in client.get(row.get_absolute_url()).content.decode()


@pytest.mark.parametrize("change", [{"moderation": "after"}, {"review_hours": 40}])
def test_the_choice_never_changes_once_published(prior, change):
    from consultations import editing_rules  # noqa: PLC0415

    assert editing_rules.presentation_refusal(prior, change, at=timezone.now()).code == next(iter(change))
    Consultation.objects.filter(pk=prior.pk).update(published_at=None)
    prior.refresh_from_db()
    assert editing_rules.presentation_refusal(prior, change, at=timezone.now()) is None


def test_a_text_entered_at_the_desk_is_not_held_twice(prior, client):
    """The agent who types it has read it: nobody reads it again before it is public, whatever the consultation chose."""
    sign_in(client, f.make_staff("desk.assist", "accounts.verify_residency"))
    assistance = opened(client, prior)
    written = said(prior, body=f"{LINK} {PHONE}")
    assert client.post(reverse("admin:desk_act", args=[assistance.key]), written).status_code == 302
    row = Contribution.objects.get()
    assert (row.published_at is not None, row.channel, HeldText.objects.count()) == (True, "desk", 0)
    assert Case.objects.count() == 0
    assert "Lisez" in client.get(row.get_absolute_url()).content.decode()


def test_closing_the_account_erases_what_waits(prior, author):
    publish(draft_of(prior, author))
    say(author, f.make_contribution(consultation=prior))
    with transaction.atomic():
        holding.erase(user=author)
        actions.erase_contributions(user=author)
    assert HeldText.objects.count() == 0
    assert Contribution.objects.filter(author=author).count() == 0


def test_through_the_pages_from_draft_to_waiting(prior, author, client):
    draft = draft_of(prior, author)
    sign_in(client, author)
    url = reverse("consultations:check", args=[prior.slug, draft.reference])
    page = client.get(url).content.decode()
    assert "Votre texte sera relu avant de paraître" in page
    response = client.post(url)
    assert response["Location"] == draft.get_absolute_url()
    assert "Elle paraîtra après relecture." in client.get(draft.get_absolute_url(), follow=True).content.decode()
    row = f.make_contribution(consultation=prior)
    answer = client.post(
        reverse("consultations:comments", args=[prior.slug, row.reference]),
        {"stance": "for", "body": "Oui.", "jeton": ""},
    )
    held = HeldText.objects.get(sort="comment")
    assert answer["Location"] == reverse("consultations:held", args=[held.reference])


@pytest.mark.django_db(transaction=True)
def test_released_and_taken_back_at_once_is_one_of_the_two():
    consultation = f.make_consultation(moderation=ModerationMode.PRIOR)
    author = f.make_resident(public_name="Nadia B.")
    draft = publish(draft_of(consultation, author))
    held = HeldText.objects.get()

    def act(number):
        if number:
            return release(held)
        try:
            return holding.take_back(actor=author, held=held, at=timezone.now())
        except RefusedError:
            return None

    run_in_threads(2, act)
    draft.refresh_from_db()
    held.refresh_from_db()
    assert (held.released_at is None) != (held.withdrawn_at is None)
    assert (draft.published_at is not None) == (held.released_at is not None)
    assert counts(consultation)[0] == int(held.released_at is not None)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_last", [False, True])
def test_a_correction_and_the_decision_on_the_one_that_waits_follow_each_other(prior, author, is_last):
    """Both take the contribution, then the text that waits, then its case: neither is ended for having crossed the other."""
    row = f.make_contribution(consultation=prior, author=author)
    actions.correct(actor=author, contribution=row, words=words(row, body="Des bancs."), at=timezone.now())
    held = HeldText.objects.get()
    decide = deciding.keep_held(kinds.of(review.KINDS[held.sort]), held)
    newer, before = words(row, body="Des bancs et des arbres."), row.body

    def correct():
        return actions.correct(actor=author, contribution=row, words=newer, at=timezone.now())

    def hold():
        Contribution.objects.select_for_update(no_key=True).get(pk=row.pk)

    answers = queue_behind(hold, *((decide, correct) if is_last else (correct, decide)))

    row.refresh_from_db()
    found = HeldText.objects.waiting().get()
    assert found.words["body"] == "Des bancs et des arbres."
    if is_last:
        assert [type(answer).__name__ for answer in answers] == ["Decision", "Contribution"]
        assert (row.body, found.pk == held.pk) == ("Des bancs.", False)
    else:
        assert (answers[1].code, row.body, found.pk == held.pk) == ("stale", before, True)
