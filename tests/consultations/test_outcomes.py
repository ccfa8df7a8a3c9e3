"""The answers of the city: dated events that reach every opinion they are for, all at once, and are never rewritten."""

import csv
import io
import threading
import time

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.utils import IntegrityError
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from consultations import analysis, coverage, outcomes
from consultations.models import Item, ItemOutcome, Outcome, OutcomeReturn
from mulhouse.errors import DomainError, RefusedError
from tests import factories as f
from tests.consultations.test_analysis import ANALYST, refresh, town
from tests.consultations.test_places import check
from tests.moderation.deciding import bring_back, hide, take_away
from transparency.models import RegisterLine
from transparency.register import CHAIN_LOCK


def publish(agent, consultation, **chosen):
    return outcomes.publish(actor=agent, consultation=consultation, at=timezone.now(), **chosen)


def decide(row, decision="kept", explanation="La Ville le fera.", **fields):
    type(row).objects.filter(pk=row.pk).update(draft_decision=decision, draft_explanation=explanation, **fields)


@pytest.fixture
def agent(db):
    return f.make_staff(*ANALYST)


# --- Who may ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("permissions", [(), ("consultations.analyse_consultation",)])
def test_analysing_is_not_publishing(permissions):
    consultation, (one, *_rest) = town()
    f.make_analysis_theme(consultation=consultation, members=[one], **f.READY)
    with pytest.raises(RefusedError, match="ne permet pas de publier"):
        publish(f.make_staff(*permissions), consultation)
    assert Outcome.objects.count() == 0


# --- One answer for many ---------------------------------------------------------------------------------------------


def test_an_answer_reaches_every_opinion_of_its_theme(agent):
    consultation, (one, two, three) = town()
    theme = f.make_analysis_theme(consultation=consultation, members=[one, two], public_title="Des bancs", **f.READY)
    done = publish(agent, consultation)
    assert (done.outcomes, done.given) == (1, 2)
    assert [refresh(item).place for item in (one, two, three)] == ["answered", "answered", "waiting"]
    theme.refresh_from_db()
    assert theme.has_draft is False
    outcome = Outcome.objects.get()
    assert (outcome.subject, outcome.decision, outcome.explanation_html) == (
        "Des bancs",
        "kept",
        "<p>La Ville le fera.</p>\n",
    )
    line = RegisterLine.objects.get(act="outcome.published")
    assert outcome.reference in line.content
    check(consultation)


def test_an_opinion_of_two_themes_waits_for_both(agent):
    consultation, (one, *_rest) = town()
    first = f.make_analysis_theme(consultation=consultation, members=[one], **f.READY)
    second = f.make_analysis_theme(consultation=consultation, members=[one])
    publish(agent, consultation)
    assert (refresh(one).place, len(outcomes.of_item(one))) == ("waiting", 1)
    decide(second, "not_kept", "Trop cher.")
    publish(agent, consultation)
    assert refresh(one).place == "answered"
    assert {row.theme_id for row in outcomes.of_item(one)} == {first.pk, second.pk}


def test_an_answer_of_its_own_stands_for_those_of_its_themes(agent):
    consultation, (one, two, _three) = town()
    f.make_analysis_theme(consultation=consultation, members=[one, two], **f.READY)
    decide(one, "forwarded", "C’est la Région.", draft_forwarded_to="la Région")
    publish(agent, consultation)
    assert [(row.decision, row.forwarded_to) for row in outcomes.of_item(one)] == [("forwarded", "la Région")]
    assert [row.decision for row in outcomes.of_item(two)] == ["kept"]
    check(consultation)


def test_a_new_answer_is_added_and_the_former_one_stays_dated(agent):
    consultation, (one, two, _three) = town()
    theme = f.make_analysis_theme(consultation=consultation, members=[one], **f.READY)
    publish(agent, consultation)
    analysis.attach(actor=agent, theme=theme, keys=[two.pk])
    decide(theme, "not_kept", "Le budget a changé.")
    publish(agent, consultation)
    history = outcomes.history(one)
    assert [(each.outcome.decision, each.ended_at is None) for each in history] == [("not_kept", True), ("kept", False)]
    assert [row.decision for row in outcomes.of_item(two)] == ["not_kept"]
    assert Outcome.objects.count() == 2
    check(consultation)


