"""Which archives of the idea box are past their time, and what their elimination leaves."""

import datetime as dt

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from accounts.models import User
from ideas import eliminating
from ideas.models import Comment, Idea, IdeaVersion, InternalNote, Photo, Reaction, Stage
from privacy import archives
from tests import factories as f
from tests.ideas.rows import make_answer, make_photo, make_reaction, make_version

pytestmark = pytest.mark.django_db
NOTES, TEXTS = eliminating.CATEGORIES
TODAY = timezone.localdate()
BEFORE = archives.before(NOTES, today=TODAY)
OLD = dt.datetime(BEFORE.year - 1, 12, 31, 12, tzinfo=dt.UTC)
RECENT = dt.datetime(BEFORE.year, 1, 1, 12, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def noted(**fields):
    idea = f.make_idea(**fields)
    InternalNote.objects.create(idea=idea, text="Déjà reçu.", written_at=OLD)
    return idea


def destroy(category, key, capture):
    with capture(execute=True), transaction.atomic():
        category.destroy(key)


def test_both_are_declared_once():
    assert [archives.category(each.code) for each in eliminating.CATEGORIES] == [NOTES, TEXTS]


def test_notes_of_what_is_over_since_a_whole_year_that_is_past(django_capture_on_commit_callbacks):
    campaign = f.make_campaign(slug="edition", title="Édition")
    for stage, at in ((Stage.DECLINED, OLD), (Stage.DECLINED, RECENT), (Stage.STUDY, OLD), (Stage.GOING_ON, OLD)):
        noted(campaign=campaign, stage=stage, stage_at=at)
    (row,) = NOTES.ripe(BEFORE)
    assert (row.key, row.rows, row.last_on) == (f"edition:{OLD.year}", 1, OLD.date())
    assert row.label == f"Notes internes · Édition, {OLD.year}"
    for _ in range(2):
        destroy(NOTES, row.key, django_capture_on_commit_callbacks)
    assert InternalNote.objects.count() == 3
    assert list(NOTES.ripe(BEFORE)) == []


def test_texts_that_went_are_emptied_and_what_is_public_stays(django_capture_on_commit_callbacks):
    campaign = f.make_campaign(slug="edition")
    gone = {"hidden_at": OLD, "hidden_reason": "3.2"}
    idea = f.make_idea(campaign=campaign, place="Le pont", **gone)
    make_version(idea)
    photo = make_photo(idea)
    public = f.make_idea(campaign=campaign)
    said = f.make_idea_comment(idea=public, withdrawn_at=OLD)
    reaction = make_reaction(make_answer(public), **gone)
    kept = f.make_idea_comment(idea=public)
    recent = f.make_idea_comment(idea=public, withdrawn_at=RECENT)
    # The later of the two days: what was withdrawn long ago and hidden since is not old.
    both = f.make_idea_comment(idea=public, withdrawn_at=OLD, hidden_at=RECENT)
    (row,) = TEXTS.ripe(BEFORE)
    assert (row.key, row.rows) == (f"edition:{OLD.year}", 3)
    for _ in range(2):
        destroy(TEXTS, row.key, django_capture_on_commit_callbacks)
    idea.refresh_from_db()
    assert (idea.title, idea.need, idea.need_html, idea.place) == ("—", "—", "", "")
    assert (IdeaVersion.objects.count(), Photo.objects.count()) == (0, 0)
    assert not default_storage.exists(photo.file.name)
    assert (Comment.objects.get(pk=said.pk).body, Reaction.objects.get(pk=reaction.pk).body) == ("—", "—")
    for each in (kept, recent, both):
        assert Comment.objects.get(pk=each.pk).body == each.body
    assert Idea.objects.get(pk=public.pk).title == public.title
    assert list(TEXTS.ripe(BEFORE)) == []


def test_nothing_is_destroyed_while_the_data_of_its_author_is_set_aside():
    author = f.make_resident()
    f.make_idea(author=author, hidden_at=OLD, hidden_reason="Non visible pour le moment")
    f.make_idea_comment(author=author, hidden_at=OLD)
    assert len(list(TEXTS.ripe(BEFORE))) == 2
    User.objects.filter(pk=author.pk).update(limited_since=timezone.now())
    assert list(TEXTS.ripe(BEFORE)) == []
