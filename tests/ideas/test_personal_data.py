"""What is given back to somebody of the idea box, what is left of them when they go, and who reads the names of supporters: nobody."""

import datetime as dt

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import actions as accounts_actions
from accounts import exports
from city.models import Service
from ideas import actions, personal_data, supporting, talking
from ideas.models import (
    Comment,
    HeldText,
    Idea,
    IdeaVersion,
    InternalNote,
    Photo,
    Reaction,
    Reading,
    Stage,
    Study,
    StudyPart,
    Support,
)
from ideas.models.campaigns import ModerationMode
from moderation.models import Case
from mulhouse import personal_data as registry
from mulhouse.references import new_reference
from opendata import datasets, writing
from tests import factories as f
from tests.ideas.rows import make_answer, make_photo, make_reaction, make_version
from transparency import recounting

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def exported(model, user):
    return list(next(found for found in personal_data.HOLDINGS if found.model is model).export(user))


def close(user, capture):
    with capture(execute=True):
        accounts_actions.close_account(user=user)


def study(idea, agent):
    """What an agent does of an idea: reading, study, note."""
    Reading.objects.create(idea=idea, number=1, agent=agent, score=50, published_at=NOW)
    opened = Study.objects.create(idea=idea, opened_at=NOW, ground="La plus soutenue.")
    service = Service.objects.order_by("pk").first() or f.make_service()
    StudyPart.objects.create(study=opened, service=service, agent=agent, feasibility="yes", asked_at=NOW, given_at=NOW)
    InternalNote.objects.create(idea=idea, agent=agent, text="Habite au 4.", written_at=NOW)


def test_every_table_with_a_person_is_declared():
    user = get_user_model()
    linked = {
        model
        for model in (Comment, HeldText, Idea, InternalNote, Reaction, Reading, StudyPart)
        if any(field.related_model is user for field in model._meta.concrete_fields)
    }
    assert {holding.model for holding in personal_data.HOLDINGS} == {*linked, Support}
    assert {holding.model for holding in personal_data.HOLDINGS} <= {each.model for each in registry.holdings()}


def test_export_holds_one_s_own_words_and_files_only():
    user, other = f.make_resident(public_name="Nadia B."), f.make_resident(public_name="Ali C.")
    mine, theirs = f.make_idea(author=user, title="Un banc", place="Quai du Fil"), f.make_idea(author=other)
    make_version(mine, title="Un siège")
    make_photo(mine, b"pixels")
    f.make_idea(author=user, title="Un brouillon", published=False)
    f.make_idea_comment(idea=theirs, author=user, body="Oui.", stance="for", criterion="cost")
    f.make_support(idea=theirs, user=user, is_verified=True)
    make_reaction(make_answer(mine), body="Merci bien.")
    found = exported(Idea, user)
    assert [(each["titre"], each["lieu"], each["publiee_le"] is None) for each in found] == [
        ("Un banc", "Quai du Fil", False),
        ("Un brouillon", "", True),
    ]
    assert [version["titre"] for version in found[0]["versions_precedentes"]] == ["Un siège"]
    assert [(each["texte"], each["sens"], each["critere"]) for each in exported(Comment, user)] == [
        ("Oui.", "Pour", "Ordre de coût")
    ]
    assert exported(Support, user) == [
        {"idee": theirs.reference, "canal": "en ligne", "residence": "vérifiée", "jour": f.today()}
    ]
    assert [each["texte"] for each in exported(Reaction, user)] == ["Merci bien."]
    assert [each["reference"] for each in exported(Idea, other)] == [theirs.reference]
    assert [exported(model, other) for model in (Comment, Support, Reaction)] == [[], [], []]
    holding = next(each for each in personal_data.HOLDINGS if each.model is Idea)
    files = [(name, content.read()) for name, content in holding.files(user)]
    assert files == [(found[0]["photos"][0]["dans_l_archive"], b"pixels")]


def test_what_waits_is_given_back():
    user = f.make_resident(public_name="Nadia B.")
    idea = f.make_idea(campaign=f.make_campaign(moderation=ModerationMode.PRIOR))
    talking.comment(actor=user, idea=idea, reference=new_reference(), stance="for", body="Oui.", at=timezone.now())
    (row,) = exported(HeldText, user)
    assert (row["sorte"], row["idee"], row["texte"]) == ("Commentaire", idea.reference, {"body": "Oui."})
    assert "Oui." in str(exports.data_of(user))


def test_an_agent_is_told_what_they_did_without_its_words():
    agent, idea = f.make_staff(), f.make_idea()
    study(idea, agent)
    for model in (Reading, StudyPart, InternalNote):
        assert exported(model, agent) == [{"idee": idea.reference, "le": NOW}]
        assert exported(model, f.make_staff()) == []


