"""Building in the workspace: who may, each gesture, conditions that look back, nothing kept of a trial, frozen once published."""

import datetime as dt

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from consultations import amendments, asking, game
from consultations.models import Consultation, Ruleset
from mulhouse.errors import DomainError, RefusedError
from notifications.models import OutboundMail, Subscription
from questionnaires import editing, outline
from questionnaires.models import Option, Question, Questionnaire, Response, Section
from tests import factories
from tests.questionnaires.making import add_question, add_section, make_questionnaire, option, url
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db

RIGHTS = (
    "consultations.change_consultation",
    "questionnaires.change_questionnaire",
    "questionnaires.publish_questionnaire",
)


@pytest.fixture
def agent(client):
    user = factories.make_staff(*RIGHTS)
    factories.sign_in(client, user)
    return user


def at(questionnaire, route="", *args):
    link = questionnaire.consultation_link
    name = f"admin:consultations_consultation_questionnaire{route}"
    return reverse(name, args=[link.consultation_id, questionnaire.reference, *args])


def draft(**fields):
    return make_questionnaire(published_at=None, **fields)


# --- Who ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rights", [(), ("consultations.view_consultation",)])
def test_the_builder_is_for_those_who_write(client, rights):
    made = draft()
    factories.sign_in(client, factories.make_staff(*rights))

    assert client.get(at(made)).status_code == 403


def test_building_needs_its_own_right(client):
    made = draft()
    actor = factories.make_staff("consultations.change_consultation")

    with pytest.raises(RefusedError):
        editing.save_section(actor=actor, questionnaire=made, section=None, title="Page", intro="")
    with pytest.raises(RefusedError):
        editing.publish(actor=actor, questionnaire=made, at=timezone.now())
    with pytest.raises(RefusedError):
        editing.cancel(actor=actor, questionnaire=make_questionnaire(), reason="Fini", at=timezone.now())


def test_another_consultations_questionnaire_is_not_found(client, agent):
    mine, other = draft(), draft()
    address = at(mine).replace(
        f"/{mine.consultation_link.consultation_id}/", f"/{other.consultation_link.consultation_id}/"
    )

    assert client.get(address).status_code == 404


# --- Building -----------------------------------------------------------------------------------------------------------


def test_an_agent_builds_a_questionnaire_page_by_page(client, agent):
    consultation = factories.make_consultation()
    response = client.post(
        reverse("admin:consultations_consultation_questionnaires", args=[consultation.pk]), {"title": "Vos trajets"}
    )
    made = Questionnaire.objects.get()
    assert response.url == at(made)

    section = made.sections.get()
    for kind in Question.Kind.values:
        sent = {"label": f"Une question {kind}", "options": "Oui\nNon", "rows": "Bancs", "lowest": "1", "highest": "5"}
        assert client.post(f"{at(made, '_question_add', section.pk)}?sorte={kind}", sent).url == at(made), kind
    assert [question.kind for question in Question.objects.order_by("position")] == Question.Kind.values
    page = client.get(at(made)).content.decode()
    assert all(f"Une question {kind}" in page for kind in Question.Kind.values)

    settings = {
        "title": "Vos trajets",
        "opens_on": factories.today().isoformat(),
        "last_day": (factories.today() + dt.timedelta(days=3)).isoformat(),
        "residency_level": "none",
        "accepts_without_account": "on",
    }
    assert client.post(at(made, "_settings"), settings).url == at(made)
    assert client.post(at(made, "_publish"), {"geste": "publier"}).url == at(made, "_publish")
    made.refresh_from_db()
    assert (made.published_at is not None, made.last_day) == (True, factories.today() + dt.timedelta(days=3))
    assert list(RegisterLine.objects.values_list("act", flat=True).distinct().order_by("act")) == [
        "questionnaire.draft",
        "questionnaire.published",
    ]


@pytest.mark.parametrize(
    ("kind", "sent", "field"),
    [
        ("single", {"options": "Oui"}, "options"),
        ("single", {"options": "Oui\noui"}, "options"),
        ("multiple", {"options": "\n".join(f"Choix {n}" for n in range(21))}, "options"),
        ("matrix", {"options": "Oui\nNon", "rows": ""}, "rows"),
        ("scale", {"lowest": "5", "highest": "1"}, "highest"),
        ("scale", {"lowest": "0", "highest": "11"}, "highest"),
        ("number", {"lowest": "5", "highest": "1"}, "highest"),
    ],
)
def test_a_question_that_can_not_be_asked_is_explained(client, agent, kind, sent, field):
    made = draft()
    response = client.post(
        f"{at(made, '_question_add', made.sections.get().pk)}?sorte={kind}", {"label": "Une question", **sent}
    )

    assert response.status_code == 422
    assert field in response.context["form"].errors


