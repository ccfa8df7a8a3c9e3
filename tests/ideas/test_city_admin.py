"""The staff space of ideas: closed to the others, one screen for a file, few queries, and each role's part."""

import datetime as dt
import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from accounts.roles import ROLES
from ideas import answering, queues, studying
from ideas.models import Answer, Campaign, Event, Idea, InternalNote, Reading, Stage, Study, StudyPart
from ideas.models.studies import CriterionCode
from ideas.studying import Part
from mulhouse.errors import RefusedError
from tests.factories import (
    make_campaign,
    make_idea,
    make_idea_comment,
    make_resident,
    make_service,
    make_staff,
    make_support,
    sign_in,
    today,
)
from tests.ideas.city_rows import AGENT, make_agent, make_answered, make_planned, make_ready, make_studied
from tests.ideas.test_campaigning import make_draft
from tests.ideas.test_city_pages import queries, whole_idea
from transparency import queues as promised
from transparency.models import Promise

pytestmark = pytest.mark.django_db


def url(route, *args):
    return reverse(f"admin:ideas_idea_{route}", args=args)


def campaign_url(route, *args):
    return reverse(f"admin:ideas_campaign_{route}", args=args)


def part_url(part):
    return reverse("admin:ideas_studypart_change", args=[part.pk])


@pytest.fixture
def agent(client):
    user = make_agent()
    sign_in(client, user)
    return user


# The page of each gesture, what it takes, and a stage at which it makes sense.
PAGES = {
    "reading": ("ideas.read_idea", make_idea),
    "study_open": ("ideas.study_idea", make_ready),
    "study_services": ("ideas.study_idea", make_studied),
    "study_synthesis": ("ideas.study_idea", make_studied),
    "study_pause": ("ideas.study_idea", make_studied),
    "answer": ("ideas.answer_idea", make_studied),
    "plan": ("ideas.follow_idea", make_answered),
    "news": ("ideas.follow_idea", make_planned),
    "abandon": ("ideas.follow_idea", make_planned),
}


# --- Closed to the others --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("route", sorted(PAGES))
def test_gesture_is_closed_without_its_permission(client, route):
    permission, make = PAGES[route]
    page = url(route, make().pk)
    for user, status in (
        (None, 302),
        (make_resident(), 302),
        (make_staff(), 403),
        (make_staff(*(name for name in AGENT if name != permission)), 403),
        (make_staff("ideas.view_idea", permission), 200),
    ):
        if user is not None:
            sign_in(client, user)
        assert client.get(page).status_code == status
    if user is not None:
        sign_in(client, make_staff("ideas.view_idea", permission), second_factor=False)
    assert client.get(page).status_code == 302


@pytest.mark.parametrize("page", [url("changelist"), url("rule"), campaign_url("changelist")])
def test_lists_are_closed_without_permission(client, page):
    for user, status in ((None, 302), (make_resident(), 302), (make_staff("consultations.view_contribution"), 403)):
        if user is not None:
            sign_in(client, user)
        assert client.get(page).status_code == status


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        ("agent", True, True),
        ("administrator", True, True),
        ("evaluator", True, False),
        ("desk", False, False),
        ("moderator", False, False),
        ("mediator", False, False),
    ],
)
def test_each_role_has_its_part(client, role, reads, writes):
    ours = sorted(name for name in ROLES[role].permissions if name.startswith("ideas."))
    idea = make_studied()
    sign_in(client, make_staff(*ours))
    assert (client.get(url("change", idea.pk)).status_code == 200) is reads
    for route in ("study_services", "answer"):
        assert (client.get(url(route, idea.pk)).status_code == 200) is writes
    assert (client.get(campaign_url("add")).status_code == 200) is writes
    page = client.get(url("change", idea.pk)).content.decode()
    assert ("Préparer la réponse" in page) is writes