def test_who_joins_later_gets_the_public_answer_without_a_new_one(agent):
    consultation, (one, two, _three) = town()
    theme = f.make_analysis_theme(consultation=consultation, members=[one], **f.READY)
    publish(agent, consultation)
    analysis.attach(actor=agent, theme=theme, keys=[two.pk])
    assert refresh(two).place == "waiting"
    theme.refresh_from_db()
    assert outcomes.preview(consultation, theme).opinions == 1
    done = publish(agent, consultation, themes=[theme.pk])
    assert (done.outcomes, done.given, refresh(two).place) == (0, 1, "answered")


def test_publishing_twice_says_that_nothing_is_left(agent):
    consultation, (one, *_rest) = town()
    f.make_analysis_theme(consultation=consultation, members=[one], **f.READY)
    publish(agent, consultation)
    before = RegisterLine.objects.count()
    with pytest.raises(DomainError, match="Rien n’est prêt"):
        publish(agent, consultation)
    assert (Outcome.objects.count(), RegisterLine.objects.count()) == (1, before)


def test_one_that_was_named_must_be_ready(agent):
    consultation, (one, *_rest) = town()
    theme = f.make_analysis_theme(consultation=consultation, members=[one], draft_decision="forwarded")
    with pytest.raises(DomainError, match="il manque"):
        publish(agent, consultation, themes=[theme.pk])


def test_a_theme_alone_is_published_alone(agent):
    consultation, (one, two, _three) = town()
    first = f.make_analysis_theme(consultation=consultation, members=[one], **f.READY)
    f.make_analysis_theme(consultation=consultation, members=[two], **f.READY)
    publish(agent, consultation, themes=[first.pk])
    assert [refresh(item).place for item in (one, two)] == ["answered", "waiting"]


def test_the_preview_says_what_publishing_does(agent):
    consultation, (one, two, three) = town()
    f.make_analysis_theme(consultation=consultation, members=[one, two], **f.READY)
    analysis.group(actor=agent, root=two, keys=[three.pk], at=timezone.now())
    seen = outcomes.preview(consultation)
    assert (len(seen.themes), seen.opinions, seen.people) == (1, 3, 3)
    assert publish(agent, consultation).given == 3
    assert outcomes.preview(consultation).is_empty


def test_what_is_hidden_gets_no_answer_and_gets_it_once_shown(agent):
    consultation, (one, two, _three) = town()
    theme = f.make_analysis_theme(consultation=consultation, members=[one, two], **f.READY)
    take_away(one.contribution)
    publish(agent, consultation)
    assert (refresh(one).place, outcomes.of_item(one)) == ("hidden", [])
    bring_back(one.contribution)
    assert refresh(one).place == "waiting"
    publish(agent, consultation, themes=[theme.pk])
    assert refresh(one).place == "answered"


def test_nothing_is_published_under_a_working_title(agent):
    consultation, (one, *_rest) = town()
    theme = f.make_analysis_theme(
        consultation=consultation, members=[one], title="CLASSEUR", public_title="", **f.READY
    )
    assert outcomes.preview(consultation).is_empty
    with pytest.raises(DomainError, match="titre public"):
        publish(agent, consultation, themes=[theme.pk])
    with pytest.raises(DomainError, match="Rien n’est prêt"):
        publish(agent, consultation)
    assert Outcome.objects.count() == 0


# --- Never rewritten -------------------------------------------------------------------------------------------------


def delete_by_sql(table):
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table._meta.db_table}")


@pytest.mark.parametrize("table", [Outcome, ItemOutcome])
def test_the_database_refuses_to_rewrite_an_answer(agent, table):
    consultation, (one, *_rest) = town()
    f.make_analysis_theme(consultation=consultation, members=[one], **f.READY)
    publish(agent, consultation)
    changes = {"explanation": "Autre chose."} if table is Outcome else {"given_at": timezone.now()}
    for gesture in (lambda: table.objects.update(**changes), lambda: delete_by_sql(table)):
        with pytest.raises(IntegrityError), transaction.atomic():
            gesture()


def test_what_was_said_of_a_theme_stays_as_it_was_on_the_day_of_its_answer(agent, client):
    consultation, (one, *_rest) = town()
    words = {"public_title": "Des bancs", "public_summary": "S’asseoir à l’ombre."}
    theme = f.make_analysis_theme(consultation=consultation, members=[one], **words, **f.READY)
    publish(agent, consultation)
    theme.refresh_from_db()
    changed = analysis.Words(theme.title, "AUTRE titre", "AUTRE résumé", is_minority=True)
    analysis.save_theme(actor=agent, theme=theme, words=changed, decided=analysis.Decided(), seen=theme.version)
    public = reverse("consultations:outcomes", args=[consultation.slug])
    text = client.get(public).content.decode()
    assert [each in text for each in ("Des bancs", "S’asseoir à l’ombre.", "AUTRE", "minoritaire")] == [
        True,
        True,
        False,
        False,
    ]
    decide(theme, "not_kept", "Le budget a changé.")
    publish(agent, consultation)
    text = client.get(public).content.decode()
    assert [each in text for each in ("AUTRE titre", "AUTRE résumé", "minoritaire")] == [True] * 3