def test_settings_without_an_account_ask_for_nothing_that_can_not_be_checked(client, agent):
    made = draft()
    sent = {"title": "T", "residency_level": "declared", "accepts_without_account": "on"}

    assert client.post(at(made, "_settings"), sent).status_code == 422


def test_an_option_keeps_its_identity_when_another_changes(agent):
    made = draft()
    question = add_question(made)
    yes = option(question, "Oui")
    add_question(made, "text", on=question, wanted=["Oui"])
    values = {name: getattr(question, name) for name in editing.WRITTEN}
    common = {"actor": agent, "section": question.section, "question": question, "values": values, "rows": []}

    editing.save_question(**common, options=["Peut-être", "Oui"], other="")
    assert Option.objects.filter(question=question, label="Oui").values_list("pk", "position").get() == (yes.pk, 2)
    with pytest.raises(DomainError) as caught:
        editing.save_question(**common, options=["Peut-être", "Non"], other="")
    assert caught.value.code == "option_used"


# --- Order and conditions --------------------------------------------------------------------------------------------------


def test_buttons_reorder_across_pages_and_never_before_a_condition(client, agent):
    made = draft()
    first = add_question(made, label="Un")
    second = add_question(made, "text", label="Deux", on=first, wanted=["Oui"])
    third = add_question(add_section(made), "text", label="Trois")

    def order():
        return [asking.question.label for asking in outline.read(made).questions]

    client.post(at(made, "_gesture"), {"geste": f"monter-question:{third.pk}"})
    assert (order(), made.sections.last().questions.count()) == (["Un", "Deux", "Trois"], 0)
    client.post(at(made, "_gesture"), {"geste": f"monter-question:{third.pk}"})
    assert order() == ["Un", "Trois", "Deux"]
    client.post(at(made, "_gesture"), {"geste": f"descendre-question:{first.pk}"})
    assert order() == ["Trois", "Un", "Deux"]
    refused = client.post(at(made, "_gesture"), {"geste": f"descendre-question:{first.pk}"}, follow=True)
    assert "doit rester après celle dont elle dépend" in refused.content.decode()
    assert order() == ["Trois", "Un", "Deux"]
    client.post(at(made, "_gesture"), {"geste": f"retirer-question:{first.pk}"})
    assert Question.objects.filter(pk=first.pk).exists()
    client.post(at(made, "_gesture"), {"geste": f"retirer-question:{second.pk}"})
    client.post(at(made, "_gesture"), {"geste": f"retirer-question:{first.pk}"})
    assert order() == ["Trois"]


def test_pages_move_and_leave_when_empty(client, agent):
    made = draft()
    first, second = made.sections.get(), add_section(made, "Deux")
    add_question(first)

    client.post(at(made, "_gesture"), {"geste": f"monter-page:{second.pk}"})
    assert [section.title for section in Section.objects.filter(questionnaire=made).order_by("position")] == [
        "Deux",
        "Vos trajets",
    ]
    client.post(at(made, "_gesture"), {"geste": f"retirer-page:{first.pk}"})
    client.post(at(made, "_gesture"), {"geste": f"retirer-page:{second.pk}"})
    assert list(made.sections.all()) == [first]


def test_a_condition_is_chosen_among_earlier_questions(client, agent):
    made = draft()
    first = add_question(made, label="Un vélo ?")
    middle = add_question(made, "scale", label="À quel point ?")
    last = add_question(made, "text", label="Pourquoi ?")
    address = at(made, "_condition", last.pk)

    assert "Un vélo" in client.get(address).content.decode()
    yes = option(first, "Oui")
    assert client.post(f"{address}?selon={first.pk}", {"test": "any_of"}).status_code == 422
    assert client.post(f"{address}?selon={first.pk}", {"test": "any_of", "options": [yes.pk]}).url == at(made)
    last.refresh_from_db()
    assert (last.condition_question, list(last.condition_options.all())) == (first, [yes])
    assert "Si, à «\u00a0Un vélo" in client.get(at(made)).content.decode()

    client.post(f"{address}?selon={middle.pk}", {"test": "at_most", "number": "2"})
    last.refresh_from_db()
    assert (last.condition_question, last.condition_number, last.condition_options.count()) == (middle, 2, 0)
    client.post(address)
    last.refresh_from_db()
    assert (last.condition_question, last.condition_test) == (None, "")