def test_drafts_of_residents_and_what_is_gone_are_not_in_the_list(client, agent):
    make_idea(published=False, title="Brouillon secret")
    gone = make_idea(hidden_at=timezone.now(), title="Texte caché")
    shown = make_idea(title="Un banc")
    page = client.get(url("changelist")).content.decode()
    assert ("Brouillon secret" in page, "Texte caché" in page, "Un banc" in page) == (False, False, True)
    assert client.get(url("change", gone.pk)).status_code == 404
    assert client.get(f"{url('changelist')}?q={shown.reference.lower()}").content.decode().count("Un banc") >= 1


# --- One screen ------------------------------------------------------------------------------------------------------------


def full(rows):
    idea = whole_idea(rows)
    Idea.objects.filter(pk=idea.pk).update(title="Un préau pour l’école Wolf")
    for number in range(rows):
        make_idea_comment(idea=idea, stance="for", criterion="cost")
        make_support(idea=idea, supported_on=today() - dt.timedelta(days=number))
        make_idea(title=f"Un préau pour l’école Koechlin {number}")
        studying.note(actor=make_agent(), idea=idea, text="Appeler l’école.", at=timezone.now())
    return idea


def test_file_is_one_screen(client, agent):
    idea = full(2)
    response = client.get(url("change", idea.pk))
    context = response.context
    assert [number for _day, number in context["days"]] == [1, 1]
    assert (len(context["comments"]), len(context["neighbours"]), len(context["notes"])) == (2, 2, 2)
    page = response.content.decode()
    assert page.count("Proposer de les regrouper") == 2
    for words in (
        "Déplacer le banc.",
        "Appeler l’école.",
        "La Ville le fera.",
        "sur\u00a0: Ordre de coût",
        "On plante.",
    ):
        assert words in page
    assert len(page.encode()) < 90_000


@pytest.mark.parametrize("follow", ["lecture", "prete", "etude", "parts", "reactions", "etapes", "zz"])
def test_filters_of_the_list_answer(client, agent, follow):
    make_studied()
    assert client.get(f"{url('changelist')}?suivi={follow}").status_code == 200


def test_list_says_the_day_promised_and_what_is_late(client, agent):
    late, paused, kept = make_studied(), make_studied(), make_studied()
    day = today() - dt.timedelta(days=1)
    earlier = {"made_on": day, "first_due_on": day, "due_on": day}
    Promise.objects.filter(key__in=(late.reference, paused.reference)).update(**earlier)
    Promise.objects.filter(key=paused.reference).update(paused_on=day)
    page = client.get(f"{url('changelist')}?suivi=retard").content.decode()
    shown = [url("change", idea.pk) in page for idea in (late, paused, kept)]
    assert (shown, page.count(", en retard")) == ([True, False, False], 1)


def awaited(client, idea):
    found = client.get(url("change", idea.pk)).context["next"]
    return found and found[0]


def test_file_says_what_it_waits_for(client, agent):
    assert awaited(client, make_idea()) == "Faire la première lecture"
    assert awaited(client, make_ready()) is None
    idea = make_studied()
    assert awaited(client, idea) is None
    studying.give_part(actor=agent, part=StudyPart.objects.get(study__idea=idea), said=Part("yes"), at=timezone.now())
    assert awaited(client, idea) == "Écrire la synthèse"
    studying.write_synthesis(actor=agent, idea=idea, text="Oui.", seen="")
    assert awaited(client, idea) == "Préparer la réponse"
    assert awaited(client, make_answered(idea=idea)) == "Annoncer des dates"
    assert awaited(client, make_planned()) is None
    sign_in(client, make_staff("ideas.view_idea"))
    assert awaited(client, make_idea()) is None


def test_frozen_campaign_says_what_a_wrong_rule_needs(client, agent):
    page = campaign_url("change", make_campaign().pk)
    assert campaign_url("add") in client.get(page).content.decode()
    sign_in(client, make_staff("ideas.view_campaign"))
    found = client.get(page).content.decode()
    assert ("Préparez une autre campagne" in found, campaign_url("add") in found) == (True, False)


# --- Gestures ----------------------------------------------------------------------------------------------------------------


def reading_data(**changes):
    given = {"seen": "0", "power": "city", "handed_to": ""}
    for code in CriterionCode.values:
        given |= {f"{code}_level": "3", code: f"Raison de {code}."}
    return {**given, **changes}


