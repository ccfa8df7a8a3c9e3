"""What agents do with a consultation: who may, what is refused, what goes on the register."""

import datetime as dt
import json

import pytest
from django.utils import timezone

from ballots.models import Votation
from consultations import editing, editing_rules, game, phases
from consultations.models import Consultation, Document, Phase, Report, Ruleset
from mulhouse.errors import DomainError, RefusedError
from mulhouse.uploads import CleanFile
from questionnaires.models import Question, Questionnaire
from tests import factories
from tests.ballots.votes import make_draft, make_vote
from tests.concurrency import run_in_threads
from tests.factories import make_consultation, make_contribution, make_staff, today
from tests.questionnaires.making import add_question, make_questionnaire
from transparency.models import RegisterLine

EDITOR = ("consultations.add_consultation", "consultations.change_consultation")
PUBLISHER = (*EDITOR, "consultations.publish_consultation", "consultations.delete_consultation")
WHOLE = {
    "description": "<p>Le projet.</p>",
    "open_to_discussion": "Les essences",
    "not_open": "Le nombre",
    "decider": "Le conseil municipal",
    "service_function": "Responsable des espaces verts",
}


@pytest.fixture
def agent(db):
    return make_staff(*EDITOR)


@pytest.fixture
def publisher(db):
    return make_staff(*PUBLISHER)


def draft(**fields):
    return make_consultation(**{"published_at": None, **WHOLE, **fields})


def fresh(consultation):
    return Consultation.objects.prefetch_related("phases", "sections", "documents").get(pk=consultation.pk)


def seen(consultation):
    return editing.version(fresh(consultation))


def last_line():
    line = RegisterLine.objects.first()
    return (line.act, line.role, line.subject, json.loads(line.content)["faits"]) if line else None


def code_of(call):
    with pytest.raises(DomainError) as caught:
        call()
    return caught.value.code


def edits(consultation, **changes):
    """The phases of a consultation as edits, with some of them changed: `edits(c, contribute={"ends_on": …})`."""
    found = []
    for phase in consultation.phases.all():
        values = {"kind": phases.Kind(phase.kind), "name": phase.name, "starts_on": phase.starts_on}
        values |= {"ends_on": phase.ends_on, **changes.get(phase.kind, {})}
        found.append(editing_rules.PhaseEdit(phase.pk, phases.Span(**values)))
    return found


# --- Rules -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("permissions", "fields", "code"),
    [
        ((), {}, "not_allowed"),
        (("consultations.view_consultation",), {}, "not_allowed"),
        (EDITOR, {"archived_at": timezone.now()}, "archived"),
        (EDITOR, {}, None),
        (EDITOR, {"published_at": None}, None),
    ],
)
def test_who_may_edit(db, permissions, fields, code):
    refusal = editing_rules.edit_refusal(make_staff(*permissions), make_consultation(**fields))
    assert (refusal and refusal.code) == code


def test_resident_may_do_nothing(db):
    resident, consultation, now = factories.make_resident(), make_consultation(), timezone.now()
    assert {
        editing_rules.create_refusal(resident).code,
        editing_rules.edit_refusal(resident, consultation).code,
        editing_rules.publish_refusal(resident, consultation, at=now).code,
        editing_rules.archive_refusal(resident, consultation, at=now).code,
        editing_rules.reopen_refusal(resident, consultation).code,
        editing_rules.delete_refusal(resident, consultation).code,
    } == {"not_allowed"}


@pytest.mark.parametrize(
    ("permissions", "fields", "code"),
    [
        (EDITOR, WHOLE | {"published_at": None}, "not_allowed"),
        (PUBLISHER, {"published_at": None}, "unfinished"),
        (PUBLISHER, WHOLE, "published"),
        (PUBLISHER, WHOLE | {"published_at": None}, None),
    ],
)
def test_who_may_publish(db, permissions, fields, code):
    consultation = fresh(make_consultation(**fields))
    refusal = editing_rules.publish_refusal(make_staff(*permissions), consultation, at=timezone.now())
    assert (refusal and refusal.code) == code


def test_missing_things_are_listed_with_their_page(db):
    consultation = draft(**dict.fromkeys(WHOLE, ""), summary=" ".join(["mot"] * 121), phase=None, sections=0)
    missing = editing_rules.publish_problems(fresh(consultation), at=timezone.now())
    assert [(item.part, item.message) for item in missing] == [
        ("presentation", "La présentation."),
        ("presentation", "Ce qui est ouvert à la discussion."),
        ("presentation", "Ce qui ne l’est pas."),
        ("presentation", "Qui décide."),
        ("presentation", "La fonction responsable dans le service."),
        ("presentation", "Le résumé «\u00a0En bref\u00a0» dépasse 120 mots."),
        ("phases", "Il manque une phase où l’on donne son avis."),
        ("parties", "Une partie, avec la question qu’elle pose."),
    ]


def test_advice_does_not_stand_in_the_way(db):
    row = draft(budget_euros=None, budget_note="")
    assert [item.part for item in editing_rules.publish_advice(fresh(row))] == [
        "presentation",
        "presentation",
        "documents",
        "phases",
    ]
    assert editing_rules.publish_problems(fresh(row), at=timezone.now()) == []