def test_a_condition_never_looks_forward(agent):
    made = draft()
    first, second = add_question(made), add_question(made)

    with pytest.raises(DomainError) as caught:
        editing.set_condition(actor=agent, question=first, on=second, test="any_of", options=[option(second, "Oui")])
    assert caught.value.code == "condition_order"
    with pytest.raises(DomainError):
        editing.set_condition(actor=agent, question=second, on=first, test="any_of", options=[option(second, "Oui")])


# --- Trying, copying ----------------------------------------------------------------------------------------------------------


def test_a_trial_walks_the_conditions_and_keeps_nothing(client, agent):
    made = draft()
    first = add_question(made, label="Un vélo ?", is_required=True)
    add_question(made, "text", label="Où est-il ?", on=first, wanted=["Oui"])
    add_question(add_section(made, "Suite"), "text", label="Autre chose ?")
    page = client.get(at(made, "_trial"))
    sent = {"montrees": page.context["shown"], "essai": page.context["draft"]}

    assert client.post(at(made, "_trial"), sent).status_code == 422
    page = client.post(at(made, "_trial"), {**sent, f"q{first.pk}": option(first, "Oui").pk})
    assert "Où est-il" in page.content.decode()
    sent = {"montrees": page.context["shown"], "essai": page.context["draft"], f"q{first.pk}": option(first, "Non").pk}
    page = client.post(at(made, "_trial"), sent)
    assert "Autre chose" in page.content.decode()
    sent = {"montrees": page.context["shown"], "essai": page.context["draft"]}
    assert client.post(at(made, "_trial"), sent).url == at(made)
    assert Response.objects.count() == 0


def test_a_copy_has_the_questions_and_conditions_of_its_model(agent):
    source = make_questionnaire(intro="Pourquoi ?", accepts_without_account=True)
    first = add_question(source, "multiple", other="Autre", max_choices=2)
    add_question(add_section(source), "text", on=first, wanted=["Oui"])
    copy = asking.create(actor=agent, consultation=factories.make_consultation(), title="Bis", source=source)

    def shape(questionnaire):
        read = outline.read(questionnaire)
        order = [asking.pk for asking in read.questions]
        names = {option.pk: option.label for asking in read.questions for option in asking.options}
        return [
            (
                page.section.title,
                [
                    (
                        asking.kind,
                        asking.question.max_choices,
                        [(option.label, option.is_other) for option in asking.options],
                        asking.condition and order.index(asking.condition.question),
                        asking.condition and {names[key] for key in asking.condition.options},
                    )
                    for asking in page.questions
                ],
            )
            for page in read.pages
        ]

    assert shape(copy) == shape(source)
    assert (copy.published_at, copy.opens_on, copy.intro) == (None, None, "Pourquoi ?")


# --- Published: frozen, corrected in public, closed ------------------------------------------------------------------------------


def test_publishing_says_what_is_missing(client, agent):
    made = draft(opens_on=None, closes_on=None)
    page = client.get(at(made, "_publish")).content.decode()

    assert ("Donnez le premier et le dernier jour" in page, "Ajoutez au moins une question" in page) == (True, True)
    with pytest.raises(RefusedError):
        editing.publish(actor=agent, questionnaire=made, at=timezone.now())


def test_a_published_questionnaire_is_frozen(client, agent):
    made = make_questionnaire()
    question = add_question(made)
    sent = {"label": "Autre chose", "options": "A\nB"}

    assert client.post(at(made, "_question", question.pk), sent).status_code == 422
    client.post(at(made, "_gesture"), {"geste": f"retirer-question:{question.pk}"})
    client.post(at(made, "_discard"))
    question.refresh_from_db()
    assert question.label != "Autre chose"