def test_agent_reads_studies_answers_and_realises(client, agent):
    """The whole way of an idea, from the screens alone."""
    idea, services = make_idea(author=make_resident()), [make_service(), make_service()]
    assert client.post(url("reading", idea.pk), reading_data()).status_code == 302
    assert Reading.objects.get().score == 75
    opened = {"services": [service.pk for service in services], "reason": "Le chantier voisin commence."}
    assert client.post(url("study_open", idea.pk), opened).status_code == 302
    for part in StudyPart.objects.all():
        said = {"feasibility": "yes", "cost_cents": "12500.50", "delay_months": "6"}
        assert client.post(part_url(part), said).status_code == 302
    assert set(StudyPart.objects.values_list("cost_cents", flat=True)) == {1_250_050}
    assert client.post(url("study_synthesis", idea.pk), {"seen": "", "text": "Oui.\r\nVite."}).status_code == 302
    assert Study.objects.get().synthesis == "Oui.\nVite."
    assert client.post(url("study_pause", idea.pk), {"reason": "Nous attendons."}).status_code == 302
    assert client.post(url("study_resume", idea.pk)).status_code == 302
    assert client.post(url("note", idea.pk), {"text": "Appeler."}).status_code == 302
    given = {
        "seen": "0",
        "outcome": "kept",
        "reason": "La Ville le fera.",
        "next_step": "Étude des sols",
        "next_on": (today() + dt.timedelta(days=9)).isoformat(),
        "signatory": "La maire",
        "geste": "apercu",
    }
    preview = client.post(url("answer", idea.pk), given)
    assert (preview.status_code, Answer.objects.count()) == (200, 0)
    assert "Ce que les habitants liront" in preview.content.decode()
    assert client.post(url("answer", idea.pk), {**given, "geste": "publier"}).status_code == 302
    days = {"study": today().isoformat(), "done": (today() + dt.timedelta(days=90)).isoformat()}
    assert client.post(url("plan", idea.pk), days).status_code == 302
    last = idea.milestones.get(step="done")
    moved = {"planned_on": (today() + dt.timedelta(days=120)).isoformat(), "reason": "Le marché."}
    assert client.post(url("step_date", idea.pk, last.pk), moved).status_code == 302
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "#7f9f52").save(file, "JPEG")
    photo = SimpleUploadedFile("IMG_0001.jpg", file.getvalue(), "image/jpeg")
    news = {"text": "On plante.", "happened_on": today().isoformat(), "photo": photo, "alt": "Le chantier"}
    assert client.post(url("news", idea.pk), news).status_code == 302
    assert client.post(url("step", idea.pk, last.pk), {"happened_on": today().isoformat()}).status_code == 302
    idea.refresh_from_db()
    assert idea.stage == Stage.DONE
    shown = Event.objects.get(text="On plante.").photos.get()
    assert (shown.alt, shown.width) == ("Le chantier", 60)
    page = client.get(idea.get_absolute_url()).content.decode()
    assert reverse("ideas:event_photo", args=[shown.key]) in page


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"cost": " "}, "Donnez une raison en une phrase"),
        ({"cost_level": ""}, "Choisissez un niveau."),
        ({"cost_level": "9"}, "Sélectionnez un choix valide"),
        ({"power": "other", "powers_level": "0"}, "Dites à qui l’idée revient."),
        ({"seen": "5"}, "Quelqu’un a publié une lecture"),
    ],
)
def test_wrong_reading_comes_back_with_what_was_typed(client, agent, changes, words):
    idea = make_idea()
    response = client.post(url("reading", idea.pk), reading_data(legality="Le plan local le permet.", **changes))
    page = response.content.decode()
    assert (response.status_code, Reading.objects.count()) == (422, 0)
    assert words in page
    assert "Le plan local le permet." in page