def test_a_forwarded_answer_names_somebody(agent):
    consultation, _items = town(0)
    theme = f.make_analysis_theme(consultation=consultation)
    with pytest.raises(IntegrityError), transaction.atomic():
        Outcome.objects.create(
            consultation=consultation,
            theme=theme,
            decision="forwarded",
            explanation="Ailleurs.",
            published_at=timezone.now(),
        )


@pytest.mark.django_db(transaction=True)
def test_a_publication_that_is_killed_leaves_nothing_half_published():
    """It waits for the register, its last step, when its connection is cut: themes, opinions and places are as before."""
    agent = f.make_staff(*ANALYST)
    consultation, found = town(5)
    theme = f.make_analysis_theme(consultation=consultation, members=found, **f.READY)
    errors, pids = [], []

    def run():
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                pids.append(cursor.fetchone()[0])
            publish(agent, consultation)
        except OperationalError as error:
            errors.append(error)
        finally:
            connection.close()

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
        thread = threading.Thread(target=run)
        thread.start()
        deadline = time.monotonic() + 4
        waits = False
        while not waits and time.monotonic() < deadline:
            # Not pg_stat_activity: a transaction keeps seeing what it first saw of it.
            cursor.execute("SELECT 1 FROM pg_locks WHERE pid = %s AND NOT granted", [(pids or [0])[0]])
            waits = cursor.fetchone() is not None
            time.sleep(0.05)
        assert waits
        cursor.execute("SELECT pg_terminate_backend(%s)", [pids[0]])
        thread.join(10)
    theme.refresh_from_db()
    assert len(errors) == 1
    assert (Outcome.objects.count(), ItemOutcome.objects.count(), theme.is_ready) == (0, 0, True)
    assert coverage.of(consultation).by_place["waiting"] == 5
    # Run again, it goes through whole.
    assert publish(agent, consultation).given == 5


# --- Back to the answer of the themes ---------------------------------------------------------------------------------


def overridden(agent, *, with_theme=True):
    """An opinion with an answer of its own, in a theme whose answer is public, and one that is grouped with it."""
    consultation, (item, member) = town(2)
    if with_theme:
        f.make_analysis_theme(consultation=consultation, members=[item], public_title="Des arbres", **f.READY)
    Item.objects.filter(pk=item.pk).update(draft_decision="not_kept", draft_explanation="Pas ici.")
    analysis.group(actor=agent, root=item, keys=[member.pk], at=timezone.now())
    publish(agent, consultation)
    return consultation, Item.objects.get(pk=item.pk), member


@pytest.mark.django_db
@pytest.mark.parametrize("permissions", [(), ("consultations.analyse_consultation",)])
def test_only_who_publishes_gives_an_opinion_back_to_its_themes(permissions):
    _consultation, item, _member = overridden(f.make_staff(*ANALYST))
    with pytest.raises(RefusedError):
        outcomes.give_back(actor=f.make_staff(*permissions), item=item, reason="Parce que.", at=timezone.now())
    assert OutcomeReturn.objects.count() == 0


@pytest.mark.django_db
def test_an_opinion_goes_back_to_its_themes_as_a_dated_event(agent):
    consultation, item, member = overridden(agent)
    own = Outcome.objects.get(item=item)
    before = (own.decision, own.explanation, own.published_at)
    at = timezone.now()

    outcomes.give_back(actor=agent, item=item, reason="  Le terrain\na été vendu. ", at=at)

    returned = OutcomeReturn.objects.get()
    assert (returned.outcome, returned.item, returned.reason, returned.returned_at) == (
        own,
        item,
        "Le terrain a été vendu.",
        at,
    )
    own.refresh_from_db()
    assert (own.decision, own.explanation, own.published_at) == before
    for each in (item, member):
        assert [outcome.subject for outcome in outcomes.of_item(each)] == ["Des arbres"]
        assert [given.outcome for given in outcomes.history(each) if given.ended_at] == [own]
    assert coverage.of(consultation).percent == 100
    assert RegisterLine.objects.get(act="outcome.returned").subject == item.reference
    with pytest.raises(RefusedError, match="propre"):
        outcomes.give_back(actor=agent, item=item, reason="Encore.", at=timezone.now())
    with pytest.raises(DatabaseError), transaction.atomic():
        OutcomeReturn.objects.update(reason="Autre chose.")


