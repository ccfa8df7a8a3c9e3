import datetime as dt
import importlib

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import actions as accounts_actions
from ballots.models import Votation
from consultations import actions, participation, tasks
from consultations.models import Comment, CommentSupport, Participation, Position, TableNotes
from consultations.reporting import figures
from desk import people
from desk.models import Channel, Person
from mulhouse.references import new_reference
from questionnaires.models import Answer
from tests.ballots import votes
from tests.concurrency import run_in_threads
from tests.factories import (
    make_comment,
    make_consultation,
    make_contribution,
    make_district,
    make_resident,
    make_staff,
    sign_in,
    today,
)
from tests.questionnaires.making import add_question, make_questionnaire, make_response
from transparency import register

pytestmark = pytest.mark.django_db

# The whole row but its keys.
WHAT = ("channel", "district_id", "age_band", "first_on")


def rows(consultation, *names):
    return list(Participation.objects.filter(consultation=consultation).order_by("pk").values_list(*(names or WHAT)))


def person(number=1):
    with transaction.atomic():
        return people.of_identity(f"{number:064x}")


@pytest.mark.django_db(transaction=True)
def test_it_is_noted_inside_a_transaction_only():
    consultation, someone = make_consultation(), person()
    with pytest.raises(RuntimeError):
        participation.note(consultation, someone, channel=Channel.DESK, at=timezone.now())
    with pytest.raises(RuntimeError):
        participation.note_account(consultation, make_resident(), at=timezone.now())
    with pytest.raises(RuntimeError):
        participation.catch_up([consultation.pk])


def test_the_first_channel_and_day_stay():
    consultation, district, someone = make_consultation(), make_district(), person()
    first = dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC)
    participation.note(consultation, someone, channel=Channel.PAPER, at=first, district=district, birth_year=2026 - 40)
    participation.note(consultation, someone, channel=Channel.WEB, at=timezone.now(), birth_year=1930)
    # Half past midnight in Mulhouse.
    assert rows(consultation) == [("paper", district.pk, "40-59", dt.date(2026, 3, 2))]
    assert participation.took_part(consultation, someone)
    assert not participation.took_part(make_consultation(), someone)


@pytest.mark.django_db(transaction=True)
def test_each_gesture_of_a_resident_is_noted_once():
    """Contribution, position, comment, support: one row in each consultation, however many gestures."""
    at, district = timezone.now(), make_district()

    def resident():
        return make_resident(district=district, birth_year=today().year - 30)

    for gesture in (
        lambda actor, text: actions.take_position(actor=actor, contribution=text, choice="agree", at=at),
        lambda actor, text: actions.comment(
            actor=actor, contribution=text, reference=new_reference(), stance="for", body="D’accord.", at=at
        ),
        lambda actor, text: actions.support_comment(actor=actor, comment=make_comment(contribution=text), at=at),
        lambda actor, text: actions.publish(
            actor=actor,
            contribution=make_contribution(consultation=text.consultation, author=actor, published_at=None),
            at=at,
        ),
    ):
        text, actor = make_contribution(), resident()
        gesture(actor, text)
        gesture(actor, text)
        assert rows(text.consultation) == [("web", district.pk, "25-39", today())]
        assert Participation.objects.get(consultation=text.consultation).person.user == actor


@pytest.mark.django_db(transaction=True)
def test_a_refused_gesture_leaves_no_trace():
    text = make_contribution(consultation=make_consultation(phase="analyse"))
    with pytest.raises(Exception, match="terminée"):
        actions.take_position(actor=make_resident(), contribution=text, choice="agree", at=timezone.now())
    assert (Participation.objects.count(), Person.objects.count()) == (0, 0)


def test_a_known_account_costs_one_query(django_assert_num_queries):
    consultation, user = make_consultation(), make_resident()
    participation.note_account(consultation, user, at=timezone.now())
    with django_assert_num_queries(1):
        participation.note_account(consultation, user, at=timezone.now())


