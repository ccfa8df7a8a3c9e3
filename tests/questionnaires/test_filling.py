"""Answering: page by page, conditions without a script, nothing lost, one response each, until the last moment."""

import datetime as dt
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core import signing
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from consultations.models import Participation
from questionnaires.models import Answer, Response, ResponseFile
from tests import factories
from tests.questionnaires.making import (
    add_question,
    add_section,
    make_questionnaire,
    make_response,
    option,
    page_url,
    shown,
    url,
)
from transparency.models import LineActor, RegisterLine

pytestmark = pytest.mark.django_db


def post(client, questionnaire, number=1, **data):
    return client.post(page_url(questionnaire, number), data)


def errors(response):
    return response.context["form"].errors.get_json_data()


# --- Who may, when -----------------------------------------------------------------------------------------------------


def test_a_visitor_is_asked_to_sign_in(client):
    asked = make_questionnaire()
    question = add_question(asked)

    assert client.get(page_url(asked)).url == url(asked)
    assert post(client, asked, **shown(question)).status_code == 403
    assert "Connectez-vous pour répondre" in client.get(url(asked)).content.decode()
    assert Response.objects.count() == 0


@pytest.mark.parametrize(
    ("opens", "closes", "sentence"),
    [(1, 3, "Vous pourrez répondre à partir du"), (-3, 0, "Ce questionnaire est terminé"), (-3, -1, "est terminé")],
)
def test_outside_its_days_nothing_is_taken(client, opens, closes, sentence):
    asked = make_questionnaire(opens=opens, closes=closes, accepts_without_account=True)
    question = add_question(asked, "text")
    response = post(client, asked, **shown(question), **{f"q{question.pk}": "Des arbres"})

    assert response.status_code == 403
    assert sentence in response.content.decode()
    # What was typed is still there, to be copied.
    assert "Des arbres" in response.content.decode()
    assert Response.objects.count() == 0


def test_a_draft_questionnaire_is_nobodys(client):
    asked = make_questionnaire(published_at=None, accepts_without_account=True)
    add_question(asked)

    assert [client.get(address).status_code for address in (url(asked), page_url(asked), url(asked, "check"))] == [
        404
    ] * 3
    assert client.get(url(asked, "results")).status_code == 404


def test_an_archived_consultation_takes_no_answer(client):
    consultation = factories.make_consultation(archived_at=timezone.now())
    asked = make_questionnaire(consultation=consultation, accepts_without_account=True)
    question = add_question(asked)

    assert post(client, asked, **shown(question)).status_code == 403


def test_residence_and_age_are_asked(client):
    asked = make_questionnaire(residency_level="declared", minimum_age=16)
    question = add_question(asked)
    client.force_login(factories.make_user())

    assert post(client, asked, **shown(question)).status_code == 403
    assert "Indiquez d’abord votre quartier" in client.get(url(asked)).content.decode()


# --- Pages, conditions ---------------------------------------------------------------------------------------------------


def test_a_condition_on_the_same_page_brings_its_question(client):
    asked = make_questionnaire(accepts_without_account=True)
    first = add_question(asked, label="Avez-vous un vélo ?", is_required=True)
    second = add_question(asked, "text", label="Où le rangez-vous ?", on=first, wanted=["Oui"])

    page = client.get(page_url(asked)).content.decode()
    assert ("Avez-vous un vélo" in page, "Où le rangez-vous" in page) == (True, False)

    response = post(client, asked, **shown(first), **{f"q{first.pk}": option(first, "Oui").pk})
    assert response.url == f"{page_url(asked)}?suite=1#q{second.pk}-question"
    assert "Où le rangez-vous" in client.get(response.url).content.decode()

    response = post(
        client, asked, **shown(first, second), **{f"q{first.pk}": option(first, "Non").pk, f"q{second.pk}": "Cave"}
    )
    assert response.url == url(asked, "check")
    client.post(url(asked, "check"))
    # What hangs on an answer that changed is not sent, and stays in the draft.
    assert [answer.question for answer in Answer.objects.all()] == [first]
    assert Response.objects.get().draft[f"q{second.pk}"] == ["Cave"]


