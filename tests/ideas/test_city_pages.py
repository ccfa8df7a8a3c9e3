"""What everybody reads of the city's work: the rule and its lists, the gallery, the file of an idea, in few queries."""

import datetime as dt
import gzip
import uuid
from html import unescape

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from commitments.photos import Photo
from ideas import answering, following, realising, studying
from ideas.models import Answer, Event, EventPhoto, Idea, Milestone, Stage, StudyPart
from ideas.models.studies import CriterionCode
from ideas.studying import Part
from mulhouse import memory
from tests.factories import make_campaign, make_district, make_idea, make_resident, sign_in, today
from tests.ideas.city_rows import make_agent, make_answered, make_planned, make_ready, make_studied, read

pytestmark = pytest.mark.django_db
RULE, REALISED = reverse("ideas:rule"), reverse("ideas:realised")


def queries(client, address):
    cache.clear()
    memory.client().flushdb()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


# --- The rule ------------------------------------------------------------------------------------------------------------


def test_rule_lists_who_comes_next_and_why(client):
    first, second = make_ready(supports=200, title="Un préau"), make_ready(supports=120, title="Un banc")
    short = make_idea(title="Une fontaine", declared_count=40)
    response = client.get(RULE)
    assert [(line.rank, line.title, line.points) for line in response.context["coming"]] == [
        (1, "Un préau", 150),
        (2, "Un banc", 90),
    ]
    assert [(line.title, line.why) for line in response.context["others"]] == [
        ("Une fontaine", ["Il manque 60 soutiens.", "Sa première lecture n’est pas encore faite."])
    ]
    page = response.content.decode()
    for idea in (first, second, short):
        assert f'href="{idea.get_absolute_url()}"' in page
    assert "La Ville a 60 jours, dès que les soutiens sont réunis" in page
    assert page.count('<circle class="p0"') == 2
    assert "style=" not in page.partition("<main")[2]


def test_rule_explains_ties(client):
    now = timezone.now()
    older, later = (make_ready(supports=100, passed_at=now - dt.timedelta(days=day)) for day in (4, 2))
    coming = client.get(RULE).context["coming"]
    assert [line.title for line in coming] == [older.title, later.title]
    assert coming[0].why[1].startswith("À égalité avec la suivante\u00a0: son seuil a été atteint avant, le ")
    assert len(coming[1].why) == 1


def test_rule_leaves_out_what_is_gone_or_decided(client):
    make_answered()
    make_idea(withdrawn_at=timezone.now())
    make_idea(hidden_at=timezone.now())
    make_idea(published=False)
    context = client.get(RULE).context
    assert (context["coming"], context["others"]) == ([], [])
    assert "Aucune idée ne remplit encore les deux conditions" in client.get(RULE).content.decode()


def test_rule_is_paged_on_both_sides(client, monkeypatch):
    monkeypatch.setattr("ideas.rule_page.NEXT_SIZE", 2)
    monkeypatch.setattr("ideas.rule_page.OTHERS_SIZE", 2)
    ready = [make_ready(supports=supports) for supports in (300, 200, 150)]
    others = [make_idea(declared_count=count) for count in (40, 30, 20)]
    first = client.get(RULE).context
    assert [line.title for line in first["coming"]] == [idea.title for idea in ready[:2]]
    assert [line.title for line in first["others"]] == [idea.title for idea in others[:2]]
    second = client.get(f"{RULE}?suite=2").context
    assert [(line.rank, line.title) for line in second["coming"]] == [(3, ready[2].title)]
    after = client.get(f"{RULE}?apres={others[1].reference}").context
    assert [line.title for line in after["others"]] == [others[2].title]
    for wrong in ("?suite=0", "?suite=zz", "?suite=99999999999", "?apres=%00", "?apres=ZZZZZZZZ"):
        assert client.get(RULE + wrong).status_code == 200