def test_wrong_answer_comes_back_with_what_was_typed(client, agent):
    idea = make_studied()
    given = {"seen": "0", "outcome": "declined", "reason": "Le terrain est vendu."}
    response = client.post(url("answer", idea.pk), {**given, "geste": "publier"})
    page = response.content.decode()
    assert (response.status_code, Answer.objects.count()) == (422, 0)
    assert "Dites ce que l’auteur peut faire ensuite." in page
    assert "Dites la fonction de qui signe, sans son nom." in page
    assert "Le terrain est vendu." in page


def test_photo_without_words_or_that_is_none_is_refused(client, agent):
    idea = make_planned()
    page, said = url("news", idea.pk), {"text": "On plante.", "happened_on": today().isoformat()}
    wrong = SimpleUploadedFile("a.jpg", b"<script>", "image/jpeg")
    assert client.post(page, {**said, "photo": wrong, "alt": "x"}).status_code == 422
    file = io.BytesIO()
    Image.new("RGB", (60, 40)).save(file, "PNG")
    bare = SimpleUploadedFile("a.png", file.getvalue(), "image/png")
    assert client.post(page, {**said, "photo": bare}).status_code == 422
    assert not Event.objects.filter(text="On plante.").exists()


def test_stage_of_another_idea_is_not_found(client, agent):
    idea = make_studied()
    milestone = make_planned().milestones.first()
    assert client.get(url("step", idea.pk, milestone.pk)).status_code == 404


def test_blank_note_is_refused(client, agent):
    idea = make_idea()
    assert client.post(url("note", idea.pk), {"text": " "}).status_code == 302
    assert client.get(url("note", idea.pk)).status_code == 405
    assert not InternalNote.objects.exists()


# --- Campaigns -----------------------------------------------------------------------------------------------------------------


def campaign_data(**changes):
    rows = [{"supports": "50", "name": "Rencontre", "promise": "Une rencontre."}, {}, {}, {}, {}]
    given = {"seuil-TOTAL_FORMS": "5", "seuil-INITIAL_FORMS": "5"}
    for number, row in enumerate(rows):
        given |= {f"seuil-{number}-{name}": row.get(name, "") for name in ("supports", "name", "promise")}
    return {
        "title": "La boîte",
        "summary": "Déposez.",
        "kind": "permanent",
        "opens_on": (today() + dt.timedelta(days=2)).isoformat(),
        "support_days": "90",
        "residency_level": "declared",
        "least_realism": "35",
        "moderation": "after",
        "review_hours": "16",
        "budget": "50000",
        "seuil-0-opens_study": "on",
        **given,
        **changes,
    }


def test_campaign_is_prepared_previewed_and_published(client, agent):
    assert client.post(campaign_url("add"), campaign_data()).status_code == 302
    campaign = Campaign.objects.get()
    assert (campaign.slug, campaign.budget_cents, campaign.thresholds.get().opens_study) == (
        "la-boite",
        5_000_000,
        True,
    )
    page = client.get(campaign_url("change", campaign.pk)).content.decode()
    assert "Chaque idée a 90 jours pour réunir des soutiens" in page
    changed = campaign_data(title="Autre titre", seen=campaign.version)
    assert client.post(campaign_url("change", campaign.pk), changed).status_code == 302
    assert client.post(campaign_url("change", campaign.pk), changed).status_code == 422
    assert client.post(campaign_url("button", campaign.pk, "publier")).status_code == 302
    campaign.refresh_from_db()
    assert (campaign.title, campaign.published_at is not None) == ("Autre titre", True)
    frozen = client.get(campaign_url("change", campaign.pk))
    assert "Règles figées" in frozen.content.decode()
    assert frozen.context["form"] is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"title": ""}, "Ce champ est obligatoire"),
        ({"kind": "edition"}, "Une campagne datée a un dernier jour"),
        ({"seuil-1-supports": "50", "seuil-1-name": "Deux", "seuil-1-promise": "Rien."}, "Deux seuils demandent"),
        ({"seuil-1-supports": "60"}, "Donnez un nom à ce seuil."),
        ({"seuil-0-supports": "-3"}, "supérieure ou égale à 1"),
    ],
)
def test_wrong_campaign_comes_back_with_what_was_typed(client, agent, changes, words):
    response = client.post(campaign_url("add"), campaign_data(summary="Pour tous les quartiers.", **changes))
    page = response.content.decode()
    assert (response.status_code, Campaign.objects.count()) == (422, 0)
    assert words in page
    assert "Pour tous les quartiers." in page