# --- A copy --------------------------------------------------------------------------------------------------------


def test_copy_is_refused_to_who_may_not_create(db):
    with pytest.raises(RefusedError):
        editing.copy(actor=make_staff(), consultation=fresh(make_consultation()), at=timezone.now())
    assert Consultation.objects.count() == 1


def test_copy_is_a_draft_with_the_same_words_and_later_dates(db):
    model = make_consultation(title="Quels arbres place de la Paix ?", sections=2, minimum_age=16, decider="Le conseil")
    contribution = make_contribution(consultation=model)
    at = timezone.now()
    row = fresh(editing.copy(actor=make_staff("consultations.add_consultation"), consultation=fresh(model), at=at))
    spans, before = row.spans(), fresh(model).spans()
    assert (row.title, row.published_at, row.minimum_age, row.decider) == (
        "Quels arbres place de la Paix ? (copie)",
        None,
        16,
        "Le conseil",
    )
    assert row.slug not in {"", model.slug}
    assert list(row.sections.values_list("title", "question")) == list(model.sections.values_list("title", "question"))
    assert min(span.starts_on for span in spans) == today() + dt.timedelta(days=14)
    assert [span.ends_on and span.ends_on - span.starts_on for span in spans] == [
        span.ends_on and span.ends_on - span.starts_on for span in before
    ]
    assert (row.contributions.count(), contribution.consultation_id) == (0, model.pk)


def test_copy_makes_drafts_of_the_questionnaires_and_the_votes(db):
    model = make_consultation()
    question = add_question(make_questionnaire(consultation=model, title="Vos trajets"), label="À pied ?")
    link = make_vote(consultation=model)
    row = editing.copy(actor=make_staff("consultations.add_consultation"), consultation=fresh(model), at=timezone.now())
    asked = row.questionnaire_links.get().questionnaire
    votation = row.vote_links.get().votation
    assert (asked.title, asked.published_at, asked.closes_on) == ("Vos trajets", None, None)
    assert [(each.label, each.pk == question.pk) for each in Question.objects.filter(section__questionnaire=asked)] == [
        ("À pied ?", False)
    ]
    assert (votation.question, votation.published_at) == (link.votation.question, None)
    assert [option.label for option in votation.options.all()] == [o.label for o in link.votation.options.all()]
    assert votation.ends_on - votation.opens_on == link.votation.ends_on - link.votation.opens_on
    assert votation.opens_on > today()


def test_copy_leaves_what_was_cancelled(db):
    model = make_consultation()
    kept = make_questionnaire(consultation=model, title="Vos trajets")
    cancelled = make_questionnaire(consultation=model, title="Annulé")
    Questionnaire.objects.filter(pk=cancelled.pk).update(cancelled_at=timezone.now(), cancel_reason="Erreur.")
    link, gone = make_vote(consultation=model), make_vote(consultation=model)
    Votation.objects.filter(pk=gone.votation.pk).update(cancelled_at=timezone.now(), cancel_reason="Erreur.")
    row = editing.copy(actor=make_staff("consultations.add_consultation"), consultation=fresh(model), at=timezone.now())
    assert [each.questionnaire.title for each in row.questionnaire_links.all()] == [kept.title]
    assert row.vote_links.count() == 1
    assert row.vote_links.get().votation.question == link.votation.question


def test_copy_of_the_longest_title_fits(db):
    model = make_consultation(title="é" * 120)
    row = editing.copy(actor=make_staff("consultations.add_consultation"), consultation=fresh(model), at=timezone.now())
    assert (len(row.title), row.title[-8:]) == (120, " (copie)")


def test_a_phase_of_contribution_that_is_over_can_not_be_published(db):
    missing = editing_rules.publish_problems(fresh(draft(phase="decide")), at=timezone.now())
    assert [item.message for item in missing] == [
        "La phase d’avis est déjà finie\u00a0: personne ne pourrait répondre."
    ]


@pytest.mark.parametrize(
    ("text", "count"), [("", 0), ("L’avis de tous\u00a0: oui\u00a0!", 4), ("un  deux\n\ntrois", 3)]
)
def test_words_are_counted_as_read(text, count):
    assert editing_rules.count_words(text) == count


def test_a_questionnaire_that_takes_answers_keeps_the_consultation_out_of_the_archives(db):
    publisher = make_staff("consultations.publish_consultation")
    row = make_consultation(phase="follow")
    asked = make_questionnaire(consultation=row)
    refusal = editing_rules.archive_refusal(publisher, fresh(row), at=timezone.now())
    assert (refusal.code, asked.title in refusal.message) == ("open", True)
    Questionnaire.objects.filter(pk=asked.pk).update(closes_on=today())
    assert editing_rules.archive_refusal(publisher, fresh(row), at=timezone.now()) is None


def test_a_vote_that_is_not_counted_keeps_the_consultation_out_of_the_archives(db):
    publisher = make_staff("consultations.publish_consultation")
    row = make_consultation(phase="follow")
    link = make_vote(consultation=row)
    refusal = editing_rules.archive_refusal(publisher, fresh(row), at=timezone.now())
    assert (refusal.code, link.votation.question in refusal.message) == ("open", True)
    Votation.objects.filter(pk=link.votation.pk).update(counted_at=timezone.now())
    assert editing_rules.archive_refusal(publisher, fresh(row), at=timezone.now()) is None