def test_rule_costs_the_same_at_one_and_three_rows(client):
    make_ready(), make_idea(declared_count=5)
    assert queries(client, RULE) == 4
    for _ in range(2):
        make_ready(), make_idea(declared_count=5)
    assert queries(client, RULE) == 4


def test_whole_pages_of_the_rule_are_light(client):
    long = "Un titre aussi long qu’un habitant peut l’écrire pour dire ce qu’il veut, où, et pour qui, avec son numéro "
    for number in range(21):
        make_ready(title=f"{long}{number}")
        make_idea(title=f"{long}{number}", declared_count=number)
    page = client.get(RULE)
    assert (len(page.context["coming"]), len(page.context["others"])) == (20, 20)
    assert len(gzip.compress(page.content)) <= 15_000


# --- The gallery ---------------------------------------------------------------------------------------------------------


def make_done(*, photo=False, **fields):
    idea = make_idea(stage=Stage.DONE, **fields)
    Milestone.objects.create(
        idea=idea, step="done", planned_on=today(), first_planned_on=today(), done_on=today() - dt.timedelta(days=3)
    )
    event = Event.objects.create(idea=idea, kind="step", step="done", happened_on=today(), published_at=timezone.now())
    if photo:
        EventPhoto.objects.create(event=event, file="idees/a.webp", alt="Le préau", content_type="image/webp")
    return idea


def test_gallery_shows_what_is_realised_with_its_photo_and_place(client):
    district = make_district()
    done = make_done(photo=True, place_district=district, title="Un préau")
    going = make_planned()
    Idea.objects.filter(pk=going.pk).update(title="Un banc")
    make_idea(title="Une fontaine")
    response = client.get(REALISED)
    card = response.context["cards"][0]
    assert (card.title, card.where, card.photo.alt) == (done.title, district.name, "Le préau")
    assert card.when.startswith("Réalisée le ")
    assert [(str(tab.label), tab.count) for tab in response.context["states"]] == [
        ("Réalisées", 1),
        ("En réalisation", 1),
        ("Abandonnées", 0),
    ]
    assert [card.title for card in client.get(f"{REALISED}?etat=en-cours").context["cards"]] == ["Un banc"]
    assert client.get(f"{REALISED}?etat=abandonnees").context["cards"] == []
    assert [(tab.label, tab.count) for tab in response.context["districts"]] == [(district.name, 1)]
    make_done(place_district=make_district())
    assert len(client.get(f"{REALISED}?quartier={district.slug}").context["cards"]) == 1


def test_gallery_stands_on_a_map_that_its_table_says_again(client):
    here, elsewhere = make_district(map_column=1, map_row=1), make_district(map_column=2, map_row=1)
    for _ in range(2):
        make_done(place_district=here)
    Idea.objects.filter(pk=make_planned().pk).update(place_district=elsewhere)
    make_done(place_district=elsewhere, hidden_at=timezone.now())

    def shown(query):
        response = client.get(REALISED + query)
        html = unescape(response.content.decode())
        drawn = [each for each in response.context["groups"] if each.name in (here.name, elsewhere.name)]
        links = [(each.count, html.count(f'href="{each.url}#liste"') if each.url else 0) for each in drawn]
        return links, '<svg class="plan"' in html

    assert shown("") == ([(2, 2), (0, 0)], True)
    assert shown("?etat=en-cours") == ([(0, 0), (1, 2)], True)
    assert shown("?etat=abandonnees") == ([(0, 0), (0, 0)], False)
    assert len(client.get(f"{REALISED}?quartier={here.slug}").context["cards"]) == 2


def test_gallery_leaves_out_what_is_gone_and_pages(client, monkeypatch):
    monkeypatch.setattr("ideas.realised_page.PAGE_SIZE", 2)
    make_done(hidden_at=timezone.now())
    rows = [make_done(published_at=timezone.now() - dt.timedelta(days=day)) for day in (1, 2, 3)]
    response = client.get(REALISED)
    assert [card.title for card in response.context["cards"]] == [idea.title for idea in rows[:2]]
    after = client.get(response.context["pages"].next_url)
    assert [card.title for card in after.context["cards"]] == [rows[2].title]