def test_incomplete_campaign_has_no_button_and_a_writer_does_not_publish(client):
    draft = make_draft(thresholds=())
    sign_in(client, make_agent())
    response = client.get(campaign_url("change", draft.pk))
    assert [button.name for button, _url in response.context["buttons"]] == ["supprimer"]
    assert "Il faut au moins un seuil" in response.content.decode()
    whole = make_draft()
    writer = make_staff("ideas.view_campaign", "ideas.change_campaign")
    sign_in(client, writer)
    assert client.post(campaign_url("button", whole.pk, "publier")).status_code == 403
    whole.refresh_from_db()
    assert whole.published_at is None


def test_reader_sees_frozen_rules_and_no_draft(client):
    draft, public = make_draft(title="Brouillon secret"), make_campaign(title="La boîte")
    sign_in(client, make_staff("ideas.view_campaign"))
    assert client.get(campaign_url("change", draft.pk)).status_code == 404
    assert client.get(campaign_url("change", public.pk)).status_code == 200
    page = client.get(campaign_url("changelist")).content.decode()
    assert ("Brouillon secret" in page, "La boîte" in page) == (False, True)


# --- Queues --------------------------------------------------------------------------------------------------------------------


def lines(user, at=None):
    at = at or timezone.now()
    items = [*queues.ideas(user, at), *promised.promises(user, at)]
    return {item.label: (item.count, item.late) for item in items}


def test_queues_are_those_of_each_permission(django_assert_num_queries):
    idea = make_studied(author=make_resident())
    make_ready()
    answered = make_answered(idea=make_studied(author=make_resident()))
    answering.react(actor=answered.author, answer=answered.answers.get(), body="Merci.", at=timezone.now())
    late = make_planned()
    late.milestones.filter(step="study").update(planned_on=today() - dt.timedelta(days=1))
    make_draft()
    nobody = make_staff()
    nobody.has_perm("ideas.view_idea")
    with django_assert_num_queries(0):
        assert queues.ideas(nobody, timezone.now()) == []
    assert lines(make_staff("ideas.study_idea")) == {
        "Idées prêtes pour l’étude": (1, 0),
        "Parts d’étude attendues des services": (1, 0),
    }
    assert lines(make_staff("ideas.answer_idea")) == {
        "Réponses dues à des idées étudiées": (1, 0),
        "Réactions d’auteurs à une réponse": (1, 0),
    }
    assert lines(make_staff("ideas.follow_idea")) == {"Étapes de réalisation dont la date est passée": (1, 1)}
    assert lines(make_staff("ideas.change_campaign")) == {"Campagnes d’idées enregistrées, non publiées": (1, 0)}
    later = timezone.now() + dt.timedelta(days=61)
    user = make_agent()
    lines(user)
    with django_assert_num_queries(2):
        found = lines(user, later)
    assert found["Réponses dues à des idées étudiées"] == (1, 1)
    assert found["Parts d’étude attendues des services"] == (1, 1)
    assert idea.stage == Stage.STUDY


def test_parts_are_shared_by_service(client, agent):
    make_studied(services=2)
    parts = list(StudyPart.objects.order_by("service__name").select_related("service"))
    item = next(item for item in queues.ideas(agent, timezone.now()) if "Parts" in item.label)
    assert [(share.service, share.count) for share in item.shares] == [(part.service.name, 1) for part in parts]
    studying.give_part(actor=agent, part=parts[0], said=Part("yes"), at=timezone.now())
    item = next(item for item in queues.ideas(agent, timezone.now()) if "Parts" in item.label)
    assert [share.service for share in item.shares] == [parts[1].service.name]
    assert client.get(reverse("admin:index")).status_code == 200


# --- The agents of a service -----------------------------------------------------------------------------------------------------

