"""The report of a consultation: who may write it, what it counts, that it is published whole and never rewritten."""

import datetime as dt
import itertools
import random

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from ballots.models import Votation
from city.models import Population
from consultations import analysis, assisting, coverage, outcomes, promises
from consultations.models import Contribution, Item, ItemOutcome, Outcome, Participation, Report
from consultations.reporting import figures, rules, writing
from desk import rules as desk_rules
from desk.models import Person
from mulhouse import typography
from mulhouse.errors import DomainError, RefusedError
from questionnaires.models import Answer, Questionnaire
from tests.ballots.votes import make_vote
from tests.factories import (
    READY,
    make_analysis_theme,
    make_comment,
    make_consultation,
    make_contribution,
    make_district,
    make_item,
    make_resident,
    make_section,
    make_staff,
    sign_in,
    today,
)
from tests.questionnaires.making import add_question, make_questionnaire, make_response
from transparency.models import RegisterLine

WRITER = ("consultations.change_consultation", "consultations.change_report")
PUBLISHER = (
    *WRITER,
    "consultations.publish_report",
    "consultations.publish_consultation",
    "consultations.analyse_consultation",
)
TEXTS = {
    "question": "<p>Quels arbres planter&nbsp;?</p>",
    "said": "<p>De l’ombre, d’abord.</p>",
    "decision": "<p>Douze arbres.</p>",
    "reasons": "<p>Le sol est bon.</p>",
    "signatory": "Adjointe ou adjoint aux espaces verts",
    "contact": "nature@example.org",
}


def url(route, *args):
    return reverse(f"admin:consultations_consultation_{route}", args=args)


def public(consultation, *, number=None):
    if number is None:
        return reverse("consultations:report", args=[consultation.slug])
    return reverse("consultations:report_version", args=[consultation.slug, number])


def make_report(consultation, **fields):
    return Report.objects.create(consultation=consultation, **{**TEXTS, **fields})


def take_part(consultation, number, *, channel="web", district=None, age_band="", first_on=None):
    Participation.objects.bulk_create(
        Participation(
            consultation=consultation,
            person=Person.objects.create(),
            channel=channel,
            district=district,
            age_band=age_band,
            first_on=first_on or today(),
        )
        for _ in range(number)
    )


@pytest.fixture
def closed(db):
    """A consultation being analysed, with two opinions in a theme whose answer is ready."""
    consultation = make_consultation(phase="analyse")
    members = [make_item(contribution=make_contribution(consultation=consultation)) for _ in range(2)]
    make_analysis_theme(consultation=consultation, members=members, public_title="Planter des arbres", **READY)
    return consultation


@pytest.fixture
def publisher(db):
    return make_staff(*PUBLISHER)


def published(consultation, actor, **fields):
    report = make_report(consultation, **fields)
    writing.publish(actor=actor, report=report, seen=report.version, at=timezone.now())
    return Report.objects.select_related("consultation").get(pk=report.pk)


# --- Who -----------------------------------------------------------------------------------------------------------------

PAGES = ("report", "report_preview", "report_discard")
GESTURES = ("report_begin", "report_publish", "report_discard")


@pytest.mark.parametrize("route", PAGES)
def test_the_tab_is_closed_to_others(client, closed, route):
    make_report(closed)
    for who in (None, make_resident(), make_staff("consultations.change_consultation", "consultations.view_report")):
        client.logout()
        if who:
            sign_in(client, who)
        assert client.get(url(route, closed.pk)).status_code in {302, 403}


@pytest.mark.parametrize("route", GESTURES)
def test_gestures_are_closed_to_others(client, closed, route):
    make_report(closed)
    for who in (None, make_resident(), make_staff("consultations.change_consultation")):
        client.logout()
        if who:
            sign_in(client, who)
        assert client.post(url(route, closed.pk)).status_code in {302, 403}
    assert list(Report.objects.order_by("pk").values_list("number", "published_at")) == [(1, None)]


def test_writing_does_not_allow_publishing(client, closed):
    make_report(closed)
    sign_in(client, make_staff(*WRITER))
    assert client.get(url("report", closed.pk)).status_code == 200
    assert client.post(url("report_publish", closed.pk), {"seen": 1}).status_code == 403