def test_a_consultation_where_nothing_can_be_done_is_not_published(db):
    row = draft(takes_contributions=False, sections=0)
    missing = editing_rules.publish_problems(fresh(row), at=timezone.now())
    assert [(item.part, item.message) for item in missing] == [
        (
            "presentation",
            "Quelque chose à faire pour les habitants\u00a0: des avis écrits, un vote ou un questionnaire.",
        )
    ]


@pytest.mark.parametrize("is_vote", [True, False])
def test_a_consultation_without_written_opinions_needs_no_part(db, is_vote):
    row = draft(takes_contributions=False, sections=0)
    make_draft(consultation=row) if is_vote else make_questionnaire(consultation=row, published_at=None)
    assert editing_rules.publish_problems(fresh(row), at=timezone.now()) == []


@pytest.mark.parametrize(
    ("phase", "fields", "code"),
    [
        ("contribute", {}, "open"),
        ("inform", {}, "open"),
        ("follow", {"published_at": None}, "not_published"),
        ("follow", {"archived_at": timezone.now()}, "archived"),
        ("analyse", {}, None),
    ],
)
def test_when_a_consultation_may_be_archived(publisher, phase, fields, code):
    consultation = make_consultation(phase=phase, **fields)
    refusal = editing_rules.archive_refusal(publisher, consultation, at=timezone.now())
    assert (refusal and refusal.code) == code


# --- Creating and writing ----------------------------------------------------------------------------------------------


def values(**changes):
    return {
        "title": "Quels arbres place de la Paix\u00a0?",
        "summary": "La Ville plante.",
        "theme": factories.make_theme(),
        "service": factories.make_service(),
        **changes,
    }


def test_create_is_refused_without_permission(db):
    assert code_of(lambda: editing.create(actor=make_staff(), values=values())) == "not_allowed"
    assert Consultation.objects.count() == 0


def test_create_makes_a_draft_and_says_nothing_of_it_in_public(agent):
    consultation = editing.create(actor=agent, values=values())
    assert (consultation.slug, consultation.published_at) == ("quels-arbres-place-de-la-paix", None)
    assert last_line() == ("consultation.draft", "agent", "", {"partie": "création"})
    assert RegisterLine.objects.get().actor.user == agent


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Quels arbres\u00a0?", "quels-arbres-2"),
        ("Documents", "documents-2"),
        ("?!", "consultation"),
        ("a" * 120, "a" * 70),
    ],
)
def test_address_is_free_and_short(agent, title, slug):
    make_consultation(slug="quels-arbres")
    assert editing.create(actor=agent, values=values(title=title)).slug == slug


def save(agent, consultation, *, reason="", seen_version=None, districts=(), image=None, **changes):
    return editing.save_presentation(
        actor=agent,
        consultation=consultation,
        values=changes,
        districts=list(districts),
        seen=seen_version or seen(consultation),
        reason=reason,
        image=image,
    )


def test_presentation_is_refused_without_permission(db):
    consultation = draft()
    assert code_of(lambda: save(make_staff(), consultation, title="Autre")) == "not_allowed"
    assert fresh(consultation).title != "Autre"


def test_presentation_of_a_draft_changes_in_silence(agent):
    consultation, district = draft(), factories.make_district()
    save(agent, consultation, title="Autre", slug="autre", districts=[district])
    stored = fresh(consultation)
    assert (stored.title, stored.slug, list(stored.districts.all())) == ("Autre", "autre", [district])
    assert last_line() == ("consultation.draft", "agent", "", {"partie": "présentation"})


def test_description_is_cleaned(agent):
    consultation = draft()
    save(
        agent,
        consultation,
        description='<h2 hx-get="/x">Un</h2><p onclick="x()">Deux<script>x()</script></p><h3>Trois</h3>',
    )
    assert fresh(consultation).description == "Un<p>Deux</p><h3>Trois</h3>"


def test_headers_of_a_table_say_what_they_head(agent):
    consultation = draft()
    table = (
        '<table><tbody><tr><th>A</th><th colspan="2">B</th></tr><tr><th>C</th><td>D</td></tr></tbody></table><p>th</p>'
    )
    save(agent, consultation, description=table)
    assert fresh(consultation).description == (
        '<table><tbody><tr><th scope="col">A</th><th scope="col" colspan="2">B</th></tr>'
        '<tr><th scope="row">C</th><td>D</td></tr></tbody></table><p>th</p>'
    )
    save(agent, fresh(consultation), description=fresh(consultation).description)
    assert fresh(consultation).description.count("scope=") == 3


def test_two_agents_do_not_overwrite_each_other(agent):
    consultation = draft()
    before = seen(consultation)
    save(agent, fresh(consultation), title="Le premier", seen_version=before)
    assert code_of(lambda: save(agent, fresh(consultation), title="Le second", seen_version=before)) == "stale"
    assert fresh(consultation).title == "Le premier"


def test_address_of_a_public_consultation_stays(agent):
    consultation = make_consultation(slug="arbres")
    save(agent, consultation, slug="autre", budget_note="Environ")
    assert fresh(consultation).slug == "arbres"


