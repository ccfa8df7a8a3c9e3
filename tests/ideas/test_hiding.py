"""What moderation does to each sort of text of the idea box: taken away, masked in every version, given back exactly, erased."""

import datetime as dt

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from ideas import actions, clocks, hiding, setting_aside, supporting, talking
from ideas.models import Comment, Idea, IdeaVersion, Photo, Reaction, Support
from moderation import figures, kinds
from moderation.models import Decision
from mulhouse import uploads
from mulhouse.errors import RefusedError
from mulhouse.references import new_reference
from tests import factories as f
from tests.ideas.rows import make_answer, make_photo, make_reaction, make_version
from tests.moderation import deciding
from tests.mulhouse.test_uploads import photo as picture
from transparency import recounting
from transparency.models import Promise

pytestmark = pytest.mark.django_db
PHONE = "06 12 34 56 78"


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def code_of(call, *args, **fields):
    with pytest.raises(RefusedError) as refused:
        call(*args, **fields)
    return refused.value.code


def status(client, url):
    response = client.get(url)
    response.close()
    return response.status_code


def each_sort(author=None):
    """Give one public thing of each sort, all of one idea."""
    idea = f.make_idea(author=author or f.make_resident(public_name="Nadia B."))
    comment = f.make_idea_comment(idea=idea, author=author or f.make_resident(public_name="Ali C."))
    return {
        "idea": idea,
        "idea_comment": comment,
        "idea_reaction": make_reaction(make_answer(idea)),
        "idea_photo": make_photo(idea),
    }


SORTS = ("idea", "idea_comment", "idea_reaction", "idea_photo")


@pytest.mark.parametrize("sort", SORTS)
def test_nobody_but_moderators_takes_anything_away_and_never_of_their_own(sort):
    moderator = deciding.make_moderator(public_name="Modératrice")
    thing = each_sort()[sort]
    for person in (f.make_user(), f.make_staff(), f.make_staff("moderation.view_case")):
        assert code_of(deciding.hide, thing, actor=person) == "not_allowed"
    assert code_of(deciding.hide, each_sort(moderator)[sort], actor=moderator) == "own"
    assert not Decision.objects.exists()


@pytest.mark.parametrize("sort", SORTS)
def test_what_is_not_public_is_not_reported(sort):
    thing = each_sort()[sort]
    kind = kinds.of(sort)
    assert kind.is_public(kind.find(deciding.reference_of(thing)))
    deciding.take_away(thing)
    assert not kind.is_public(kind.find(deciding.reference_of(thing)))
    deciding.bring_back(thing)
    if sort != "idea":
        Idea.objects.update(hidden_at=timezone.now())
        assert not kind.is_public(kind.find(deciding.reference_of(thing)))
    assert kind.find("ZZZZZZZZ") is None


def test_a_hidden_idea_leaves_its_campaign_and_keeps_its_supports(client):
    idea = f.make_idea(title="Un banc")
    f.make_support(idea=idea)
    made = deciding.hide(idea)
    idea.refresh_from_db()
    idea.campaign.refresh_from_db()
    assert (idea.campaign.idea_count, Support.objects.count(), idea.declared_count) == (0, 1, 1)
    page = client.get(idea.get_absolute_url())
    assert page.status_code == 410
    assert "article 3.2 de la charte" in page.content.decode()
    assert "Un banc" not in page.content.decode()
    voter = f.make_resident()
    assert code_of(supporting.support, actor=voter, idea=idea, at=timezone.now()) == "withdrawn"
    deciding.overturn(made)
    idea.refresh_from_db()
    idea.campaign.refresh_from_db()
    assert (idea.is_visible, idea.hidden_reason, idea.campaign.idea_count) == (True, "", 1)
    assert client.get(idea.get_absolute_url()).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_a_comment_a_reaction_and_a_photo_are_taken_away_and_given_back(client):
    things = each_sort()
    idea, comment = things["idea"], things["idea_comment"]
    decisions = [deciding.hide(things[sort]) for sort in SORTS[1:]]
    idea.refresh_from_db()
    assert (idea.comment_count, Comment.objects.public().count()) == (0, 0)
    assert (Reaction.objects.visible().count(), Photo.objects.visible().count()) == (0, 0)
    page = client.get(idea.get_absolute_url()).content.decode()
    for word in (comment.body, "Merci.", "La place", str(things["idea_photo"].key)):
        assert word not in page
    assert status(client, reverse("ideas:photo", args=[things["idea_photo"].key])) == 404
    assert client.get(reverse("ideas:comment", args=[idea.reference, comment.reference])).status_code == 410
    for made in decisions:
        deciding.overturn(made)
    idea.refresh_from_db()
    assert (idea.comment_count, Comment.objects.public().count()) == (1, 1)
    assert (Reaction.objects.visible().count(), Photo.objects.visible().count()) == (1, 1)
    assert status(client, reverse("ideas:photo", args=[things["idea_photo"].key])) == 200