def test_closing_an_account_leaves_texts_without_a_name(django_capture_on_commit_callbacks):
    user = f.make_resident(public_name="Nadia B.")
    idea = f.make_idea(author=user, title="Un banc")
    kept = make_photo(idea)
    draft_photo = make_photo(f.make_idea(author=user, published=False))
    said = f.make_idea_comment(author=user, body="Oui.")
    reaction = make_reaction(make_answer(idea))
    close(user, django_capture_on_commit_callbacks)
    for row in (idea, said, reaction):
        row.refresh_from_db()
        assert row.author is None
    assert (idea.title, said.body, reaction.body, idea.is_visible) == ("Un banc", "Oui.", "Merci.", True)
    assert list(Photo.objects.all()) == [kept]
    assert default_storage.exists(kept.file.name)
    assert not default_storage.exists(draft_photo.file.name)
    assert Client().get(idea.get_absolute_url()).status_code == 200
    assert "Nadia" not in Client().get(idea.get_absolute_url()).content.decode()
    assert recounting.recount("ideas", repair=False) == []


@pytest.mark.parametrize("gone", [{"withdrawn_at": NOW}, {"hidden_at": NOW, "hidden_reason": "3.2"}])
def test_what_was_withdrawn_or_hidden_is_emptied(gone, django_capture_on_commit_callbacks):
    user = f.make_resident()
    idea = f.make_idea(author=user, place="Quai du Fil", behalf="association", behalf_name="Les amis", **gone)
    make_version(idea)
    photo = make_photo(idea)
    said = f.make_idea_comment(author=user, **gone)
    reaction = make_reaction(make_answer(idea), **gone)
    close(user, django_capture_on_commit_callbacks)
    for row in (idea, said, reaction):
        row.refresh_from_db()
    assert (idea.title, idea.need, idea.need_html, idea.place, idea.behalf_name) == ("—", "—", "", "", "")
    assert (said.body, said.body_html, reaction.body) == ("—", "", "—")
    assert (IdeaVersion.objects.count(), Photo.objects.count()) == (0, 0)
    assert not default_storage.exists(photo.file.name)


def test_supports_are_withdrawn_while_counted_and_unlinked_after(django_capture_on_commit_callbacks):
    user = f.make_resident()
    running, over = f.make_idea(), f.make_idea(stage=Stage.STUDY)
    ended = f.make_idea(supports_until=f.today() - dt.timedelta(days=1))
    for idea in (running, over, ended):
        f.make_support(idea=idea, user=user)
    close(user, django_capture_on_commit_callbacks)
    for idea in (running, over, ended):
        idea.refresh_from_db()
    assert [idea.declared_count for idea in (running, over, ended)] == [0, 1, 1]
    assert list(Support.objects.values_list("person", flat=True)) == [None, None]


def test_what_waits_goes_with_its_case(django_capture_on_commit_callbacks):
    user, campaign = f.make_resident(public_name="Nadia B."), f.make_campaign(moderation=ModerationMode.PRIOR)
    words = actions.Words(title="Un banc", need="x", proposal="y", signature="name", theme=f.make_theme())
    draft = actions.save_draft(actor=user, campaign=campaign, reference=new_reference(), words=words)
    actions.publish(actor=user, idea=draft, at=timezone.now())
    close(user, django_capture_on_commit_callbacks)
    assert (HeldText.objects.count(), Idea.objects.count(), Case.objects.waiting().count()) == (0, 0, 0)


def test_the_work_of_an_agent_stays_without_them(django_capture_on_commit_callbacks):
    agent, idea = f.make_staff(), f.make_idea()
    study(idea, agent)
    # Whoever has a role gives it back first.
    type(agent).objects.filter(pk=agent.pk).update(is_staff=False)
    agent.refresh_from_db()
    close(agent, django_capture_on_commit_callbacks)
    for model in (Reading, StudyPart, InternalNote):
        assert list(model.objects.values_list("agent", flat=True)) == [None]


# --- Who supports what -----------------------------------------------------------------------------------------------------


def test_no_table_of_staff_holds_supports():
    assert Support not in admin.site._registry  # noqa: SLF001 (Django gives no other list)
    for table in admin.site._registry.values():  # noqa: SLF001
        assert Support not in {inline.model for inline in table.inlines}, table


def test_nobody_reads_who_supported_what_not_even_the_superuser(client):
    supporter = f.make_resident(public_name="Zébulon", email="zebulon@exemple.fr")
    idea = f.make_idea()
    supporting.support(actor=supporter, idea=idea, at=timezone.now())
    everybody = f.make_user(is_staff=True, is_superuser=True)
    for person in (None, f.make_resident(), idea.author, everybody):
        client.logout()
        if person is not None:
            f.sign_in(client, person)
        pages = [idea.get_absolute_url(), idea.campaign.get_absolute_url(), "/idees/", "/registre/"]
        if person is everybody:
            pages += [
                reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
                for model in admin.site._registry  # noqa: SLF001
                if model._meta.app_label == "ideas"
            ]
        for page in pages:
            text = client.get(page).content.decode()
            assert [word for word in ("Zébulon", "zebulon@") if word in text] == [], (page, person)
    for dataset in datasets.all_of_them():
        if dataset.code.startswith("idees"):
            assert "Zébulon" not in b"".join(writing.json_chunks(dataset)).decode()