def test_public_rule_changes_with_a_reason_only(agent):
    consultation = make_consultation(decider="Le maire")
    assert code_of(lambda: save(agent, fresh(consultation), decider="Le conseil")) == "reason"
    save(agent, fresh(consultation), decider="Le conseil", summary="Autre résumé.", reason="Délibération du 3 mars.")
    assert last_line() == (
        "consultation.changed",
        "agent",
        consultation.slug,
        {
            "changements": [
                {"champ": "en bref"},
                {"champ": "qui décide", "avant": "Le maire", "apres": "Le conseil"},
            ],
            "motif": "Délibération du 3 mars.",
        },
    )


def test_public_text_changes_without_a_reason(agent):
    consultation = make_consultation()
    save(agent, consultation, budget_note="Environ", districts=[factories.make_district()])
    assert last_line()[3] == {"changements": [{"champ": "précision sur le budget"}, {"champ": "quartiers"}]}


def test_saving_without_a_change_writes_no_public_line(agent):
    save(agent, make_consultation())
    assert last_line() is None


def test_archived_consultation_does_not_change(agent):
    consultation = make_consultation(archived_at=timezone.now())
    assert code_of(lambda: save(agent, consultation, title="Autre")) == "archived"


def test_old_image_goes_once_the_new_one_is_certain(agent, django_capture_on_commit_callbacks):
    photo = CleanFile("photo", "place.webp", "image/webp", b"webp")
    first, second = editing.store("consultations", photo), editing.store("consultations", photo)
    consultation = draft(image=first, image_alt="La place")
    storage = consultation.image.storage
    with django_capture_on_commit_callbacks(execute=True):
        save(agent, consultation, image=second)
        assert storage.exists(first)
    assert (storage.exists(first), storage.exists(second)) == (False, True)
    editing.discard(second)
    editing.discard(None)


# --- The promise of an answer ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("phase", "days"), [("analyse", 31), ("follow", 60), ("follow", 180)])
def test_promised_answer_comes_no_later_once_an_opinion_phase_is_over(agent, phase, days):
    consultation = make_consultation(phase=phase)
    with pytest.raises(RefusedError) as caught:
        save(agent, fresh(consultation), reason="Motif", restitution_days=days)
    assert (caught.value.code, fresh(consultation).restitution_days) == ("restitution_days", 30)
    assert "30\u00a0jours" in caught.value.message


def test_a_round_of_opinions_to_come_does_not_open_the_way_to_a_later_answer(agent):
    """Else: announce a round, lengthen the promise, take the round away."""
    consultation = make_consultation(phase="analyse")
    Phase.objects.filter(consultation=consultation, kind="decide").update(kind="contribute")
    assert code_of(lambda: save(agent, fresh(consultation), reason="Motif", restitution_days=60)) == "restitution_days"


@pytest.mark.parametrize(
    ("fields", "days"),
    [
        ({"phase": "contribute"}, 60),
        ({"phase": "inform"}, 60),
        ({"phase": "analyse"}, 20),
        ({"phase": "analyse", "source_note": "Reprise d’une autre plateforme"}, 60),
        ({"phase": "analyse", "published_at": None}, 60),
    ],
)
def test_promised_answer_moves_while_nobody_was_promised_it(agent, fields, days):
    consultation = make_consultation(**fields)
    save(agent, fresh(consultation), reason="Motif", restitution_days=days)
    assert fresh(consultation).restitution_days == days


def reported(consultation, *, days_ago):
    at = timezone.now() - dt.timedelta(days=days_ago)
    return Report.objects.create(consultation=consultation, published_at=at, figures={})


@pytest.mark.parametrize("reported_days_ago", [None, 1])
def test_late_answer_is_not_hidden_by_a_new_phase_of_opinions(agent, reported_days_ago):
    consultation = make_consultation(phase="decide")
    Phase.objects.filter(consultation=consultation, kind="follow").delete()
    Consultation.objects.filter(pk=consultation.pk).update(restitution_days=20)
    if reported_days_ago is not None:
        reported(consultation, days_ago=reported_days_ago)
    rows = [*edits(fresh(consultation)), span("contribute", 15, 25)]
    assert code_of(lambda: save_phases(agent, fresh(consultation), rows, reason="Motif")) == "late"
    assert fresh(consultation).phases.count() == 4


@pytest.mark.parametrize("is_reported", [True, False])
def test_new_phase_of_opinions_is_announced_while_the_answer_is_not_late(agent, is_reported):
    consultation = make_consultation(phase="decide", restitution_days=20 if is_reported else 60)
    Phase.objects.filter(consultation=consultation, kind="follow").delete()
    if is_reported:
        reported(consultation, days_ago=20)
    save_phases(
        agent, fresh(consultation), [*edits(fresh(consultation)), span("contribute", 15, 25)], reason="Un second tour"
    )
    assert fresh(consultation).phases.count() == 5


def test_names_of_phases_change_while_the_answer_is_late(agent):
    consultation = make_consultation(phase="follow")
    rows = edits(fresh(consultation), follow={"name": "Suivre les travaux"})
    save_phases(agent, fresh(consultation), rows, reason="Plus clair")
    assert fresh(consultation).phases.get(kind="follow").name == "Suivre les travaux"