def test_gallery_costs_the_same_at_one_and_three_rows(client):
    make_done(photo=True, place_district=make_district())
    assert queries(client, REALISED) == 4
    for _ in range(2):
        make_done(photo=True, place_district=make_district())
    assert queries(client, REALISED) == 4


def test_photo_is_sent_as_long_as_its_idea_is_public(client):
    idea = make_done()
    name = default_storage.save("idees/b.webp", ContentFile(b"RIFF"))
    photo = EventPhoto.objects.create(event=Event.objects.get(), file=name, alt="x", content_type="image/webp")
    address = reverse("ideas:event_photo", args=[photo.key])
    response = client.get(address)
    assert (response.status_code, response["Content-Type"]) == (200, "image/webp")
    response.getvalue()
    assert client.get(reverse("ideas:event_photo", args=[uuid.uuid4()])).status_code == 404
    Idea.objects.filter(pk=idea.pk).update(hidden_at=timezone.now())
    assert client.get(address).status_code == 404


# --- The file of an idea ---------------------------------------------------------------------------------------------------


def whole_idea(rows=1):
    """An idea of which everything was said, `rows` times each."""
    idea = make_studied(services=rows, author=make_resident())
    for part in StudyPart.objects.filter(study__idea=idea):
        said = Part(feasibility="if", condition="Déplacer le banc.", cost_cents=900_000, delay_months=6)
        studying.give_part(actor=make_agent(), part=part, said=said, at=timezone.now())
    for _ in range(rows):
        read(idea, level=4)
    make_answered(idea=idea)
    for _ in range(rows - 1):
        make_answered(idea=idea, correction="Le coût.")
    answering.react(actor=idea.author, answer=idea.answers.first(), body="Merci.", at=timezone.now())
    planned = dict(list({"study": 5, "works": 50, "done": 100}.items())[-rows:])
    realising.plan(
        actor=make_agent(),
        idea=idea,
        days={step: today() + dt.timedelta(days=day) for step, day in planned.items()},
        at=timezone.now(),
    )
    photo = Photo(name="idees/a.webp", alt="Le chantier", width=60, height=40)
    for _ in range(rows):
        realising.add_news(
            actor=make_agent(), idea=idea, text="On plante.", happened_on=today(), photos=[photo], at=timezone.now()
        )
    idea.refresh_from_db()
    return idea


@pytest.mark.parametrize("rows", [1, 3])
def test_file_holds_everything_in_four_queries(django_assert_num_queries, rows):
    idea = whole_idea(rows)
    with django_assert_num_queries(4):
        file = following.public_file(idea, today=today())
        counts = (
            len(file.readings),
            len(file.answers),
            len(file.parts),
            len(file.timeline),
            len(file.events),
            len(file.events[0].photos),
        )
    # Reading before the study, and the news of the calendar.
    assert counts == (rows + 1, rows, rows, rows, rows + 1, 1)
    assert (file.reading.score, file.answer.number, str(file.stage.label)) == (100, rows, "En réalisation")
    assert [(clock.kind, clock.is_kept) for clock in file.clocks] == [("idea.study", True)]
    assert file.answer.reaction == "<p>Merci.</p>\n" or "Merci." in file.answer.reaction


def test_parts_and_synthesis_are_not_public_before_the_answer(client):
    idea = make_studied()
    part = StudyPart.objects.get()
    said = Part(feasibility="no", constraint="Une conduite d’eau secrète.")
    studying.give_part(actor=make_agent(), part=part, said=said, at=timezone.now())
    studying.write_synthesis(actor=make_agent(), idea=idea, text="Synthèse secrète.", seen="")
    studying.note(actor=make_agent(), idea=idea, text="Note secrète.", at=timezone.now())
    page = client.get(idea.get_absolute_url()).content.decode()
    assert part.service.name in page
    assert "secrète" not in page
    make_answered(idea=idea, outcome="declined", remedy="Déposez-la autrement.")
    page = client.get(idea.get_absolute_url()).content.decode()
    assert "Une conduite d’eau secrète." in page
    assert "Synthèse secrète." not in page
    assert "Note secrète." not in page


