"""What the author of an idea does: kept once, counted, said on the register, acknowledged; refused with its sentence."""

import datetime as dt
import json

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from accounts.models import Consent
from ideas import actions, supporting
from ideas.models import HeldText, Idea, IdeaVersion, Photo
from mulhouse import charter
from mulhouse.errors import DomainError, RefusedError
from mulhouse.references import new_reference
from mulhouse.uploads import CleanFile
from notifications.models import OutboundMail, Subscription
from tests import factories as f
from tests.concurrency import run_in_threads
from transparency.models import LineActor, RegisterLine

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def place():
    """A campaign, a theme, and somebody who lives in Mulhouse."""
    return f.make_campaign(), f.make_theme(), f.make_resident()


def words(theme, **fields):
    given = {
        "title": "Des bancs à l’ombre",
        "need": "Il fait **chaud**.",
        "proposal": "Des bancs.",
        "signature": "name",
    }
    return actions.Words(theme=theme, **{**given, **fields})


def draft_of(place, **fields):
    campaign, theme, author = place
    return actions.save_draft(actor=author, campaign=campaign, reference=new_reference(), words=words(theme, **fields))


def publish(place, **fields):
    return actions.publish(actor=place[2], idea=draft_of(place, **fields), at=timezone.now())


def again(row):
    return type(row).objects.get(pk=row.pk)


def lines():
    """The register as published: act, subject, facts; the person is never in it."""
    return [
        (line.act, line.subject, json.loads(line.content)["faits"]) for line in RegisterLine.objects.order_by("number")
    ]


def acts():
    return [act for act, _subject, _facts in lines()]


def refused(call, **arguments):
    before = RegisterLine.objects.count()
    with pytest.raises(RefusedError) as caught:
        call(**arguments)
    assert RegisterLine.objects.count() == before
    return caught.value.code


def photo(name="rue.webp", content=b"pixels"):
    return CleanFile("photo", name, "image/webp", content, 40, 30)


def attach(idea, actor, **fields):
    given = {"upload": photo(), "alt": "Une rue", "is_decorative": False, "at": timezone.now(), **fields}
    return actions.attach(actor=actor, idea=idea, **given)


def stored():
    return default_storage.listdir("idees")[1]


# --- Drafts ----------------------------------------------------------------------------------------------------------


def test_a_draft_keeps_what_is_not_finished_and_says_nothing_in_public(place):
    draft = draft_of(place, title="Des bancs", need="", proposal="")
    assert (draft.published_at, draft.submitted_at, draft.need, draft.author) == (None, None, "", place[2])
    assert (lines(), again(place[0]).idea_count, OutboundMail.objects.count()) == ([], 0, 0)


def test_the_same_reference_is_the_same_draft(place):
    campaign, theme, author = place
    for title in ("Un banc à l’ombre", "Deux bancs à l’ombre"):
        actions.save_draft(actor=author, campaign=campaign, reference="DRAFT123", words=words(theme, title=title))
    assert list(Idea.objects.values_list("title", flat=True)) == ["Deux bancs à l’ombre"]


def test_nobody_is_named_for_an_idea_in_one_s_own_name(place):
    draft = draft_of(place, behalf="oneself", behalf_name="Les Amis du canal")
    assert draft.behalf_name == ""


def test_a_draft_is_changed_by_its_author_until_it_is_published(place):
    campaign, theme, author = place
    draft, published = draft_of(place), publish(place)
    other = words(theme, title="Autre chose encore")
    arguments = {"campaign": campaign, "words": other}
    assert refused(actions.save_draft, actor=f.make_resident(), reference=draft.reference, **arguments) == "not_author"
    assert refused(actions.save_draft, actor=author, reference=published.reference, **arguments) == "published"
    assert {row.title for row in Idea.objects.all()} == {"Des bancs à l’ombre"}


def test_discarding_erases_the_draft_and_its_photos(place, django_capture_on_commit_callbacks):
    draft = draft_of(place)
    attach(draft, place[2])
    assert refused(actions.discard_draft, actor=f.make_resident(), idea=draft) == "not_author"
    with django_capture_on_commit_callbacks(execute=True):
        actions.discard_draft(actor=place[2], idea=draft)
    actions.discard_draft(actor=place[2], idea=draft)  # again: no error
    assert (Idea.objects.count(), Photo.objects.count(), stored()) == (0, 0, [])
    assert refused(actions.discard_draft, actor=place[2], idea=publish(place)) == "published"