# --- What is open while residents answer -----------------------------------------------------------------------------

NARROWINGS = [
    {"takes_contributions": False},
    {"takes_positions": False},
    {"takes_comments": False},
    {"residency_level": "verified"},
    {"minimum_age": 16},
]


@pytest.mark.parametrize("narrowing", NARROWINGS)
def test_nothing_is_closed_to_anybody_while_residents_answer(agent, narrowing):
    consultation = make_consultation(phase="contribute")
    with pytest.raises(RefusedError) as caught:
        save(agent, fresh(consultation), reason="Pressé", **narrowing)
    (name,) = narrowing
    assert (caught.value.code, getattr(fresh(consultation), name)) == (name, getattr(consultation, name))
    assert last_line() is None


@pytest.mark.parametrize(("before", "after"), [("none", "declared"), ("declared", "verified")])
def test_no_more_is_asked_of_who_answers_while_they_do(agent, before, after):
    consultation = make_consultation(phase="contribute", residency_level=before, minimum_age=16)
    assert code_of(lambda: save(agent, fresh(consultation), reason="Motif", residency_level=after)) == "residency_level"
    assert code_of(lambda: save(agent, fresh(consultation), reason="Motif", minimum_age=18)) == "minimum_age"


@pytest.mark.parametrize("phase", ["inform", "analyse"])
@pytest.mark.parametrize("narrowing", NARROWINGS)
def test_rules_narrow_in_public_out_of_a_phase_of_opinions(agent, phase, narrowing):
    consultation = make_consultation(phase=phase)
    save(agent, fresh(consultation), reason="Motif", **narrowing)
    ((name, value),) = narrowing.items()
    assert getattr(fresh(consultation), name) == value


def test_rules_widen_while_residents_answer(agent):
    closed = {"takes_positions": False, "residency_level": "verified", "minimum_age": 18}
    consultation = make_consultation(phase="contribute", **closed)
    save(
        agent,
        fresh(consultation),
        reason="Le conseil des jeunes l’a demandé.",
        takes_positions=True,
        residency_level="none",
        minimum_age=None,
    )
    stored = fresh(consultation)
    assert (stored.takes_positions, stored.residency_level, stored.minimum_age) == (True, "none", None)


# --- Phases ------------------------------------------------------------------------------------------------------------


def save_phases(agent, consultation, rows, *, reason=""):
    editing.save_phases(
        actor=agent, consultation=consultation, edits=rows, seen=seen(consultation), at=timezone.now(), reason=reason
    )


def span(kind, start, end, name="Phase"):
    first = today()
    return editing_rules.PhaseEdit(
        None,
        phases.Span(
            phases.Kind(kind),
            name,
            first + dt.timedelta(days=start),
            None if end is None else first + dt.timedelta(days=end),
        ),
    )


def test_phases_are_refused_without_permission(db):
    consultation = draft()
    assert code_of(lambda: save_phases(make_staff(), consultation, edits(consultation))) == "not_allowed"


def test_phases_of_a_draft_are_put_in_order(agent):
    consultation = draft(phase=None)
    save_phases(agent, consultation, [span("analyse", 10, None, "B"), span("contribute", 1, 9, "A")])
    rows = Phase.objects.filter(consultation=consultation).values_list("position", "name", "kind")
    assert list(rows) == [(1, "A", "contribute"), (2, "B", "analyse")]
    assert last_line() == ("consultation.draft", "agent", "", {"partie": "phases"})


def test_phases_are_changed_moved_and_removed(agent):
    consultation = draft()
    rows = edits(fresh(consultation), inform={"name": "Découvrir"})
    save_phases(agent, consultation, rows[:3])
    assert [phase.name for phase in Phase.objects.filter(consultation=consultation)] == [
        "Découvrir",
        "Donner son avis",
        "Analyser",
    ]
    assert Phase.objects.get(name="Découvrir").pk == rows[0].pk


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("inform", 5, 1)], "La phase «\u00a0Phase\u00a0» finit avant de commencer."),
        (
            [("inform", 1, 5), ("analyse", 5, 9)],
            "La phase «\u00a0Phase\u00a0» commence avant la fin de «\u00a0Phase\u00a0».",
        ),
        (
            [("inform", 1, None), ("analyse", 5, 9)],
            "La phase «\u00a0Phase\u00a0» doit avoir une fin\u00a0: une autre la suit.",
        ),
        ([("inform", day, day) for day in range(7)], "Une consultation a 6 phases au plus."),
    ],
)
def test_impossible_phases_are_not_saved_even_in_a_draft(agent, rows, message):
    consultation = draft(phase=None)
    with pytest.raises(DomainError) as caught:
        save_phases(agent, consultation, [span(*row) for row in rows])
    assert (caught.value.code, caught.value.message) == ("phases", message)


def test_draft_may_lack_its_phase_of_contribution(agent):
    consultation = draft(phase=None)
    save_phases(agent, consultation, [span("inform", 1, 5)])
    assert consultation.phases.count() == 1