def test_a_page_whose_conditions_fail_is_passed(client):
    asked = make_questionnaire(accepts_without_account=True)
    first = add_question(asked)
    add_question(add_section(asked), "text", on=first, wanted=["Oui"])
    last = add_question(add_section(asked), "text", label="Autre chose ?")

    response = post(client, asked, **shown(first), **{f"q{first.pk}": option(first, "Non").pk})
    assert response.url == page_url(asked, 3)
    assert client.get(page_url(asked, 2)).url == page_url(asked, 3)
    assert "Page 3 sur 3" in client.get(page_url(asked, 3)).content.decode()
    back = client.post(page_url(asked, 3), {"montrees": str(last.pk), "intention": "retour", f"q{last.pk}": "Non"})
    assert back.url == page_url(asked, 1)
    assert Response.objects.get().draft[f"q{last.pk}"] == ["Non"]


def test_errors_stand_beside_their_fields_and_nothing_is_lost(client):
    asked = make_questionnaire(accepts_without_account=True)
    first = add_question(asked, is_required=True, label="Votre avis ?")
    text = add_question(asked, "text")

    response = post(client, asked, **shown(first, text), **{f"q{text.pk}": "Un long texte"})

    assert response.status_code == 422
    page = response.content.decode()
    assert "Corrigez 1" in page
    assert 'href="#id_q' in page
    assert "Un long texte" in page
    assert page.startswith("<!doctype html>") or "<title>Erreur" in page
    assert Response.objects.get().draft == {f"q{first.pk}": [], f"q{text.pk}": ["Un long texte"]}


def test_a_draft_is_taken_up_where_it_stopped(client):
    asked = make_questionnaire(accepts_without_account=True)
    text = add_question(asked, "text")
    kept = client.post(page_url(asked), {"montrees": str(text.pk), "intention": "brouillon", f"q{text.pk}": "À suivre"})

    assert kept.url == url(asked)
    again = client.get(page_url(asked))
    assert "À suivre" in again.content.decode()
    assert again["Cache-Control"] == "private, no-store"


def test_sending_before_the_end_leads_to_what_is_missing(client):
    asked = make_questionnaire(accepts_without_account=True)
    first = add_question(asked)
    add_question(add_section(asked), is_required=True)
    post(client, asked, **shown(first))

    page = client.get(url(asked, "check")).content.decode()
    assert ("Il manque une réponse" in page, "Envoyer mes réponses" in page) == (True, False)
    assert client.post(url(asked, "check")).url == f"{page_url(asked, 2)}?corriger=1"
    assert client.get(f"{page_url(asked, 2)}?corriger=1").status_code == 422
    assert Response.objects.sent().count() == 0


# --- Every kind ----------------------------------------------------------------------------------------------------------