@pytest.mark.django_db(transaction=True)
def test_thirty_gestures_at_once_are_one_row():
    consultation, user = make_consultation(), make_resident()
    someone = person()

    def gesture(number):
        with transaction.atomic():
            participation.note_account(consultation, user, at=timezone.now())
            channel = [Channel.DESK, Channel.PAPER, Channel.PHONE][number % 3]
            participation.note(consultation, someone, channel=channel, at=timezone.now())

    assert run_in_threads(30, gesture) == [None] * 30
    assert len(rows(consultation)) == 2


@pytest.mark.django_db(transaction=True)
def test_closing_an_account_keeps_the_count():
    text, user = make_contribution(), make_resident()
    actions.take_position(actor=user, contribution=text, choice="agree", at=timezone.now())
    before = rows(text.consultation)
    accounts_actions.close_account(user=user)
    assert rows(text.consultation) == before
    assert Participation.objects.get().person.user is None
    # The position went with the account, since the phase is open; having taken part stays.
    assert Position.objects.count() == 0


def _forget_the_ledger():
    Participation.objects.all().delete()
    Person.objects.all().delete()


def _a_lively_consultation():
    """Four people signed something, a pseudonym came by an import, and somebody is gone."""
    district = make_district()
    consultation = make_consultation()
    at = dt.datetime(2026, 3, 1, 23, 30, tzinfo=dt.UTC)
    author = make_resident(district=district, birth_year=1950)
    text = make_contribution(consultation=consultation, author=author, published_at=at)
    comment = make_comment(contribution=text, author=author, published_at=at - dt.timedelta(days=3))
    supporter, voter, debater = (make_resident(district=district) for _ in range(3))
    make_comment(contribution=text, author=debater, published_at=at + dt.timedelta(days=1))
    CommentSupport.objects.create(comment=comment, resident=supporter)
    Position.objects.create(contribution=text, resident=voter, choice="agree")
    Position.objects.create(contribution=text, resident=None, choice="agree")
    make_contribution(consultation=consultation, author=make_resident(), published_at=None)
    for number in range(2):
        imported = make_contribution(
            consultation=consultation,
            channel=Channel.IMPORT,
            author_label="Zoé",
            published_at=at,
            source_key=f"x:{number}",
        )
        type(imported).objects.filter(pk=imported.pk).update(author=None)
        Comment.objects.filter(
            pk=make_comment(
                contribution=imported,
                channel=Channel.IMPORT,
                author_label="Ali",
                published_at=at,
                source_key=f"y:{number}",
            ).pk
        ).update(author=None)
    _forget_the_ledger()
    day = dt.date(2026, 3, 2)
    return consultation, [
        ("import", None, "", day),
        ("import", None, "", day),
        ("web", district.pk, "", dt.date(2026, 2, 27)),
        ("web", district.pk, "", day),
        ("web", district.pk, "", dt.date(2026, 3, 3)),
        ("web", district.pk, "75+", dt.date(2026, 2, 27)),
    ]


def _sorted(found):
    return sorted(found, key=lambda row: (row[0], row[2], row[3]))


def test_what_is_missing_is_found_and_written():
    consultation, expected = _a_lively_consultation()
    assert participation.missing() == [participation.Missing(consultation.pk, 6)]
    assert participation.catch_up([consultation.pk]) == 6
    assert _sorted(rows(consultation)) == expected
    assert participation.missing() == []
    assert participation.catch_up([consultation.pk]) == 0


@pytest.mark.django_db(transaction=True)
def test_the_night_writes_what_is_missing(capsys):
    consultation, expected = _a_lively_consultation()
    with pytest.raises(SystemExit):
        call_command("check_consistency")
    assert "il manque 6 personnes" in capsys.readouterr().out
    tasks.check_consistency()
    assert _sorted(rows(consultation)) == expected


def test_the_migration_writes_the_same():
    consultation, expected = _a_lively_consultation()
    migration = importlib.import_module("consultations.migrations.0010_backfill_participation")
    for _ in range(2):
        with connection.schema_editor(atomic=False, collect_sql=False) as editor:
            migration.backfill(apps, editor)
    assert _sorted(rows(consultation)) == expected
    assert participation.missing() == []