def test_public_dates_change_with_a_reason_and_both_versions_go_on_the_register(agent):
    consultation = make_consultation(phase="contribute")
    later = fresh(consultation).phases.get(kind="contribute").ends_on + dt.timedelta(days=1)
    rows = edits(
        fresh(consultation), contribute={"ends_on": later}, analyse={"starts_on": later + dt.timedelta(days=1)}
    )
    assert code_of(lambda: save_phases(agent, fresh(consultation), rows)) == "reason"
    save_phases(agent, fresh(consultation), rows, reason="Les vacances scolaires.")
    act, role, subject, facts = last_line()
    assert (act, role, subject, facts["motif"]) == (
        "consultation.dates_changed",
        "agent",
        consultation.slug,
        "Les vacances scolaires.",
    )
    changed = [(old["au"], new["au"]) for old, new in zip(facts["avant"], facts["apres"], strict=True) if old != new]
    assert changed[0] == ((later - dt.timedelta(days=1)).isoformat(), later.isoformat())


def test_public_deadline_is_never_shortened(agent):
    consultation = make_consultation(phase="contribute")
    sooner = today() + dt.timedelta(days=1)
    with pytest.raises(DomainError) as caught:
        save_phases(agent, consultation, edits(fresh(consultation), contribute={"ends_on": sooner}), reason="Pressé")
    assert (
        caught.value.message
        == "Les habitants ont commencé à répondre\u00a0: ce délai peut s’allonger, jamais raccourcir."
    )


def test_draft_deadline_may_be_shortened(agent):
    consultation = draft(phase="contribute")
    sooner = today() + dt.timedelta(days=1)
    save_phases(agent, consultation, edits(fresh(consultation), contribute={"ends_on": sooner}))
    assert fresh(consultation).phases.get(kind="contribute").ends_on == sooner


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"contribute": {"starts_on": today() - dt.timedelta(days=8)}},
            "Cette phase a commencé\u00a0: son premier jour et sa sorte ne changent plus.",
        ),
        (
            {"contribute": {"kind": phases.Kind.ANALYSE}, "analyse": {"kind": phases.Kind.CONTRIBUTE}},
            "Cette phase a commencé\u00a0: son premier jour et sa sorte ne changent plus.",
        ),
        (
            {"inform": {"ends_on": today() - dt.timedelta(days=11)}},
            "Cette phase est finie\u00a0: son dernier jour ne change plus.",
        ),
    ],
)
def test_what_has_begun_in_public_stays(agent, changes, message):
    consultation = make_consultation(phase="contribute")
    with pytest.raises(DomainError) as caught:
        save_phases(agent, consultation, edits(fresh(consultation), **changes), reason="Motif")
    assert caught.value.message == message


def test_phase_that_has_begun_in_public_can_not_be_removed(agent):
    consultation = make_consultation(phase="contribute")
    with pytest.raises(DomainError) as caught:
        save_phases(agent, consultation, edits(fresh(consultation))[1:], reason="Motif")
    assert caught.value.message == "La phase «\u00a0S’informer\u00a0» a commencé\u00a0: elle reste."


def test_name_of_a_public_phase_changes_with_a_reason(agent):
    consultation = make_consultation(phase="contribute")
    save_phases(agent, consultation, edits(fresh(consultation), inform={"name": "Découvrir"}), reason="Plus clair")
    assert last_line()[3]["apres"][0]["phase"] == "Découvrir"


def test_unchanged_phases_write_nothing(agent):
    consultation = make_consultation()
    save_phases(agent, consultation, edits(fresh(consultation)))
    assert last_line() is None


def test_phase_moved_later_is_announced_again(agent):
    consultation = draft()
    Phase.objects.filter(consultation=consultation, kind="decide").update(announced_at=timezone.now())
    start = fresh(consultation).phases.get(kind="decide").starts_on + dt.timedelta(days=1)
    save_phases(agent, consultation, edits(fresh(consultation), decide={"starts_on": start}))
    assert Phase.objects.get(consultation=consultation, kind="decide").announced_at is None


# --- Sections ----------------------------------------------------------------------------------------------------------


def save_sections(agent, consultation, *rows, reason=""):
    editing.save_sections(
        actor=agent,
        consultation=consultation,
        edits=[editing.SectionEdit(*row) for row in rows],
        seen=seen(consultation),
        reason=reason,
    )


def test_sections_are_refused_without_permission(db):
    assert code_of(lambda: save_sections(make_staff(), draft())) == "not_allowed"


def test_sections_are_added_ordered_and_removed(agent):
    consultation = draft(sections=2)
    kept, gone = consultation.sections.all()
    save_sections(agent, consultation, (None, "Neuve", "Quoi\u00a0?"), (kept.pk, "Gardée", "Comment\u00a0?"))
    rows = list(consultation.sections.values_list("position", "title", "question"))
    assert rows == [(1, "Neuve", "Quoi\u00a0?"), (2, "Gardée", "Comment\u00a0?")]
    assert not consultation.sections.filter(pk=gone.pk).exists()
    assert last_line() == ("consultation.draft", "agent", "", {"partie": "questions"})


def test_section_that_was_answered_stays(agent):
    consultation = make_consultation()
    make_contribution(consultation=consultation)
    assert code_of(lambda: save_sections(agent, consultation, reason="Motif")) == "answered"
    assert consultation.sections.count() == 1