@pytest.mark.parametrize("way", ["decision", "set aside"])
def test_the_city_owes_nothing_of_what_nobody_reads_and_owes_it_again(way):
    idea, at = f.make_idea(), timezone.now()
    with transaction.atomic():
        clocks.begin(clocks.READING, idea=idea, at=at)
    standing = Promise.objects.standing().filter(key=idea.reference)
    due_on = standing.get().due_on
    if way == "decision":
        deciding.take_away(idea)
        assert not standing.exists()
        deciding.bring_back(idea)
    else:
        with transaction.atomic():
            setting_aside.hide(idea.author)
        assert not standing.exists()
        with transaction.atomic():
            setting_aside.show(idea.author)
    assert standing.get().due_on == due_on


@pytest.mark.parametrize("way", ["decision", "set aside"])
@pytest.mark.parametrize(
    ("left", "changes", "expected"),
    [
        (20, {}, 26),
        # Its last day was over before.
        (-8, {}, -8),
        (20, {"stage": "study"}, 20),
        (20, {"edition": True}, 20),
    ],
    ids=["open", "over", "studied", "edition"],
)
def test_an_idea_given_back_has_the_days_that_it_lost(way, left, changes, expected):
    fields = {"stage": changes.get("stage", "support"), "supports_until": f.today() + dt.timedelta(days=left)}
    if changes.get("edition"):
        day = fields["supports_until"]
        fields["campaign"] = f.make_campaign(kind="edition", closes_on=day, supports_end_on=day)
    idea = f.make_idea(**fields)
    if way == "decision":
        deciding.take_away(idea)
    else:
        with transaction.atomic():
            setting_aside.hide(idea.author)
    Idea.objects.filter(pk=idea.pk).update(hidden_at=timezone.now() - dt.timedelta(days=6))
    if way == "decision":
        deciding.bring_back(idea)
    else:
        with transaction.atomic():
            setting_aside.show(idea.author)
    assert Idea.objects.visible().get().supports_until == f.today() + dt.timedelta(days=expected)


def test_what_its_author_withdrew_meanwhile_does_not_come_back():
    author = f.make_resident(public_name="Nadia B.")
    idea = f.make_idea(author=author)
    comment = f.make_idea_comment(idea=f.make_idea(), author=author)
    hidden = [deciding.hide(thing) for thing in (idea, comment)]
    actions.withdraw(actor=author, idea=idea, at=timezone.now())
    talking.withdraw_comment(actor=author, comment=comment, at=timezone.now())
    for made in hidden:
        deciding.overturn(made)
    assert (Idea.objects.visible().filter(pk=idea.pk).count(), Comment.objects.public().count()) == (0, 0)
    assert recounting.recount("ideas", repair=False) == []


def test_a_hidden_idea_is_not_corrected():
    idea = f.make_idea()
    deciding.hide(idea)
    words = actions.Words(title="x", need="y", proposal="z", signature="name")
    assert code_of(actions.correct, actor=idea.author, idea=idea, words=words, at=timezone.now()) == "hidden"


def test_masking_reaches_every_version_and_comes_back_exactly():
    idea = f.make_idea(
        title=f"Appelez le {PHONE}",
        need=f"Ou *écrivez* au {PHONE}.",
        need_html=f"<p>Ou <em>écrivez</em> au {PHONE}.</p>\n",
        proposal=f"Un import {PHONE}",
        proposal_html=f"<div>Un import {PHONE}</div>",
        beneficiaries=PHONE,
        cost=PHONE,
        place=PHONE,
        behalf="association",
        behalf_name=f"Les amis {PHONE}",
    )
    version = make_version(
        idea, title=PHONE, need=PHONE, need_html=f"<p>{PHONE}</p>\n", beneficiaries=PHONE, cost=PHONE
    )
    names = (*hiding.IDEA_WORDS,)
    before = Idea.objects.values(*names).get(pk=idea.pk), IdeaVersion.objects.values().get()
    made = deciding.mask(idea, PHONE)
    idea.refresh_from_db()
    version.refresh_from_db()
    held = [getattr(idea, name) for name in names] + [getattr(version, name) for name in hiding.VERSION_WORDS]
    assert [text for text in held if "06 12" in text] == []
    assert "<em>écrivez</em>" in idea.need_html
    assert idea.proposal_html == f"<div>Un import {kinds.MASKED}</div>"
    assert Idea.objects.visible().filter(pk=idea.pk).exists()
    deciding.overturn(made)
    assert (Idea.objects.values(*names).get(pk=idea.pk), IdeaVersion.objects.values().get()) == before


@pytest.mark.parametrize("sort", ["idea_comment", "idea_reaction"])
def test_what_is_said_is_masked_and_given_back(sort):
    thing = each_sort()[sort]
    type(thing).objects.update(body=f"Au {PHONE}.", body_html=f"<p>Au {PHONE}.</p>\n")
    thing.refresh_from_db()
    made = deciding.mask(thing, PHONE)
    thing.refresh_from_db()
    assert (thing.body, thing.body_html) == (f"Au {kinds.MASKED}.", f"<p>Au {kinds.MASKED}.</p>\n")
    deciding.overturn(made)
    thing.refresh_from_db()
    assert (thing.body, thing.body_html) == (f"Au {PHONE}.", f"<p>Au {PHONE}.</p>\n")