@pytest.mark.parametrize(
    "missing", ["consultations.change_report", "consultations.publish_report", "consultations.analyse_consultation"]
)
def test_publishing_asks_for_each_permission(closed, missing):
    report = make_report(closed)
    actor = make_staff(*(name for name in PUBLISHER if name != missing))
    with pytest.raises(RefusedError):
        writing.publish(actor=actor, report=report, seen=1, at=timezone.now())
    assert Report.objects.get().published_at is None


def test_a_draft_is_nobody_s_but_its_writers(client, closed):
    make_report(closed)
    addresses = [
        public(closed),
        public(closed, number=1),
        *(
            reverse(f"consultations:{name}", args=[closed.slug, 1])
            for name in ("report_pdf", "report_annex", "report_participation")
        ),
    ]
    assert [client.get(address).status_code for address in addresses] == [404] * 5
    sign_in(client, make_staff("consultations.change_consultation"))
    assert [client.get(address).status_code for address in addresses] == [404] * 5
    sign_in(client, make_staff(*WRITER))
    assert [client.get(address).status_code for address in addresses] == [404, 404, 404, 200, 200]


# --- Writing -------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_report_begins_with_the_questions_and_the_service(closed, publisher):
    closed.sections.update(question="Où <planter> ?")
    report = writing.begin(actor=publisher, consultation=closed)
    again = writing.begin(actor=publisher, consultation=closed)

    assert again.pk == report.pk
    assert (report.number, report.question) == (1, "<ul><li>Où &lt;planter&gt; ?</li></ul>")


@pytest.mark.django_db(transaction=True)
def test_texts_are_cleaned_and_the_second_agent_is_told(closed, publisher):
    report = make_report(closed)
    saved = writing.save(
        actor=publisher, report=report, values={"said": "<p onclick='x'>Oui<script>y</script></p>"}, seen=1
    )
    assert (saved.said, saved.version, saved.decision) == ("<p>Oui</p>", 2, TEXTS["decision"])
    with pytest.raises(DomainError) as caught:
        writing.save(actor=publisher, report=report, values={"said": "<p>Non</p>"}, seen=1)
    assert caught.value.code == "stale"


@pytest.mark.django_db(transaction=True)
def test_a_draft_is_thrown_away_and_a_public_version_is_not(closed, publisher):
    report = make_report(closed)
    writing.discard(actor=publisher, report=report)
    assert not Report.objects.exists()
    report = published(closed, publisher)
    with pytest.raises(DomainError) as caught:
        writing.discard(actor=publisher, report=report)
    assert caught.value.code == "published"
    with pytest.raises(DomainError) as caught:
        writing.save(actor=publisher, report=report, values={"said": ""}, seen=report.version)
    assert caught.value.code == "published"


def test_the_tab_lists_what_is_missing(client, closed, publisher):
    lonely = make_item(contribution=make_contribution(consultation=closed, title="Un banc à l’ombre"))
    make_report(closed, decision="", contact="")
    sign_in(client, publisher)

    page = client.get(url("report", closed.pk)).content.decode()

    assert "Ce que la Ville a décidé." in page
    assert "À qui s’adresser." in page
    assert "Un avis sans réponse" in page
    assert f'{url("analysis_item", closed.pk, lonely.reference)}">{lonely.reference}</a>' in page
    assert "Publier le bilan" not in page


def test_the_tab_saves_and_publishes(client, closed, publisher):
    sign_in(client, publisher)
    client.post(url("report_begin", closed.pk))
    answer = client.post(url("report", closed.pk), {"seen": 1, **TEXTS})
    assert answer.status_code == 302
    draft = Report.objects.get()
    assert (draft.decision, draft.version) == (TEXTS["decision"], 2)
    assert "Publier le bilan" in client.get(url("report", closed.pk)).content.decode()

    client.post(url("report_publish", closed.pk), {"seen": 2})

    assert Report.objects.get().published_at is not None
    assert "Préparer une correction" in client.get(url("report", closed.pk)).content.decode()