def test_public_question_changes_with_a_reason(agent):
    consultation = make_consultation()
    section = consultation.sections.get()
    changed = (section.pk, section.title, "Qu’en dites-vous\u00a0?")
    assert code_of(lambda: save_sections(agent, consultation, changed)) == "reason"
    save_sections(agent, consultation, changed, reason="Plus clair.")
    assert last_line() == (
        "consultation.question_changed",
        "agent",
        consultation.slug,
        {
            "avant": [{"partie": section.title, "question": section.question}],
            "apres": [{"partie": section.title, "question": "Qu’en dites-vous\u00a0?"}],
            "motif": "Plus clair.",
        },
    )


def test_unchanged_sections_write_nothing(agent):
    consultation = make_consultation()
    section = consultation.sections.get()
    save_sections(agent, consultation, (section.pk, section.title, section.question))
    assert last_line() is None


def test_section_of_another_consultation_is_not_touched(agent):
    consultation, other = draft(), make_consultation()
    foreign = other.sections.get()
    save_sections(agent, consultation, (foreign.pk, "Volée", "Quoi\u00a0?"))
    foreign.refresh_from_db()
    assert (foreign.consultation, foreign.title == "Volée") == (other, False)


# --- Documents ---------------------------------------------------------------------------------------------------------

PDF = CleanFile("document", "plan.pdf", "application/pdf", b"%PDF-1.7 plan")


def save_document(agent, consultation, document=None, **changes):
    options = {"title": "Le plan", "position": 1, "is_accessible": True, "html_body": "", **changes}
    return editing.save_document(actor=agent, consultation=consultation, document=document, **options)


def test_document_is_refused_without_permission(db):
    assert code_of(lambda: save_document(make_staff(), draft(), stored="x", file=PDF)) == "not_allowed"


def test_document_that_is_not_accessible_needs_its_page(agent):
    assert code_of(lambda: save_document(agent, draft(), is_accessible=False, stored="x", file=PDF)) == "inaccessible"


def test_document_takes_its_type_and_size_from_its_content(agent):
    document = save_document(agent, make_consultation(slug="arbres"), stored="documents/x.pdf", file=PDF)
    assert (document.content_type, document.size) == ("application/pdf", 13)
    act, _, subject, facts = last_line()
    assert (act, subject, facts["document"], len(facts["sha256"])) == (
        "consultation.document_saved",
        "arbres",
        "Le plan",
        64,
    )


def test_document_of_a_draft_is_saved_in_silence_and_its_page_cleaned(agent):
    document = save_document(
        agent, draft(), is_accessible=False, html_body="<h3>Plan</h3><script>x()</script>", stored="d.pdf", file=PDF
    )
    assert document.html_body == "<h3>Plan</h3>"
    assert last_line() == ("consultation.draft", "agent", "", {"partie": "documents"})


def test_document_is_replaced_and_removed_with_its_file(agent, django_capture_on_commit_callbacks):
    consultation = make_consultation(slug="arbres")
    first, second = editing.store("documents", PDF), editing.store("documents", PDF)
    document = save_document(agent, consultation, stored=first, file=PDF)
    with django_capture_on_commit_callbacks(execute=True):
        save_document(agent, consultation, document, title="Le plan, corrigé", stored=second, file=PDF)
    storage = document.file.storage
    assert (storage.exists(first), storage.exists(second)) == (False, True)
    with django_capture_on_commit_callbacks(execute=True):
        editing.remove_document(actor=agent, document=Document.objects.get())
    assert (Document.objects.count(), storage.exists(second)) == (0, False)
    assert last_line() == (
        "consultation.document_removed",
        "agent",
        "arbres",
        {"document": "Le plan, corrigé"},
    )


def test_title_of_a_document_changes_without_its_file(agent):
    document = save_document(agent, make_consultation(), stored="d.pdf", file=PDF)
    save_document(agent, document.consultation, document, title="Autre")
    assert (Document.objects.get().title, last_line()[3]) == ("Autre", {"document": "Autre"})


def test_removing_a_document_of_a_draft_is_silent(agent):
    document = save_document(agent, draft(), stored="d.pdf", file=PDF)
    editing.remove_document(actor=agent, document=document)
    assert last_line() == ("consultation.draft", "agent", "", {"partie": "documents"})


def test_removing_a_document_is_refused_without_permission(agent):
    document = save_document(agent, draft(), stored="d.pdf", file=PDF)
    assert code_of(lambda: editing.remove_document(actor=make_staff(), document=document)) == "not_allowed"


# --- Publishing and putting away ---------------------------------------------------------------------------------------


def test_unfinished_consultation_is_not_published(publisher):
    consultation = draft(decider="")
    with pytest.raises(RefusedError):
        editing.publish(actor=publisher, consultation=fresh(consultation), at=timezone.now())
    assert fresh(consultation).published_at is None