def test_paused_clock_and_moved_day_say_why(client):
    idea = make_studied()
    studying.pause(actor=make_agent(), idea=idea, reason="Nous attendons l’architecte.", at=timezone.now())
    clock = following.public_file(idea, today=today()).clocks[0]
    assert (str(clock.tag.label), clock.pause, clock.first) == ("En pause", "Nous attendons l’architecte.", "")
    assert "Nous attendons l’architecte." in client.get(idea.get_absolute_url()).content.decode()
    studying.resume(actor=make_agent(), idea=idea, at=timezone.now() + dt.timedelta(days=4))
    clock = following.public_file(idea, today=today()).clocks[0]
    assert (clock.pause, clock.due_on, clock.first != "") == ("", today() + dt.timedelta(days=64), True)


def test_withdrawn_or_hidden_reaction_is_not_shown(client):
    idea = whole_idea()
    page = idea.get_absolute_url()
    # Visitors read a page kept until the register grows, which these rows, written without an act, do not make it do.
    sign_in(client, make_resident())
    assert "Merci." in client.get(page).content.decode()
    reaction = Answer.objects.get().reaction
    type(reaction).objects.update(hidden_at=timezone.now())
    assert "Merci." not in client.get(page).content.decode()
    assert "Réagir à cette réponse" not in client.get(page).content.decode()


# --- What leads there ----------------------------------------------------------------------------------------------------


def test_the_box_leads_to_what_ideas_become_and_to_their_data(client):
    page = client.get(reverse("ideas:list")).content.decode().partition("</main>")
    wanted = [f'href="{reverse(f"ideas:{name}")}"' for name in ("rule", "realised", "data")]
    assert [link in page[0] for link in wanted] == [True, True, True]
    assert [link in page[2] for link in wanted] == [True, True, False]


def test_each_criterion_of_the_reading_that_stands_leads_to_the_debate(client):
    idea = make_idea()
    read(idea, level=1)
    read(idea, level=3)
    links = [f'href="{idea.get_absolute_url()}?critere={code}#debat"' for code in CriterionCode.values]
    html = client.get(idea.get_absolute_url()).content.decode()
    assert [html.count(link) for link in links] == [1] * len(links)
    user = make_resident(public_name="Nadia B.")
    sign_in(client, user)
    asked = client.get(f"{idea.get_absolute_url()}?critere=cost")
    assert asked.context["comment_form"].initial["criterion"] == "cost"
    sign_in(client, make_agent())
    desk = client.get(reverse("admin:ideas_idea_change", args=[idea.pk]))
    assert (desk.status_code, "critere=" in desk.content.decode()) == (200, False)


# --- The author's reaction -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("moderation", "is_offered"), [("after", True), ("prior", False)])
def test_a_reaction_is_not_offered_where_it_would_be_refused(client, moderation, is_offered):
    idea = make_answered(idea=make_studied(campaign=make_campaign(moderation=moderation), author=make_resident()))
    react = reverse("ideas:react", args=[idea.reference])
    assert react not in client.get(idea.get_absolute_url()).content.decode()
    sign_in(client, idea.author)
    html = client.get(idea.get_absolute_url()).content.decode()
    assert (react in html, "dites ce que vous pensez de la réponse dans un commentaire" in html) == (
        is_offered,
        not is_offered,
    )
    assert client.get(react).status_code == (200 if is_offered else 403)


def test_reacting_takes_a_form_and_no_more_than_the_others(client):
    idea = make_answered()
    react = reverse("ideas:react", args=[idea.reference])
    sign_in(client, idea.author)
    assert client.put(react).status_code == 405
    codes = [client.post(react, {"body": "Voir https://exemple.org/vente"}).status_code for _ in range(11)]
    assert codes == [422] * 10 + [429]