# --- Photos ----------------------------------------------------------------------------------------------------------


def test_three_photos_at_most_and_a_place_that_is_left_is_taken(place, django_capture_on_commit_callbacks):
    draft, author = draft_of(place), place[2]
    first, _second, _third = (attach(draft, author) for _ in range(3))
    with pytest.raises(DomainError) as caught:
        attach(draft, author)
    assert (caught.value.code, len(stored())) == ("too_many", 3)  # the fourth was taken back
    with django_capture_on_commit_callbacks(execute=True):
        actions.detach(actor=author, photo=first, at=timezone.now())
    assert (attach(draft, author).position, len(stored())) == (1, 3)


def test_an_idea_takes_no_document(place):
    document = CleanFile("document", "plan.pdf", "application/pdf", b"%PDF-")
    with pytest.raises(DomainError) as caught:
        attach(draft_of(place), place[2], upload=document)
    assert (caught.value.code, Photo.objects.count()) == ("not_a_photo", 0)


def test_a_photo_has_a_name_of_its_own_in_the_storage(place):
    kept = attach(draft_of(place), place[2], upload=photo("../../secret.webp"))
    assert kept.file.name == f"idees/{kept.key}.webp"


def test_photos_are_the_author_s_and_leave_nothing_when_refused(place):
    draft, other, at = draft_of(place), f.make_resident(), timezone.now()
    given = {"upload": photo(), "alt": "", "is_decorative": True, "at": at}
    assert (refused(actions.attach, actor=other, idea=draft, **given), stored()) == ("not_author", [])
    kept = attach(draft, place[2])
    assert refused(actions.detach, actor=other, photo=kept, at=at) == "not_author"
    assert refused(actions.describe, actor=other, photo=kept, alt="À moi", is_decorative=False, at=at) == "not_author"
    assert (again(kept).alt, len(stored())) == ("Une rue", 1)


def test_photos_change_until_the_first_reaction_and_their_words_after_it(place):
    idea, author, at = publish(place), place[2], timezone.now()
    kept = attach(idea, author)
    f.make_support(idea=idea)
    given = {"upload": photo(), "alt": "", "is_decorative": True, "at": at}
    assert refused(actions.attach, actor=author, idea=idea, **given) == "reacted"
    assert refused(actions.detach, actor=author, photo=kept, at=at) == "reacted"
    for _ in range(2):
        actions.describe(actor=author, photo=again(kept), alt="Une rue vide", is_decorative=False, at=at)
    assert again(kept).alt == "Une rue vide"
    assert acts() == ["idea.published", "idea.corrected", "idea.corrected"]


def test_where_everything_is_read_first_photos_do_not_slip_in(place):
    author, at = place[2], timezone.now()
    idea = f.make_idea(campaign=f.make_campaign(moderation="prior"), author=author)
    kept = Photo.objects.create(idea=idea, name="a.webp", alt="Une rue", content_type="image/webp", size=1)
    given = {"upload": photo(), "alt": "", "is_decorative": True, "at": at}
    assert refused(actions.attach, actor=author, idea=idea, **given) == "held"
    assert refused(actions.describe, actor=author, photo=kept, alt="Autre", is_decorative=False, at=at) == "held"
    actions.describe(actor=author, photo=kept, alt=kept.alt, is_decorative=False, at=at)  # nothing changes: no error


# --- Publishing ------------------------------------------------------------------------------------------------------


def test_publishing_counts_dates_signs_acknowledges_and_says_so(place):
    campaign, _theme, author = place
    at = timezone.now()
    idea = again(actions.publish(actor=author, idea=draft_of(place), at=at))
    assert (idea.published_at, idea.submitted_at, idea.stage, idea.stage_at) == (at, at, "support", at)
    assert (idea.supports_until, idea.next_supports) == (f.today() + dt.timedelta(days=campaign.support_days), 50)
    assert (idea.district, idea.charter_version) == (author.district, charter.CURRENT.number)
    assert idea.need_html == "<p>Il fait <strong>chaud</strong>.</p>\n"
    assert again(campaign).idea_count == 1
    facts = {"campagne": campaign.slug, "charte": charter.CURRENT.number}
    assert lines() == [("idea.published", idea.reference, facts)]
    assert LineActor.objects.get().user == author
    assert Consent.objects.get().version == charter.CURRENT.number
    assert list(Subscription.objects.values_list("user", "topic")) == [(author.pk, idea.topic)]