def test_publishing_writes_what_the_city_commits_to(publisher):
    consultation, now = draft(slug="arbres"), timezone.now()
    editing.publish(actor=publisher, consultation=fresh(consultation), at=now)
    assert fresh(consultation).published_at == now
    act, role, subject, facts = last_line()
    assert (act, role, subject) == ("consultation.published", "agent", "arbres")
    assert (facts["titre"], facts["qui_decide"], facts["qui_participe"]) == (
        consultation.title,
        "Le conseil municipal",
        "declared",
    )
    assert [phase["sorte"] for phase in facts["phases"]] == ["inform", "contribute", "analyse", "decide", "follow"]
    assert [question["question"] for question in facts["questions"]] == ["Qu’en pensez-vous\u00a0?"]


def test_what_a_page_read_before_a_colleague_emptied_it_is_not_published(publisher):
    consultation = draft()
    read = fresh(consultation)
    save(publisher, fresh(consultation), decider="")
    assert code_of(lambda: editing.publish(actor=publisher, consultation=read, at=timezone.now())) == "unfinished"
    assert (fresh(consultation).published_at, Ruleset.objects.count()) == (None, 0)


def test_publishing_freezes_what_a_colleague_saved_meanwhile(publisher):
    """The page of the publisher was read before: rules, register and public page say the same thing."""
    consultation = draft()
    read = fresh(consultation)
    save(publisher, fresh(consultation), title="Quels bancs\u00a0?", decider="La commission permanente", slug="bancs")
    editing.save_sections(
        actor=publisher,
        consultation=fresh(consultation),
        edits=[editing.SectionEdit(fresh(consultation).sections.get().pk, "Où", "Où les mettre\u00a0?")],
        seen=seen(consultation),
    )
    editing.publish(actor=publisher, consultation=read, at=timezone.now())
    frozen = Ruleset.objects.get(consultation=consultation)
    assert frozen.rules == game.rules_of(fresh(consultation))
    _act, _role, subject, facts = last_line()
    assert (subject, facts["titre"], facts["qui_decide"], facts["questions"], facts["regles_sha256"]) == (
        "bancs",
        "Quels bancs\u00a0?",
        "La commission permanente",
        [{"partie": "Où", "question": "Où les mettre\u00a0?"}],
        frozen.digest,
    )


def test_publishing_twice_is_refused(publisher):
    consultation, now = draft(), timezone.now()
    held = fresh(consultation)
    editing.publish(actor=publisher, consultation=fresh(consultation), at=now)
    assert code_of(lambda: editing.publish(actor=publisher, consultation=held, at=now)) == "published"
    assert code_of(lambda: editing.publish(actor=publisher, consultation=fresh(consultation), at=now)) == "published"


@pytest.mark.django_db(transaction=True)
def test_two_agents_publish_at_once():
    publisher, consultation = make_staff(*PUBLISHER), draft()
    results = run_in_threads(
        5, lambda _: editing.publish(actor=publisher, consultation=fresh(consultation), at=timezone.now())
    )
    assert sorted(getattr(result, "code", "done") for result in results) == ["done", *["published"] * 4]
    assert RegisterLine.objects.filter(act="consultation.published").count() == 1


def test_archiving_and_reopening(publisher):
    consultation, now = make_consultation(phase="follow", slug="arbres"), timezone.now()
    held = fresh(consultation)
    editing.archive(actor=publisher, consultation=fresh(consultation), at=now)
    assert (fresh(consultation).archived_at, last_line()[:3]) == (now, ("consultation.archived", "agent", "arbres"))
    assert code_of(lambda: editing.archive(actor=publisher, consultation=held, at=now)) == "archived"
    held = fresh(consultation)
    editing.reopen(actor=publisher, consultation=fresh(consultation), at=now)
    assert (fresh(consultation).archived_at, last_line()[0]) == (None, "consultation.reopened")
    assert code_of(lambda: editing.reopen(actor=publisher, consultation=held, at=now)) == "not_archived"


def test_preview_link_changes(agent):
    consultation = draft()
    before = consultation.preview_key
    editing.renew_preview(actor=agent, consultation=consultation)
    assert fresh(consultation).preview_key != before
    assert code_of(lambda: editing.renew_preview(actor=make_staff(), consultation=consultation)) == "not_allowed"


@pytest.mark.parametrize(
    ("permissions", "fields", "code"),
    [
        (EDITOR, {"published_at": None}, "not_allowed"),
        (PUBLISHER, {}, "published"),
        (PUBLISHER, {"published_at": None}, None),
    ],
)
def test_who_may_throw_a_draft_away(db, permissions, fields, code):
    consultation = make_consultation(**fields)
    refusal = editing_rules.delete_refusal(make_staff(*permissions), consultation)
    assert (refusal and refusal.code) == code


def test_draft_that_was_answered_is_not_thrown_away(publisher):
    consultation = draft()
    make_contribution(consultation=consultation)
    assert code_of(lambda: editing.delete_draft(actor=publisher, consultation=consultation)) == "has_contributions"


def test_draft_goes_with_its_files(publisher, django_capture_on_commit_callbacks):
    consultation = draft()
    name = editing.store("documents", PDF)
    storage = save_document(publisher, consultation, stored=name, file=PDF).file.storage
    with django_capture_on_commit_callbacks(execute=True):
        editing.delete_draft(actor=publisher, consultation=fresh(consultation))
    assert (Consultation.objects.count(), storage.exists(name)) == (0, False)
    assert last_line() == ("consultation.draft", "agent", "", {"partie": "suppression"})