def test_figures_add_up():
    consultation, expected = _a_lively_consultation()
    participation.catch_up([consultation.pk])
    participation.note(consultation, person(), channel=Channel.DESK, at=dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC))
    district = next(row[1] for row in expected if row[1])
    found = participation.figures(consultation, at=timezone.now())
    assert found.people == 7
    assert list(found.by_channel.items()) == [("web", 4), ("desk", 1), ("import", 2)]
    assert found.by_district == {
        consultation.participations.filter(district=district).first().district.name: 4,
        None: 3,
    }
    assert list(found.by_age.items()) == [("75+", 1), ("", 6)]
    assert found.by_week == {dt.date(2026, 2, 23): 2, dt.date(2026, 3, 2): 4, dt.date(2026, 3, 9): 1}


def test_figures_cost_the_same_with_more_people(django_assert_num_queries):
    consultation = make_consultation()
    for number in range(3):
        participation.note(consultation, person(number), channel=Channel.PHONE, at=timezone.now())
        with django_assert_num_queries(1):
            participation.figures(consultation, at=timezone.now())


# --- On the page ---------------------------------------------------------------------------------------------------------


def test_the_page_says_who_took_part_and_singles_nobody_out(client):
    consultation = make_consultation()
    people_by_channel = {Channel.WEB: 7, Channel.DESK: 6, Channel.PAPER: 2, Channel.PHONE: 1}
    number = 0
    for channel, count in people_by_channel.items():
        for _ in range(count):
            number += 1
            participation.note(consultation, person(number), channel=channel, at=timezone.now())
    TableNotes.objects.create(
        consultation=consultation,
        table="Table 1",
        gathering="atelier",
        held_on=today(),
        rapporteur="animatrice",
        people=9,
        entered_at=timezone.now(),
    )
    shown = {
        str(fact.label): str(fact.value) for fact in client.get(consultation.get_absolute_url()).context["participants"]
    }
    assert shown.pop("Aux tables des réunions").startswith("9 personnes")
    assert shown.pop("En tout") == "16 personnes"
    # Under five: told as one sum, with as many others as it takes.
    assert "Sur papier" not in shown
    assert "Par téléphone" not in shown
    assert sum(int(words.split()[0]) for words in shown.values()) == 16