def test_a_wording_is_corrected_in_public_with_its_reason(client, agent):
    made = make_questionnaire()
    question = add_question(made, label="Etes-vous content ?")
    sent = {
        "geste": "corriger",
        "correction-target": f"question:{question.pk}",
        "correction-after": "Êtes-vous satisfait ?",
    }

    assert client.post(at(made, "_publish"), sent).status_code == 422
    assert client.post(at(made, "_publish"), {**sent, "correction-reason": "Faute d’orthographe."}).status_code == 302
    question.refresh_from_db()
    assert question.label == "Êtes-vous satisfait ?"
    line = RegisterLine.objects.get(act="questionnaire.amended")
    assert (line.subject, "Faute d’orthographe." in line.content) == (made.reference, True)
    page = client.get(url(made)).content.decode()
    assert all(words in page for words in ("Etes-vous content ?", "Êtes-vous satisfait ?", "Faute d’orthographe."))


def amend(agent, made, row, after, *, target="reponse", when=None):
    return asking.amend(
        actor=agent,
        consultation=made.consultation_link.consultation,
        questionnaire=made,
        target=target,
        pk=row.pk,
        after=after,
        reason="Faute d’orthographe.",
        at=when or timezone.now(),
    )


def test_a_corrected_wording_changes_the_rules_and_everybody_is_told(agent):
    made = make_questionnaire()
    question = add_question(made, label="Etes-vous content ?")
    consultation = made.consultation_link.consultation
    with transaction.atomic():
        amendments.freeze(consultation, at=timezone.now())
    follower = factories.make_resident()
    Subscription.objects.create(user=follower, topic=consultation.topic)

    amend(agent, made, question, "Êtes-vous content ?", target="question")
    last, first = Ruleset.objects.filter(consultation=consultation).order_by("-version")
    line = RegisterLine.objects.get(act="questionnaire.amended")
    assert (last.version, last.reason, last.digest in line.content) == (2, "Faute d’orthographe.", True)
    assert "corrections" not in first.rules["questionnaires"][made.reference]
    (change,) = game.differences(first.rules, last.rules)
    assert change.after == [
        "Formulation corrigée\u00a0: «\u00a0Etes-vous content ?\u00a0» devient «\u00a0Êtes-vous content ?\u00a0»"
    ]
    amendments.announce(amendment=last, people=amendments.concerned(consultation), at=timezone.now())
    mail = OutboundMail.objects.get(kind="consultations.amendment", to=follower.email)
    assert ("Faute d’orthographe." in mail.text, "Êtes-vous content ?" in mail.text) == (True, True)
    # A second correction is another version: the digest is of the wordings as they stand.
    amend(agent, made, question.options.first(), "Oui, tout à fait")
    again = Ruleset.objects.get(consultation=consultation, version=3)
    digests = [each.rules["questionnaires"][made.reference]["wordings_sha256"] for each in (last, again)]
    assert len(set(digests)) == 2


def test_a_wording_is_kept_once_answers_are_closed_or_the_consultation_is_archived(client, agent):
    made = make_questionnaire()
    answer = add_question(made).options.first()
    after = dt.datetime.combine(made.closes_on, dt.time.min, tzinfo=factories.PARIS)
    with pytest.raises(RefusedError) as over:
        amend(agent, made, answer, "Certes", when=after)
    Consultation.objects.update(archived_at=timezone.now())
    with pytest.raises(RefusedError) as archived:
        amend(agent, made, answer, "Certes")
    assert (over.value.code, archived.value.code) == ("closed", "archived")
    Questionnaire.objects.update(opens_on=made.opens_on - dt.timedelta(days=30), closes_on=made.opens_on)
    assert client.get(at(made, "_publish")).context["amend"] is None
    answer.refresh_from_db()
    assert (
        answer.label,
        Ruleset.objects.count(),
        RegisterLine.objects.filter(act="questionnaire.amended").count(),
    ) == ("Oui", 0, 0)


def test_two_answers_never_come_to_say_the_same(agent):
    made = make_questionnaire()
    question = add_question(made, "matrix", rows=("Bancs", "Arbres"))
    for target, row, after in (
        ("reponse", question.options.first(), " NON "),
        ("ligne", question.rows.first(), "arbres"),
    ):
        with pytest.raises(DomainError) as error:
            amend(agent, made, row, after, target=target)
        assert error.value.code == "twice"


@pytest.mark.parametrize("count", [1, 8])
def test_the_builder_costs_the_same_however_long(client, agent, django_assert_num_queries, count):
    made = draft()
    for _number in range(count):
        add_question(made, "matrix", rows=("Bancs",))

    with django_assert_num_queries(13):
        client.get(at(made))