PARTS = reverse("admin:ideas_studypart_changelist")
SERVICE = tuple(sorted(ROLES["service"].permissions))
GIVEN = {"feasibility": "yes", "cost_cents": "900", "delay_months": "4"}


def agent_of(part):
    return make_staff(*SERVICE, service=part.service)


def studied_by_two(**fields):
    """An idea asked of two services: the first has not answered, the second has, and agents wrote to each other."""
    idea = make_studied(services=2, author=make_resident(), **fields)
    own, other = StudyPart.objects.filter(study__idea=idea).order_by("pk")
    conditioned = Part("if", condition="Condition de l’autre service.")
    studying.give_part(actor=make_agent(), part=other, said=conditioned, at=timezone.now())
    studying.write_synthesis(actor=make_agent(), idea=idea, text="Synthèse entre agents.", seen="")
    studying.note(actor=make_agent(), idea=idea, text="Note entre agents.", at=timezone.now())
    return idea, own, other


SECRETS = ("Condition de l’autre service.", "Synthèse entre agents.", "Note entre agents.")


def test_agent_of_a_service_opens_their_part_and_no_other_page(client):
    idea, own, other = studied_by_two()
    user = agent_of(own)
    sign_in(client, user)
    for route in sorted(PAGES):
        assert client.get(url(route, idea.pk)).status_code == 403
    for page in (
        url("changelist"),
        url("rule"),
        url("change", idea.pk),
        campaign_url("changelist"),
        campaign_url("add"),
    ):
        assert client.get(page).status_code == 403
    assert client.post(url("note", idea.pk), {"text": "Non."}).status_code == 403
    assert client.post(url("study_resume", idea.pk)).status_code == 403
    assert client.get(part_url(other)).status_code == 404
    assert client.post(part_url(other), GIVEN).status_code == 404
    assert client.get(part_url(own)).status_code == 200
    assert sign_in(Client(), user, second_factor=False).get(part_url(own)).status_code == 302


def test_part_is_closed_to_the_others(client):
    _idea, own, _other = studied_by_two()
    for user, status in (
        (None, 302),
        (make_resident(), 302),
        (make_staff(), 403),
        (make_staff("ideas.study_idea", "ideas.view_idea"), 403),
        (make_staff(*SERVICE), 404),
        (make_staff(*SERVICE, service=make_service()), 404),
        (make_staff(service=own.service), 403),
        (make_agent(), 200),
    ):
        if user is not None:
            sign_in(client, user)
        assert client.get(part_url(own)).status_code == status


def test_agent_of_a_service_reads_nothing_that_agents_write_to_each_other(client):
    idea, own, other = studied_by_two(title="Un préau pour l’école Wolf")
    make_idea_comment(idea=idea, body="J’en rêve.")
    near = make_idea(title="Un préau pour l’école Koechlin")
    sign_in(client, agent_of(own))
    page = client.get(part_url(own)).content.decode()
    assert [words for words in SECRETS if words in page] == []
    assert ("J’en rêve." in page, near.get_absolute_url() in page, url("change", near.pk) in page) == (
        True,
        True,
        False,
    )
    found = client.get(PARTS).content.decode()
    assert (part_url(own) in found, part_url(other) in found, other.service.name in found) == (True, False, False)
    sign_in(client, make_agent())
    page = client.get(part_url(own)).content.decode()
    assert [words for words in SECRETS if words in page] == list(SECRETS)


def test_agent_of_a_service_gives_their_part_and_reads_it_once_the_city_has_answered(client):
    idea, own, _other = studied_by_two()
    user = agent_of(own)
    sign_in(client, user)
    wrong = client.post(part_url(own), {**GIVEN, "feasibility": "if", "constraint": "Le réseau d’eau."})
    assert (wrong.status_code, "Le réseau d’eau." in wrong.content.decode()) == (422, True)
    response = client.post(part_url(own), GIVEN)
    assert (response.status_code, response["Location"]) == (302, PARTS)
    own.refresh_from_db()
    assert (own.feasibility, own.cost_cents, own.agent) == ("yes", 90_000, user)
    make_answered(idea=idea)
    page = client.get(part_url(own))
    assert (page.status_code, page.context["form"], "La Ville le fera." in page.content.decode()) == (200, None, True)
    assert "Condition de l’autre service." not in page.content.decode()
    late = client.post(part_url(own), {**GIVEN, "feasibility": "no", "constraint": "Trop tard."})
    assert (late.status_code, "Trop tard." in late.content.decode()) == (422, True)
    own.refresh_from_db()
    assert own.feasibility == "yes"