KINDS = {
    "single": ({}, lambda q: {"": option(q, "Oui").pk}, {"": "999999"}),
    "multiple": ({"max_choices": 1}, lambda q: {"": [option(q, "Oui").pk]}, None),
    "scale": ({}, lambda q: {"": "3"}, {"": "9"}),
    "number": ({"lowest": 0, "highest": 10}, lambda q: {"": "2,5"}, {"": "11"}),
    "text": ({}, lambda q: {"": "Des bancs"}, {"": "a" * 1501}),
    "ranking": ({}, lambda q: {"_r1": option(q, "Non").pk, "_r2": option(q, "Oui").pk}, None),
    "district": ({}, lambda q: {"": factories.make_district().pk}, {"": "999999"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_kept_when_valid_and_explained_when_not(client, kind):
    fields, right, wrong = KINDS[kind]
    asked = make_questionnaire(accepts_without_account=True)
    question = add_question(asked, kind, is_required=True, **fields)
    wrong = (
        wrong
        or {
            "multiple": {"": [row.pk for row in question.options.all()]},
            "ranking": {"_r1": str(question.options.first().pk), "_r2": str(question.options.first().pk)},
        }[kind]
    )

    for bad in ({}, wrong):
        data = {f"q{question.pk}{end}": value for end, value in bad.items()}
        assert post(client, asked, **shown(question), **data).status_code == 422
    data = {f"q{question.pk}{end}": value for end, value in right(question).items()}
    assert post(client, asked, **shown(question), **data).url == url(asked, "check")
    assert client.post(url(asked, "check")).url == url(asked, "thanks")
    assert Answer.objects.count() == (2 if kind == "ranking" else 1)
    assert Response.objects.get().reference in client.get(url(asked, "thanks")).content.decode()


def test_a_table_wants_each_line(client):
    asked = make_questionnaire(accepts_without_account=True)
    question = add_question(asked, "matrix", rows=("Bancs", "Arbres"), is_required=True)
    bench, trees = question.rows.order_by("position")
    yes = option(question, "Oui").pk

    response = post(client, asked, **shown(question), **{f"q{question.pk}_l{bench.pk}": yes})
    assert list(errors(response)) == [f"q{question.pk}_l{trees.pk}"]
    lines = {f"q{question.pk}_l{bench.pk}": yes, f"q{question.pk}_l{trees.pk}": yes}
    post(client, asked, **shown(question), **lines)
    client.post(url(asked, "check"))
    assert set(Answer.objects.values_list("row", "option")) == {(bench.pk, yes), (trees.pk, yes)}


def test_a_ranking_has_no_hole(client):
    asked = make_questionnaire(accepts_without_account=True)
    question = add_question(asked, "ranking", options=("A", "B", "C"))
    response = post(client, asked, **shown(question), **{f"q{question.pk}_r3": option(question, "A").pk})

    assert list(errors(response)) == [f"q{question.pk}_r1"]


def test_other_asks_for_words(client):
    asked = make_questionnaire(accepts_without_account=True)
    question = add_question(asked, "multiple", other="Autre")
    chosen = {f"q{question.pk}": option(question, "Autre").pk}

    assert list(errors(post(client, asked, **shown(question), **chosen))) == [f"q{question.pk}_autre"]
    post(client, asked, **shown(question), **chosen, **{f"q{question.pk}_autre": "À cheval"})
    client.post(url(asked, "check"))
    assert Answer.objects.get().text == "À cheval"


def photo(name="photo.jpg"):
    out = BytesIO()
    Image.new("RGB", (60, 40), "seagreen").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue(), "image/jpeg")


def test_a_file_is_read_by_its_content_kept_replaced_and_removed(client, settings, tmp_path):
    asked = make_questionnaire(accepts_without_account=True)
    question = add_question(asked, "file", is_required=True)
    name = f"q{question.pk}"

    bad = post(client, asked, **shown(question), **{name: SimpleUploadedFile("photo.jpg", b"MZ\x90\x00", "image/jpeg")})
    assert bad.status_code == 422
    assert ResponseFile.objects.count() == 0
    assert post(client, asked, **shown(question), **{name: photo()}).url == url(asked, "check")
    first = ResponseFile.objects.get()
    assert (first.name, first.content_type) == ("photo.webp", "image/webp")
    client.post(url(asked, "check"))
    assert Answer.objects.get().file == first

    # Another file takes its place only once it is sent.
    post(client, asked, **shown(question), **{name: photo("autre.jpg")})
    assert Answer.objects.get().file == first
    client.post(url(asked, "check"))
    assert [kept.name for kept in ResponseFile.objects.all()] == ["autre.webp"]
    removed = post(client, asked, **shown(question), **{f"{name}_retirer": "on"})
    assert removed.status_code == 422


# --- One each, again, until the end ------------------------------------------------------------------------------------


def test_somebody_with_an_account_answers_once_and_is_counted(client):
    asked = make_questionnaire()
    question = add_question(asked)
    user = factories.make_resident()
    client.force_login(user)
    for label in ("Oui", "Non"):
        post(client, asked, **shown(question), **{f"q{question.pk}": option(question, label).pk})
        assert client.post(url(asked, "check")).url == url(asked, "thanks")

    response = Response.objects.get()
    assert (response.person.user, response.token_hash, response.district) == (user, None, user.district)
    assert [answer.option.label for answer in Answer.objects.all()] == ["Non"]
    assert Participation.objects.filter(person=response.person, channel="web").count() == 1
    assert list(RegisterLine.objects.order_by("number").values_list("act", flat=True)) == [
        "questionnaire.answered",
        "questionnaire.answer_changed",
    ]
    # The register does not say who.
    assert LineActor.objects.count() == 0


def test_without_an_account_the_key_is_in_the_browser_only(client, django_user_model):
    asked = make_questionnaire(accepts_without_account=True)
    question = add_question(asked)
    post(client, asked, **shown(question), **{f"q{question.pk}": option(question, "Oui").pk})
    client.post(url(asked, "check"))

    response = Response.objects.get()
    cookie = client.cookies[f"reponse-{asked.reference.lower()}"]
    assert response.token_hash not in cookie.value
    assert (cookie["httponly"], cookie["samesite"]) == (True, "Lax")
    assert Participation.objects.count() == 0

    other = type(client)()
    assert other.get(url(asked, "thanks")).url == url(asked)
    other.cookies[f"reponse-{asked.reference.lower()}"] = "devine"
    assert other.get(url(asked, "thanks")).url == url(asked)


def test_two_visitors_never_share_a_response(client):
    asked = make_questionnaire(accepts_without_account=True)
    question = add_question(asked)
    for _visit in range(2):
        post(type(client)(), asked, **shown(question))

    assert Response.objects.values("token_hash").distinct().count() == 2


def test_the_trap_stops_programs(client):
    asked = make_questionnaire(accepts_without_account=True)
    question = add_question(asked)

    assert post(client, asked, **shown(question), site_web="https://achat.example").status_code == 403
    assert Response.objects.count() == 0


def test_responses_without_an_account_are_limited_by_address(client):
    asked = make_questionnaire(accepts_without_account=True)
    question = add_question(asked)
    codes = [post(type(client)(), asked, **shown(question)).status_code for _visit in range(41)]

    assert (codes[39], codes[40]) == (302, 429)


def test_one_changes_ones_mind_until_the_last_moment(client, monkeypatch):
    asked = make_questionnaire(closes=1)
    question = add_question(asked)
    client.force_login(factories.make_resident())
    midnight = dt.datetime.combine(asked.closes_on, dt.time.min, tzinfo=factories.PARIS)

    monkeypatch.setattr(timezone, "now", lambda: midnight - dt.timedelta(microseconds=1))
    assert post(client, asked, **shown(question)).status_code == 302
    assert client.post(url(asked, "check")).url == url(asked, "thanks")
    monkeypatch.setattr(timezone, "now", lambda: midnight)
    assert post(client, asked, **shown(question)).status_code == 403
    assert client.post(url(asked, "check")).url == url(asked)


# --- Queries -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 10])
def test_the_pages_cost_the_same_however_long_the_questionnaire(client, django_assert_num_queries, count):
    asked = make_questionnaire(accepts_without_account=True)
    for _number in range(count):
        add_question(asked, "matrix", rows=("Bancs", "Arbres"))
    link = url(asked)

    with django_assert_num_queries(5):
        assert client.get(link, headers={"Cookie": "messages=x"}).status_code == 200
    with django_assert_num_queries(5):
        assert client.get(page_url(asked)).status_code == 200


def test_a_sent_response_is_recalled_on_the_first_page(client):
    asked = make_questionnaire()
    add_question(asked)
    user = factories.make_resident()
    client.force_login(user)
    sent = make_response(asked, user=user)

    page = client.get(url(asked)).content.decode()
    assert (sent.reference in page, "Modifier ma réponse" in page) == (True, True)


# --- Every kind, asked or not --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [*KINDS, "matrix", "file"])
def test_each_kind_may_be_left_empty_when_it_is_optional(client, kind):
    asked = make_questionnaire(accepts_without_account=True)
    question = add_question(asked, kind, **_fields(kind))
    assert post(client, asked, **shown(question)).url == url(asked, "check")
    assert client.post(url(asked, "check")).url == url(asked, "thanks")
    assert (Answer.objects.count(), Response.objects.sent().count()) == (0, 1)


@pytest.mark.parametrize("is_required", [True, False])
@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_hangs_on_an_earlier_answer(client, kind, is_required):
    """Asked, it is wanted when it is required; not asked, it stands in nobody's way, and what was typed under it is not sent."""
    asked = make_questionnaire(accepts_without_account=True)
    before = add_question(asked, is_required=True)
    question = add_question(
        add_section(asked), kind, is_required=is_required, on=before, wanted=("Oui",), **_fields(kind)
    )
    yes, no = option(before, "Oui").pk, option(before, "Non").pk
    values = {f"q{question.pk}{end}": value for end, value in KINDS[kind][1](question).items()}

    # No: the page is passed, and nothing is missing.
    assert post(client, asked, **shown(before), **{f"q{before.pk}": no}).url == url(asked, "check")
    assert client.post(url(asked, "check")).url == url(asked, "thanks")
    assert set(Answer.objects.values_list("question", flat=True)) == {before.pk}
    # Yes, until the last day: it is asked.
    assert post(client, asked, **shown(before), **{f"q{before.pk}": yes}).url == page_url(asked, 2)
    status = post(client, asked, 2, **shown(question)).status_code
    assert status == (422 if is_required else 302)
    assert post(client, asked, 2, **shown(question), **values).url == url(asked, "check")
    client.post(url(asked, "check"))
    assert set(Answer.objects.values_list("question", flat=True)) == {before.pk, question.pk}
    # No again: what was answered under the condition goes with it.
    post(client, asked, **shown(before), **{f"q{before.pk}": no})
    client.post(url(asked, "check"))
    assert set(Answer.objects.values_list("question", flat=True)) == {before.pk}
    assert Response.objects.count() == 1


@pytest.mark.parametrize("kind", ["single", "multiple"])
def test_other_hangs_on_its_choice_for_each_kind(client, kind):
    """Words under « autre » count with it and leave with it, with a condition that hangs on it too."""
    asked = make_questionnaire(accepts_without_account=True)
    question = add_question(asked, kind, other="Autre", is_required=True)
    more = add_question(add_section(asked), "text", is_required=True, on=question, wanted=("Autre",))
    other, yes = option(question, "Autre").pk, option(question, "Oui").pk

    assert post(client, asked, **shown(question), **{f"q{question.pk}": other}).status_code == 422
    data = {f"q{question.pk}": other, f"q{question.pk}_autre": "En trottinette"}
    assert post(client, asked, **shown(question), **data).url == page_url(asked, 2)
    post(client, asked, 2, **shown(more), **{f"q{more.pk}": "Souvent"})
    client.post(url(asked, "check"))
    assert sorted(Answer.objects.values_list("text", flat=True)) == ["En trottinette", "Souvent"]
    post(client, asked, **shown(question), **{**data, f"q{question.pk}": yes})
    client.post(url(asked, "check"))
    assert list(Answer.objects.values_list("option", "text")) == [(yes, "")]


def _fields(kind):
    return {"matrix": {"rows": ("Bancs",)}}.get(kind) or KINDS.get(kind, ({},))[0]


def test_no_key_is_ever_read_from_a_session(client):
    """A blank session key would make one person of all visitors: the key is of its own, and a blank one finds nothing."""
    asked = make_questionnaire(accepts_without_account=True)
    question = add_question(asked)
    post(client, asked, **shown(question), **{f"q{question.pk}": option(question, "Oui").pk})
    assert settings.SESSION_COOKIE_NAME not in client.cookies
    assert len(Response.objects.get().token_hash) == 64
    stranger = type(client)()
    stranger.cookies[f"reponse-{asked.reference.lower()}"] = ""
    assert stranger.get(url(asked, "check")).url == url(asked)
    sources = [path for app in ("questionnaires", "consultations", "desk") for path in Path(app).rglob("*.py")]
    assert [path for path in sources if "session_key" in path.read_text(encoding="utf-8")] == []


# --- A computer that serves several people -----------------------------------------------------------------------------


def begun(client, *, label="Du silence", send=False):
    """A response without an account; give the questionnaire."""
    asked = make_questionnaire(accepts_without_account=True)
    question = add_question(asked, "text", label="Que manque-t-il ?")
    post(client, asked, **shown(question), **{f"q{question.pk}": label})
    if send:
        client.post(url(asked, "check"))
    return asked


def later(monkeypatch, minutes):
    now = signing.time.time()
    monkeypatch.setattr(signing.time, "time", lambda: now + minutes * 60)


@pytest.mark.parametrize("send", [False, True])
def test_whoever_comes_next_reads_nothing_before_saying_it_is_theirs(client, send):
    """One click from the page that introduces it: the question, and not a word of the answers."""
    asked = begun(client, send=send)
    intro = client.get(url(asked)).content.decode()
    assert f'href="{url(asked, "start")}"' in intro
    page = client.get(url(asked, "start"))
    assert page["Cache-Control"] == "private, no-store"
    assert ("Ce n’est pas moi" in page.content.decode(), "Du silence" in page.content.decode()) == (True, False)


@pytest.mark.parametrize(("minutes", "shows"), [(29, True), (31, False)])
def test_answers_wait_once_nobody_has_been_there_for_a_while(client, monkeypatch, minutes, shows):
    asked = begun(client, send=True)
    later(monkeypatch, minutes)
    for address in (page_url(asked), url(asked, "check"), url(asked, "thanks")):
        assert client.get(address).status_code == (200 if shows else 302), address
        if not shows:
            assert client.get(address).url == url(asked, "start")
    # Whoever says it is theirs goes on where they were.
    assert client.post(url(asked, "start"), {"reponse": "moi"}).url == page_url(asked)
    assert "Du silence" in client.get(page_url(asked)).content.decode()


@pytest.mark.parametrize("send", [False, True])
def test_beginning_anew_neither_shows_nor_destroys_what_was_there(client, send):
    asked = begun(client, send=send)
    first = Response.objects.get()
    kept = client.get(page_url(asked)).context["key"]

    assert client.get(url(asked, "start")).status_code == 200
    assert Response.objects.get().token_hash == first.token_hash
    client.post(url(asked, "start"), {"reponse": "autre"})
    for address in (url(asked), url(asked, "start"), page_url(asked)):
        assert "Du silence" not in client.get(address, follow=True).content.decode(), address
    assert client.get(url(asked, "thanks")).url == url(asked)
    # The second person answers beside the first, whose response is as it was.
    begun_again = add_question(asked, "text", label="Et encore ?")
    post(client, asked, **shown(begun_again), **{f"q{begun_again.pk}": "Du bruit"})
    assert Response.objects.count() == 2
    again = Response.objects.get(pk=first.pk)
    assert (again.draft, again.submitted_at, again.token_hash) == (first.draft, first.submitted_at, first.token_hash)
    # Its key still opens it.
    client.post(url(asked, "resume"), {"key": kept})
    assert "Du silence" in client.get(page_url(asked)).content.decode()


def test_what_is_tied_to_an_account_is_never_let_go(client):
    asked = make_questionnaire(accepts_without_account=True)
    question = add_question(asked, "text")
    client.force_login(factories.make_resident())
    post(client, asked, **shown(question), **{f"q{question.pk}": "Des arbres"})
    assert client.post(url(asked, "start"), {"reponse": "autre"}).url == page_url(asked)
    page = client.get(page_url(asked)).content.decode()
    assert ("Des arbres" in page, "Ce n’est pas moi" in page) == (True, False)
    client.logout()
    assert "Des arbres" not in client.get(page_url(asked), follow=True).content.decode()


def test_once_sent_one_leaves_the_place_clean(client):
    asked = begun(client, send=True)
    assert "Oublier ma réponse sur cet ordinateur" in client.get(url(asked, "thanks")).content.decode()
    client.post(url(asked, "start"), {"reponse": "autre"})
    assert client.cookies[f"reponse-{asked.reference.lower()}"].value == ""
    assert Response.objects.sent().count() == 1