@pytest.mark.django_db
def test_no_opinion_is_left_without_an_answer(agent):
    _consultation, item, _member = overridden(agent, with_theme=False)
    with pytest.raises(RefusedError, match="chacun de ses thèmes"):
        outcomes.give_back(actor=agent, item=item, reason="Parce que.", at=timezone.now())


@pytest.mark.django_db
def test_giving_back_takes_a_reason(agent, client):
    consultation, item, _member = overridden(agent)
    with pytest.raises(DomainError, match="motif est public"):
        outcomes.give_back(actor=agent, item=item, reason=" ", at=timezone.now())
    f.sign_in(client, agent)
    page = reverse("admin:consultations_consultation_analysis_item", args=[consultation.pk, item.reference])
    assert client.post(page, {"geste": "revenir", "retour-reason": ""}).status_code == 422
    assert client.post(page, {"geste": "revenir", "retour-reason": "Le terrain est vendu."}).status_code == 302
    assert "Revenu à la réponse des thèmes" in client.get(page).content.decode()
    assert "Revenir à la réponse des thèmes" not in client.get(page).content.decode()
    public = client.get(item.contribution.get_absolute_url()).content.decode()
    assert "la Ville est revenue à la réponse de ses thèmes" in public
    assert "Le terrain est vendu." in public
    export = client.get(reverse("consultations:export", args=[consultation.slug, "suites", "csv"]))
    lines = list(csv.DictReader(io.StringIO(b"".join(export.streaming_content).decode()), delimiter=";"))
    assert sorted(line["motif_du_retour"] for line in lines if line["avis"] == item.reference) == [
        "",
        "Le terrain est vendu.",
    ]


@pytest.mark.django_db
def test_publishing_costs_the_same_at_ten_times_the_opinions(agent):
    """The same statements for 4 opinions of 2 themes as for 40: the fan-out is one statement."""
    counts = []
    # The first one learns who the agent is.
    for number in (1, 4, 40):
        consultation, found = town(number)
        for members in (found[::2], found[1::2]):
            f.make_analysis_theme(consultation=consultation, members=members, **f.READY)
        with CaptureQueriesContext(connection) as context:
            assert publish(agent, consultation).given == number
        counts.append(len(context))
    assert counts[1] == counts[2]


# --- What residents read ---------------------------------------------------------------------------------------------


def test_the_page_of_a_contribution_says_what_became_of_it(agent, client):
    consultation, (one, two, _three) = town()
    f.make_analysis_theme(consultation=consultation, members=[one], public_title="Des bancs", **f.READY)
    analysis.group(actor=agent, root=one, keys=[two.pk], at=timezone.now())
    publish(agent, consultation)
    for item in (one, two):
        text = client.get(item.contribution.get_absolute_url()).content.decode()
        assert "Qu’est devenu cet avis\u00a0?" in text
        assert "La Ville le fera." in text
        assert "Des bancs" in text
    assert f"Regroupé avec l’avis {one.reference}" in text


def test_a_proposal_of_the_debate_shows_its_answer(agent, client):
    consultation, (one, *_rest) = town()
    comment = f.make_comment(contribution=one.contribution, body="Une fontaine aussi.")
    f.make_comment(contribution=one.contribution, body="Bravo.")
    f.make_analysis_theme(consultation=consultation, members=[f.make_item(comment=comment)], **f.READY)
    publish(agent, consultation)
    text = client.get(one.contribution.get_absolute_url()).content.decode()
    assert text.count("Réponse de la Ville\u00a0: retenu") == 1
    assert text.count("La Ville le fera.") == 1


def test_a_hidden_contribution_leaves_a_neutral_sentence(agent, client):
    _consultation, (one, *_rest) = town()
    hide(one.contribution, clause="3.2", facts="Une insulte envers un voisin")
    response = client.get(one.contribution.get_absolute_url())
    text = response.content.decode()
    assert response.status_code == 410
    assert "Contribution retirée\u00a0: article 3.2 de la charte" in text
    assert one.contribution.body not in text
    assert "insulte" not in text
    assert not RegisterLine.objects.filter(content__contains="insulte").exists()