def test_action_refuses_the_part_of_another_service():
    _idea, own, other = studied_by_two()
    with pytest.raises(RefusedError) as refused:
        studying.give_part(actor=agent_of(own), part=other, said=Part("yes"), at=timezone.now())
    assert refused.value.code == "not_allowed"


def test_queue_of_a_service_counts_its_parts_alone(client, django_assert_num_queries):
    _idea, own, other = studied_by_two()
    user, free, done = agent_of(own), make_staff(*SERVICE), agent_of(other)
    for each in (user, free, done):
        each.has_perm("ideas.view_idea")
    later = timezone.now() + dt.timedelta(days=61)
    with django_assert_num_queries(1):
        found = queues.own_parts(user, later)
    assert [(item.count, item.late, item.url) for item in found] == [(1, 1, f"{PARTS}?etat=attendue")]
    with django_assert_num_queries(0):
        assert queues.own_parts(free, later) == []
    assert queues.own_parts(done, later) == []
    assert queues.own_parts(make_agent(), later) == []
    sign_in(client, user)
    assert "Parts d’étude à rendre par votre service" in client.get(reverse("admin:index")).content.decode()


@pytest.mark.parametrize(
    ("state", "shown"), [("attendue", {"own"}), ("rendue", {"other"}), ("retard", set()), ("zz", {"own", "other"})]
)
def test_parts_are_filtered_by_state(client, agent, state, shown):
    _idea, own, other = studied_by_two()
    page = client.get(f"{PARTS}?etat={state}").content.decode()
    assert {name for name, part in (("own", own), ("other", other)) if part_url(part) in page} == shown


# --- What each page costs ---------------------------------------------------------------------------------------------------------

# Literal counts, whatever the number of rows.
COSTS = {
    "changelist": 6,
    "rule": 6,
    "parts": 6,
    "home": 5,
    "change": 10,
    "part": 11,
    "reading": 11,
    "study_open": 12,
    "study_services": 11,
    "study_synthesis": 11,
    "study_pause": 10,
    "answer": 11,
    "plan": 11,
    "news": 10,
    "abandon": 10,
}


def around(idea, rows):
    """Give an idea so many comments, days of support, neighbours, notes and services, and the lists so many rows."""
    Idea.objects.filter(pk=idea.pk).update(title="Un préau pour l’école Wolf")
    for number in range(rows):
        make_idea_comment(idea=idea, stance="for", criterion="cost")
        make_support(idea=idea, supported_on=today() - dt.timedelta(days=number))
        make_idea(title=f"Un préau pour l’école Koechlin {number}")
        studying.note(actor=make_agent(), idea=idea, text="Appeler l’école.", at=timezone.now())
        make_ready(), make_studied()
    if Study.objects.running().filter(idea=idea).exists():
        services = [make_service() for _ in range(rows)]
        studying.ask_parts(actor=make_agent(), idea=idea, services=services, at=timezone.now())


def cost(client, page, rows):
    idea = PAGES[page][1]() if page in PAGES else make_studied()
    around(idea, rows)
    address = {
        "parts": lambda: PARTS,
        "home": lambda: reverse("admin:index"),
        "part": lambda: part_url(StudyPart.objects.filter(study__idea=idea).earliest("pk")),
        "changelist": lambda: url(page),
        "rule": lambda: url(page),
    }.get(page, lambda: url(page, idea.pk))()
    client.get(address)
    return queries(client, address)


@pytest.mark.parametrize("page", COSTS)
def test_page_costs_the_same_at_one_three_and_ten_rows(client, agent, page):
    assert [cost(client, page, rows) for rows in (1, 3, 10)] == [COSTS[page]] * 3