def test_erased_words_are_nowhere(django_capture_on_commit_callbacks):
    things = each_sort()
    idea, photo = things["idea"], things["idea_photo"]
    Idea.objects.filter(pk=idea.pk).update(behalf="association", behalf_name="Les amis", place="Le pont", cost="Cher")
    make_version(idea)
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        for sort in ("idea_comment", "idea_reaction", "idea_photo", "idea"):
            kind = kinds.of(sort)
            if held := kind.hold(deciding.reference_of(things[sort])):
                kind.erase(held)
    idea.refresh_from_db()
    assert (idea.title, idea.need, idea.proposal_html, idea.place, idea.cost) == (hiding.ERASED, "—", "", "", "")
    assert (idea.behalf, idea.behalf_name, IdeaVersion.objects.count(), Photo.objects.count()) == ("oneself", "", 0, 0)
    assert (Comment.objects.get().body, Reaction.objects.get().body) == (hiding.ERASED, hiding.ERASED)
    assert not default_storage.exists(photo.file.name)


def test_a_photo_taken_away_is_not_put_back():
    author = f.make_resident()
    draft = f.make_idea(author=author, published=False)
    upload = uploads.clean("place.jpg", picture())
    given = {"actor": author, "alt": "La place", "is_decorative": False, "at": timezone.now()}
    idea = f.make_idea(author=author)
    deciding.hide(actions.attach(idea=idea, upload=upload, **given))
    assert code_of(actions.attach, idea=draft, upload=upload, **given)
    assert draft.photos.count() == 0


@pytest.mark.parametrize("sort", ["idea", "idea_comment", "idea_reaction"])
def test_what_is_given_back_to_somebody_set_aside_waits_for_the_rest(sort):
    thing = each_sort()[sort]
    deciding.take_away(thing)
    type(thing.author).objects.filter(pk=thing.author.pk).update(limited_since=timezone.now())
    deciding.bring_back(thing)
    thing.refresh_from_db()
    assert (thing.hidden_at is None, thing.hidden_reason) == (False, setting_aside.REASON)


@pytest.mark.parametrize(
    ("clause", "is_comment", "words"),
    [
        ("3.2", False, "Idée retirée\u00a0: article 3.2 de la charte"),
        ("3.2", True, "Commentaire retiré\u00a0: article 3.2 de la charte"),
        ("autre", False, "Idée retirée"),
        ("autre", True, "Commentaire retiré"),
        (setting_aside.REASON, False, "Idée non visible pour le moment"),
        (setting_aside.REASON, True, "Commentaire non visible pour le moment"),
    ],
)
def test_what_stands_in_its_place(clause, is_comment, words):
    assert hiding.stub(clause, is_comment=is_comment) == words


# --- The pages of moderation ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sort", SORTS)
def test_reported_decided_contested_and_counted_on_the_pages_of_moderation(client, sort):
    """The queue, the case, the form of anybody, the decision and the appeal of its author, the public figures."""
    thing = each_sort()[sort]
    author, kind = kinds.of(sort).author(thing), kinds.of(sort)
    form = deciding.report_url(thing)
    assert client.get(form).status_code == 200
    case = deciding.report(thing).case
    f.sign_in(client, deciding.make_moderator())
    queue = client.get(reverse("admin:moderation_case_changelist")).content.decode()
    assert str(kind.label).lower() in queue.lower()
    page = client.get(reverse("admin:moderation_case_change", args=[case.pk])).content.decode()
    assert (kind.words(thing).text or kind.words(thing).title).splitlines()[0] in page
    if sort == "idea_photo":
        assert reverse("ideas:photo", args=[thing.key]) in page
    made = deciding.hide(thing, case=case)
    assert [(line.clause, line.hidden) for line in figures.by_year()[0].lines if line.hidden] == [("3.2", 1)]
    f.sign_in(client, author)
    own = client.get(reverse("moderation:own_decision", args=[made.reference]))
    assert own.status_code == 200
    assert client.get(reverse("moderation:own")).status_code == 200
    assert client.get(form).status_code in {403, 404, 410}
    deciding.overturn(made)
    assert kind.is_public(kind.find(deciding.reference_of(thing)))


def test_the_same_comment_again_is_the_same(client):
    """A hidden comment does not come back by sending its form again."""
    author, idea = f.make_resident(public_name="Nadia B."), f.make_idea()
    given = {"idea": idea, "reference": new_reference(), "stance": "for", "body": "Oui.", "at": timezone.now()}
    said = talking.comment(actor=author, **given)
    deciding.hide(said)
    again = talking.comment(actor=author, **given)
    assert (again.pk, again.hidden_at is None) == (said.pk, False)
    idea.refresh_from_db()
    assert idea.comment_count == 0