# --- Publishing ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_publishing_freezes_the_figures_and_publishes_the_answers(closed, publisher):
    before = figures.collect(closed, at=timezone.now())
    report = published(closed, publisher)

    assert report.figures == before == figures.collect(closed, at=timezone.now())
    assert report.pdf_state == Report.PdfState.PREPARING
    assert coverage.of(closed).without_outcome == 0
    assert Outcome.objects.count() == 1
    assert ItemOutcome.objects.current().count() == 2
    acts = RegisterLine.objects.filter(subject=closed.slug).order_by("number").values_list("act", flat=True)
    assert list(acts) == ["outcome.published", "report.published"]


@pytest.mark.django_db(transaction=True)
def test_a_report_waits_for_the_last_answer(closed, publisher):
    lonely = make_item(contribution=make_contribution(consultation=closed))
    report = make_report(closed)
    with pytest.raises(DomainError) as caught:
        writing.publish(actor=publisher, report=report, seen=1, at=timezone.now())
    assert caught.value.code == "unanswered"
    assert (Outcome.objects.count(), RegisterLine.objects.count()) == (0, 0)
    assert list(rules.unanswered(closed)) == [lonely]

    Item.objects.filter(pk=lonely.pk).update(**READY)
    assert not rules.unanswered(closed).exists()
    writing.publish(actor=publisher, report=report, seen=1, at=timezone.now())
    assert coverage.of(closed).percent == 100


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("phase", "fields", "seen", "code"),
    [
        ("contribute", {}, 1, "open"),
        ("analyse", {}, 7, "stale"),
        ("analyse", {"decision": ""}, 1, "unfinished"),
        ("analyse", {"number": 2}, 1, "unfinished"),
    ],
)
def test_a_report_is_refused(publisher, phase, fields, seen, code):
    report = make_report(make_consultation(phase=phase), **fields)
    with pytest.raises(DomainError) as caught:
        writing.publish(actor=publisher, report=report, seen=seen, at=timezone.now())
    assert caught.value.code == code
    assert Report.objects.get().published_at is None


def refused(publisher, report):
    with pytest.raises(DomainError) as caught:
        writing.publish(actor=publisher, report=report, seen=report.version, at=timezone.now())
    return caught.value.code


@pytest.mark.django_db(transaction=True)
def test_a_report_waits_for_the_questionnaires_and_the_votes(closed, publisher):
    report, asked = make_report(closed), make_questionnaire(consultation=closed)
    question = add_question(asked, "text")
    assert refused(publisher, report) == "open"

    # Closed since midnight: what people wrote there is not among the opinions before somebody gathers it.
    make_response(asked, Answer(question=question, text="Des bancs à l’ombre"))
    Questionnaire.objects.filter(pk=asked.pk).update(closes_on=today())
    assert refused(publisher, report) == "unfinished"
    analysis.collect_answers(actor=None, consultation=closed, at=timezone.now())
    assert refused(publisher, report) == "unanswered"
    Item.objects.filter(answer__isnull=False).update(**READY)

    link = make_vote(consultation=closed)
    assert refused(publisher, report) == "open"
    Votation.objects.filter(pk=link.votation.pk).update(counted_at=timezone.now())
    assert writing.publish(actor=publisher, report=report, seen=1, at=timezone.now()).published_at is not None


@pytest.mark.django_db(transaction=True)
def test_paper_that_comes_late_is_entered_until_the_report_is_public(publisher):
    agent, at = make_staff("desk.assist"), timezone.now()
    closed = make_consultation(phase="analyse")
    assert typography.local_day(at) <= promises.asked_until(closed) + dt.timedelta(days=desk_rules.LATE_DAYS)
    assert assisting.entry_refusal(agent, closed, channel="web", at=at).code == "closed"
    assert assisting.entry_refusal(agent, closed, channel="paper", at=at) is None

    published(closed, publisher)
    assert assisting.entry_refusal(agent, closed, channel="paper", at=at).code == "reported"


@pytest.mark.django_db(transaction=True)
def test_two_clicks_publish_once(closed, publisher):
    report = published(closed, publisher)
    with pytest.raises(DomainError) as caught:
        writing.publish(actor=publisher, report=report, seen=report.version, at=timezone.now())
    assert caught.value.code == "published"