def test_the_acknowledgment_says_the_reference_the_last_day_and_the_first_promise(place):
    idea = publish(place)
    mail = OutboundMail.objects.get()
    assert (mail.to, mail.user, mail.kind) == (place[2].email, place[2], "ideas.published")
    assert idea.reference in mail.subject
    until = f"jusqu’au {(f.today() + dt.timedelta(days=90)).day}"
    wanted = (idea.get_absolute_url(), until, "À 50 soutiens", "La Ville organise\u00a0: rencontre.")
    assert [part for part in wanted if part not in mail.text] == []


def test_publishing_twice_is_publishing_once(place):
    draft = draft_of(place)
    first, second = (actions.publish(actor=place[2], idea=draft, at=timezone.now()) for _ in range(2))
    assert (first.pk, first.published_at) == (second.pk, second.published_at)
    assert (len(lines()), OutboundMail.objects.count(), again(place[0]).idea_count) == (1, 1, 1)


def test_publishing_what_the_rule_refuses_changes_nothing(place):
    draft, at = draft_of(place, need=""), timezone.now()
    assert refused(actions.publish, actor=place[2], idea=draft, at=at) == "unfinished"
    assert refused(actions.publish, actor=f.make_resident(), idea=draft, at=at) == "not_author"
    assert (again(draft).published_at, again(place[0]).idea_count, Consent.objects.count()) == (None, 0, 0)


def test_the_register_never_holds_a_person(place):
    idea = publish(place, title="Mon secret de famille")
    content = RegisterLine.objects.get().content
    author = place[2]
    assert [word for word in (author.email, author.public_name, idea.title) if word in content] == []


@pytest.mark.django_db(transaction=True)
def test_thirty_sends_of_one_draft_publish_one_idea():
    place = f.make_campaign(), f.make_theme(), f.make_resident()
    draft = draft_of(place)
    found = run_in_threads(30, lambda _number: actions.publish(actor=place[2], idea=draft, at=timezone.now()).pk)
    assert set(found) == {draft.pk}
    assert (acts(), again(place[0]).idea_count) == (["idea.published"], 1)
    assert (OutboundMail.objects.count(), Subscription.objects.count()) == (1, 1)


# --- What moderation reads first -------------------------------------------------------------------------------------


def prior(place):
    campaign = f.make_campaign(moderation="prior")
    return campaign, place[1], place[2]


def test_what_is_read_first_is_handed_in_and_not_public(place):
    place = prior(place)
    draft = draft_of(place)
    first, second = (actions.publish(actor=place[2], idea=draft, at=timezone.now()) for _ in range(2))
    assert (first.published_at, first.submitted_at, second.submitted_at) == (
        None,
        first.submitted_at,
        first.submitted_at,
    )
    assert (HeldText.objects.get().cause, acts(), again(place[0]).idea_count) == ("held", ["idea.text_held"], 0)
    assert OutboundMail.objects.filter(kind="ideas.published").count() == 0
    arguments = {"campaign": place[0], "reference": draft.reference, "words": words(place[1])}
    assert refused(actions.save_draft, actor=place[2], **arguments) == "held"


def test_personal_data_that_was_kept_is_read_first(place):
    idea = publish(place, need="Appelez-moi au 06 12 34 56 78.")
    assert (idea.published_at, HeldText.objects.get().cause) == (None, "masking")


# --- Correcting ------------------------------------------------------------------------------------------------------


def correct(idea, where, **fields):
    return actions.correct(actor=where[2], idea=idea, words=words(where[1], **fields), at=timezone.now())