def test_nobody_is_seen_to_have_voted(client, monkeypatch):
    """While a secret vote runs, no figure grows by one as somebody leaves the desk: those of today wait for midnight."""
    consultation, now = make_consultation(), timezone.now()
    for number in range(12):
        channel = [Channel.WEB, Channel.DESK][number % 2]
        participation.note(consultation, person(number), channel=channel, at=now - dt.timedelta(days=1))
    link, voter = votes.make_vote(consultation=consultation), votes.make_voter()
    file = reverse("consultations:export", args=[consultation.slug, "participants", "csv"])
    agent = Client()
    sign_in(agent, make_staff("consultations.change_consultation", "consultations.view_consultation"))

    def body():
        return b"".join(client.get(file).streaming_content)

    def told():
        counted = figures.collect(consultation, at=timezone.now())
        listed = agent.get(reverse("admin:consultations_consultation_changelist")).content.decode()
        return (
            [(str(fact.label), str(fact.value)) for fact in client.get(address).context["participants"]],
            body(),
            "12\u00a0: 6 en ligne, 6 au guichet" in listed,
            {name: counted[name] for name in ("people", "by_channel", "by_district", "by_age", "by_time")},
        )

    address = consultation.get_absolute_url()
    before = told()
    assert before[0][0] == ("En tout", "12 personnes, jusqu’à hier soir")
    assert (before[2], before[3]["people"]) == (True, 12)
    votes.cast(link, [1], voter=voter)
    # As `assisting.enter_on_roll`.
    newcomer = person(99)
    votes.enter(link, person=newcomer)
    participation.note(consultation, newcomer, channel=Channel.DESK, at=timezone.now())
    # Neither wrote a line on the register; somebody else's makes every page anew.
    with transaction.atomic():
        register.record("vote.draft", role="agent")
    assert told() == before

    seen, tomorrow = client.get(file)["ETag"], now + dt.timedelta(days=1)
    assert participation.by_channel(consultation, at=tomorrow) == {"web": 7, "desk": 7}
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    # The day is over: nothing was written since, and what the visitor kept is no longer true.
    assert client.get(file, headers={"If-None-Match": seen}).status_code == 200
    assert body() != before[1]
    facts = client.get(address).context["participants"]
    assert str(facts[0].value) == "14 personnes, jusqu’à hier soir"


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        ({"opens_on": 1}, {}),
        ({"opens_on": -10}, {}),
        ({"opens_on": -2}, {"cancelled_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC), "cancel_reason": "Erreur."}),
        ({"opens_on": -2}, {"published_at": None}),
    ],
    ids=["to come", "over", "cancelled", "draft"],
)
def test_people_are_counted_at_once_while_nobody_can_vote(client, fields, changes):
    consultation = make_consultation()
    opens_on = today() + dt.timedelta(days=fields["opens_on"])
    link = votes.make_vote(consultation=consultation, opens_on=opens_on)
    with votes.by_force():
        Votation.objects.filter(pk=link.votation_id).update(**changes)
    participation.note(consultation, person(), channel=Channel.WEB, at=timezone.now())
    facts = client.get(consultation.get_absolute_url()).context["participants"]
    assert str(facts[0].value) == "1 personne"
    assert participation.by_channel(consultation, at=timezone.now()) == {"web": 1}


def test_first_and_last_day_of_a_vote_are_whole_days():
    consultation, now = make_consultation(), timezone.now()
    participation.note(consultation, person(), channel=Channel.WEB, at=now)
    for first, counted in ((1, {"web": 1}), (0, {}), (1 - votes.DAYS, {}), (-votes.DAYS, {"web": 1})):
        opens_on = today() + dt.timedelta(days=first)
        link = votes.make_vote(consultation=consultation, opens_on=opens_on)
        assert participation.by_channel(consultation, at=now) == counted
        with votes.by_force():
            Votation.objects.filter(pk=link.votation_id).update(published_at=None)


def test_a_consultation_without_anybody_has_no_box(client):
    assert client.get(make_consultation().get_absolute_url()).context["participants"] == []


def test_agents_read_who_took_part_in_their_list(client):
    consultation = make_consultation(title="Les bancs")
    for number in range(11):
        channel = Channel.WEB if number < 6 else Channel.DESK
        participation.note(consultation, person(number), channel=channel, at=timezone.now())
    make_consultation(title="Rien encore")
    sign_in(client, make_staff("consultations.change_consultation", "consultations.view_consultation"))
    html = client.get(reverse("admin:consultations_consultation_changelist")).content.decode()
    assert "11 : 6 en ligne, 5 au guichet" in html


def test_the_results_of_a_questionnaire_are_told_by_channel(client):
    questionnaire = make_questionnaire(closes=0)
    asked = add_question(questionnaire, "single")
    for number in range(14):
        channel = [Channel.WEB, Channel.DESK][number % 2] if number < 12 else Channel.PAPER
        make_response(questionnaire, Answer(question=asked, option=asked.options.first()), channel=channel)
    url = reverse(
        "consultations:questionnaire_results",
        args=[questionnaire.consultation_link.consultation.slug, questionnaire.reference],
    )
    shown = {str(fact.label): str(fact.value) for fact in client.get(url).context["channels"]}
    assert sum(int(value) for value in shown.values()) == 14
    # Two people on paper: told with as many others as it takes.
    assert "Sur papier" not in shown
    few = make_questionnaire(closes=0)
    make_response(few)
    url = reverse("consultations:questionnaire_results", args=[few.consultation_link.consultation.slug, few.reference])
    assert client.get(url).context["channels"] == []