@pytest.mark.django_db(transaction=True)
def test_a_correction_is_a_new_version_and_the_old_one_stays(client, closed, publisher):
    first = published(closed, publisher)
    draft = writing.begin(actor=publisher, consultation=closed)
    assert (draft.number, draft.said, draft.correction) == (2, first.said, "")
    writing.save(actor=publisher, report=draft, values={"said": "<p>De l’eau.</p>", "correction": "Un oubli."}, seen=1)
    draft.refresh_from_db()
    writing.publish(actor=publisher, report=draft, seen=draft.version, at=timezone.now())

    last = client.get(public(closed)).content.decode()
    old = client.get(public(closed, number=1)).content.decode()
    assert "De l’eau." in last
    assert "Un oubli." in last
    assert "De l’ombre, d’abord." in old
    assert "Cette version a été corrigée" in old
    assert client.get(public(closed, number=3)).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("change", [{"said": "autre"}, {"figures": {}}, {"published_at": None}])
def test_the_database_refuses_to_rewrite_a_public_version(closed, publisher, change):
    report = published(closed, publisher)
    with pytest.raises(DatabaseError), transaction.atomic():
        Report.objects.filter(pk=report.pk).update(**change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Report.objects.filter(pk=report.pk).delete()


# --- Figures equal to SQL written apart ------------------------------------------------------------------------------------


def _sql(query, *values):
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        return cursor.fetchall()


def _unmerged(line):
    return dict(line["rows"])


@pytest.fixture
def crowd(db):
    """A consultation with people, texts, themes and answers thrown by a fixed die."""
    dice = random.Random(2014)
    consultation = make_consultation(phase="analyse", sections=3)
    districts = [make_district() for _ in range(4)]
    author = make_resident()
    for channel, number in (("web", 60), ("desk", 9), ("paper", 3), ("phone", 2)):
        for _ in range(number):
            take_part(
                consultation,
                1,
                channel=channel,
                district=dice.choice([*districts, None]),
                age_band=dice.choice(["0-17", "18-24", "25-39", "40-59", "60-74", "75+", ""]),
                first_on=today() - dt.timedelta(days=dice.randrange(40)),
            )
    sections = list(consultation.sections.all())
    found = []
    for _ in range(40):
        contribution = make_contribution(
            consultation=consultation,
            section=dice.choice(sections),
            author=author,
            kind=dice.choice(["opinion", "proposal"]),
            agree_count=dice.randrange(9),
            disagree_count=dice.randrange(4),
            imported_mixed_count=dice.randrange(3),
            comment_count=dice.randrange(5),
            withdrawn_at=timezone.now() if dice.random() < 0.1 else None,
        )
        found.append(make_item(contribution=contribution))
    found += [make_item(comment=make_comment(contribution=found[1].contribution, author=author)) for _ in range(3)]
    standing = [item for item in found if item.place == Item.Place.WAITING]
    half = len(standing) // 2
    make_analysis_theme(consultation=consultation, members=standing[: half + 3], is_minority=True, **READY)
    make_analysis_theme(
        consultation=consultation,
        members=standing[half:],
        draft_decision="forwarded",
        draft_explanation="Une autre collectivité en décide.",
        draft_forwarded_to="L’agglomération",
    )
    Item.objects.filter(pk=standing[0].pk).update(draft_decision="not_kept", draft_explanation="Non.")
    Item.objects.filter(pk=standing[4].pk).update(place="grouped", grouped_with=standing[5])
    for district in districts:
        Population.objects.create(district=district, inhabitants=1000, year=2021, source="Essai")
    return consultation


def assert_equal_to_sql(consultation, counted):
    """Compare with queries that share nothing with the module."""
    pk = consultation.pk
    people = _sql("SELECT count(*) FROM consultations_participation WHERE consultation_id = %s", pk)[0][0]
    assert counted["people"] == people
    for line, column in (("by_channel", "channel"), ("by_age", "age_band")):
        exact = dict(
            _sql(
                f"SELECT {column}, count(*) FROM consultations_participation WHERE consultation_id = %s GROUP BY 1", pk
            )
        )
        assert {**exact, **_unmerged(counted[line])} == {**dict.fromkeys(_unmerged(counted[line]), 0), **exact}
        assert counted[line]["rest"] == sum(exact.get(name, 0) for name in counted[line]["merged"])
        assert all(number >= 5 for number in _unmerged(counted[line]).values()) or not counted[line]["merged"]
    exact = dict(
        _sql(
            "SELECT coalesce(d.name, ''), count(*) FROM consultations_participation p "
            "LEFT JOIN city_district d ON d.id = p.district_id WHERE p.consultation_id = %s GROUP BY 1",
            pk,
        )
    )
    shown = _unmerged(counted["by_district"])
    assert all(exact.get(name, 0) == number for name, number in shown.items())
    assert sum(shown.values()) + counted["by_district"]["rest"] == people
    assert sum(_unmerged(counted["by_time"]).values()) + counted["by_time"]["rest"] == people
    totals = _sql(
        "SELECT count(*), sum(comment_count), sum(agree_count + imported_agree_count + mixed_count + imported_mixed_count "
        "+ disagree_count + imported_disagree_count) FROM consultations_contribution "
        "WHERE consultation_id = %s AND published_at IS NOT NULL AND withdrawn_at IS NULL AND hidden_at IS NULL",
        pk,
    )[0]
    assert (counted["contributions"], counted["comments"], counted["positions"]) == tuple(int(n or 0) for n in totals)
    rows = _sql(
        "SELECT s.title, c.kind, count(*) FROM consultations_contribution c JOIN consultations_section s ON s.id = c.section_id "
        "WHERE c.consultation_id = %s AND c.published_at IS NOT NULL AND c.withdrawn_at IS NULL AND c.hidden_at IS NULL "
        "GROUP BY s.id, s.title, c.kind",
        pk,
    )
    assert sorted((r["title"], r["kind"], r["contributions"]) for r in counted["sections"]) == sorted(rows)
    gone = "SELECT count(*), count(*) FILTER (WHERE place IN ('withdrawn', 'hidden')) FROM consultations_item WHERE consultation_id = %s"
    assert [(counted["opinions"] + counted["gone"], counted["gone"])] == _sql(gone, pk)


def assert_decisions_equal_to_sql(consultation, counted):
    """Compare with what was given, once it is."""
    given = dict(
        _sql(
            "SELECT o.decision, count(DISTINCT g.item_id) FROM consultations_itemoutcome g "
            "JOIN consultations_outcome o ON o.id = g.outcome_id JOIN consultations_item i ON i.id = g.item_id "
            "WHERE i.consultation_id = %s AND g.ended_at IS NULL AND i.place NOT IN ('withdrawn', 'hidden') GROUP BY 1",
            consultation.pk,
        )
    )
    assert counted["decisions"] == given
    for answer in counted["answers"]:
        attached = _sql(
            "SELECT count(DISTINCT i.id) FROM consultations_item i JOIN consultations_itemtheme l "
            "ON l.item_id = coalesce(i.grouped_with_id, i.id) JOIN consultations_analysistheme t ON t.id = l.theme_id "
            "WHERE t.reference = %s AND i.place NOT IN ('withdrawn', 'hidden')",
            answer["reference"],
        )[0][0]
        assert answer["opinions"] == attached


@pytest.mark.django_db(transaction=True)
def test_figures_equal_independent_sql(crowd, publisher):
    counted = figures.collect(crowd, at=timezone.now())
    assert_equal_to_sql(crowd, counted)
    assert set(counted["decisions"]) == {"kept", "forwarded", "not_kept"}
    Item.objects.filter(consultation=crowd, links__isnull=True, place="waiting").update(**READY)

    report = published(crowd, publisher)

    assert_equal_to_sql(crowd, report.figures)
    assert_decisions_equal_to_sql(crowd, report.figures)
    assert report.figures["decisions"] == figures.collect(crowd, at=timezone.now())["decisions"]


def test_small_counts_of_people_leave_merged(closed):
    few, many = make_district(), make_district()
    take_part(closed, 3, district=few, age_band="18-24")
    take_part(closed, 30, district=many, age_band="40-59")

    counted = figures.collect(closed, at=timezone.now())

    assert few.name in counted["by_district"]["merged"]
    assert "18-24" in counted["by_age"]["merged"]
    assert 3 not in {number for line in ("by_district", "by_age") for _name, number in counted[line]["rows"]}


def test_time_is_told_by_month_when_weeks_are_many(closed):
    for week in range(30):
        take_part(closed, 5, first_on=today() - dt.timedelta(weeks=week))
    assert figures.collect(closed, at=timezone.now())["by_time"]["unit"] == "month"


def test_counting_costs_the_same_at_ten_times_the_rows(closed, django_assert_num_queries):
    with django_assert_num_queries(8):
        figures.collect(closed, at=timezone.now())
    take_part(closed, 30)
    for _ in range(18):
        item = make_item(contribution=make_contribution(consultation=closed))
        make_analysis_theme(consultation=closed, members=[item], **READY)
    with django_assert_num_queries(8):
        figures.collect(closed, at=timezone.now())


@pytest.mark.django_db
def test_a_decision_is_ready_once_it_is_whole():
    """One definition, in the database: a theme needs a public title too, an opinion has its own."""
    consultation = make_consultation()
    item = make_item(contribution=make_contribution(consultation=consultation))
    for title, decision, explanation, to in itertools.product(
        ("", "\t \n", "Des arbres"), ("", "kept", "forwarded"), ("", " \n", "Oui."), ("", "\t", "La Région")
    ):
        drafted = {"draft_decision": decision, "draft_explanation": explanation, "draft_forwarded_to": to}
        theme = make_analysis_theme(consultation=consultation, public_title=title, **drafted)
        Item.objects.filter(pk=item.pk).update(**drafted)
        item.refresh_from_db(fields=["is_ready"])
        whole = bool(decision and explanation.strip() and (decision != "forwarded" or to.strip()))
        assert (theme.is_ready, item.is_ready) == (whole and bool(title.strip()), whole), drafted


def test_no_report_tells_a_working_title(closed, publisher):
    """A theme whose opinions all have an answer of their own is in the report too: under its public title, or not at all."""
    item = make_item(contribution=make_contribution(consultation=closed))
    Item.objects.filter(pk=item.pk).update(**READY)
    theme = make_analysis_theme(
        consultation=closed, members=[item], title="CLASSEUR", public_title=" ", draft_explanation="CLASSEUR brouillon"
    )
    assert "CLASSEUR" not in str(figures.collect(closed, at=timezone.now())["answers"])
    report = make_report(closed)
    with pytest.raises(DomainError, match="Le titre public du thème"):
        writing.publish(actor=publisher, report=report, seen=report.version, at=timezone.now())
    assert not Outcome.objects.filter(item=item).exists()
    closed.analysis_themes.filter(pk=theme.pk).update(public_title="Des bancs")
    answers = writing.publish(actor=publisher, report=report, seen=report.version, at=timezone.now()).figures["answers"]
    assert "Des bancs" in {row["title"] for row in answers}
    assert "CLASSEUR" not in str(answers)


def test_a_later_report_says_a_theme_as_its_answer_did(closed, publisher):
    """Words changed after an answer is public wait for the next answer."""
    published(closed, publisher)
    closed.analysis_themes.update(public_title="AUTRE", public_summary="AUTRE", is_minority=True)
    rows = figures.collect(closed, at=timezone.now())["answers"]
    assert [(row["title"], row["summary"], row["is_minority"]) for row in rows] == [("Planter des arbres", "", False)]


def test_hidden_and_withdrawn_texts_are_not_counted(closed):
    before = figures.collect(closed, at=timezone.now())["contributions"]
    make_contribution(consultation=closed, withdrawn_at=timezone.now())
    make_contribution(consultation=closed, hidden_at=timezone.now())
    make_section(closed)
    assert Contribution.objects.filter(consultation=closed).count() == before + 2
    assert figures.collect(closed, at=timezone.now())["contributions"] == before


@pytest.mark.django_db(transaction=True)
def test_outcomes_published_before_are_taken_as_they_are(closed, publisher):
    outcomes.publish(actor=publisher, consultation=closed, at=timezone.now())
    report = published(closed, publisher)
    assert [(row["title"], row["decision"], row["opinions"]) for row in report.figures["answers"]] == [
        ("Planter des arbres", "kept", 2)
    ]