def test_before_any_reaction_a_correction_replaces_the_text(place):
    idea = publish(place)
    correct(idea, place, title="Des bancs au soleil", place="Quai du Fil")
    idea = again(idea)
    assert (idea.title, idea.place, idea.corrected_at) == ("Des bancs au soleil", "Quai du Fil", None)
    assert IdeaVersion.objects.count() == 0
    assert lines()[-1][0::2] == ("idea.corrected", {"campagne": place[0].slug, "apres_reaction": False})


def test_after_a_reaction_the_old_text_stays_readable_and_only_some_words_change(place):
    idea = publish(place)
    supporting.support(actor=f.make_resident(), idea=idea, at=timezone.now())
    correct(idea, place, title="Des bancs au soleil", need="Il fait froid.", place="Quai du Fil")
    correct(idea, place, title="Des bancs au soleil", need="Il fait frais.")
    idea = again(idea)
    assert (idea.title, idea.need, idea.place) == ("Des bancs au soleil", "Il fait frais.", "")
    assert idea.need_html == "<p>Il fait frais.</p>\n"
    assert [(version.number, version.title, version.need) for version in idea.versions.all()] == [
        (2, "Des bancs au soleil", "Il fait froid."),
        (1, "Des bancs à l’ombre", "Il fait **chaud**."),
    ]
    assert (idea.corrected_at is not None, lines()[-1][2]["apres_reaction"]) == (True, True)


def test_correcting_nothing_leaves_no_trace(place):
    idea = publish(place)
    correct(idea, place)
    assert (acts(), again(idea).corrected_at) == (["idea.published"], None)


def test_a_correction_that_is_read_first_leaves_the_text_as_it_is(place):
    idea = publish(place)
    for number in ("06 12 34 56 78", "06 12 34 56 79"):
        correct(idea, place, need=f"Appelez-moi au {number}.")
    assert again(idea).need == "Il fait **chaud**."
    held = HeldText.objects.get()  # the newer takes the place of the one that waits
    assert (held.sort, held.cause, held.words["need"]) == ("correction", "masking", "Appelez-moi au 06 12 34 56 79.")
    correct(idea, place, need="Il fait très chaud.")
    assert (again(idea).need, again(held).is_waiting) == ("Il fait très chaud.", False)


def test_correcting_is_for_the_author_until_the_study(place):
    idea, at = publish(place), timezone.now()
    given = {"idea": idea, "words": words(place[1], title="Autre chose encore"), "at": at}
    assert refused(actions.correct, actor=f.make_resident(), **given) == "not_author"
    Idea.objects.filter(pk=idea.pk).update(stage="study")
    assert refused(actions.correct, actor=place[2], **given) == "studied"


# --- Withdrawing, following ------------------------------------------------------------------------------------------


def test_withdrawing_leaves_the_counts_and_is_said_once(place):
    idea, at = publish(place), timezone.now()
    assert refused(actions.withdraw, actor=f.make_resident(), idea=idea, at=at) == "not_author"
    for _ in range(2):
        actions.withdraw(actor=place[2], idea=idea, at=at)
    assert (again(idea).withdrawn_at, again(place[0]).idea_count) == (at, 0)
    assert acts() == ["idea.published", "idea.withdrawn"]


def test_withdrawing_what_moderation_hid_does_not_count_it_twice(place):
    idea, at = publish(place), timezone.now()
    Idea.objects.filter(pk=idea.pk).update(hidden_at=at)
    actions.withdraw(actor=place[2], idea=idea, at=at)
    assert again(place[0]).idea_count == 1  # hiding takes it from the count, not this


def test_an_idea_under_study_stays(place):
    idea = publish(place)
    Idea.objects.filter(pk=idea.pk).update(stage="study")
    assert refused(actions.withdraw, actor=place[2], idea=idea, at=timezone.now()) == "studied"


def test_following_is_counted_once_and_stops(place):
    idea, person = publish(place), f.make_user()
    for _ in range(2):
        actions.follow(actor=person, idea=idea)
    assert Subscription.objects.filter(user=person, topic=idea.topic).count() == 1
    for _ in range(2):
        actions.unfollow(actor=person, idea=idea)
    assert Subscription.objects.filter(user=person).count() == 0
    Idea.objects.filter(pk=idea.pk).update(hidden_at=timezone.now())
    assert refused(actions.follow, actor=person, idea=again(idea)) == "withdrawn"
