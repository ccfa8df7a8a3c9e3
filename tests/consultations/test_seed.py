"""The demonstration as loaded: every phase shown, counts right, nothing said twice, nothing changed by a second run."""

import datetime as dt
import importlib
from io import StringIO
from itertools import islice
from pathlib import Path

import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, F
from django.test import override_settings
from django.utils import timezone

from accounts.models import User
from ballots.models import RollLine
from consultations import counters, coverage, promises
from consultations.demo import acts, people, seeding, texts
from consultations.models import (
    Attachment,
    Comment,
    CommentSupport,
    Consultation,
    Contribution,
    ContributionVersion,
    Document,
    Phase,
    Position,
    Report,
)
from desk.models import Person
from notifications.models import OutboundMail, Subscription
from transparency import verification
from transparency.models import RegisterLine

# Read by pytest-django when it collects: without it, this file run alone finds no database made.
pytestmark = pytest.mark.django_db
FIXTURE = Path(__file__).parent.parent / "fixtures" / "capcollectif.jsonl"


def run(**options):
    out = StringIO()
    call_command("seed_demo", stdout=out, **options)
    return out.getvalue().splitlines()


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker, tmp_path_factory):
    """Load once for the whole file: a first run stopped on the way, then the command; all taken back in the end."""
    patch = pytest.MonkeyPatch()
    patch.setenv("PORTAL_IMPORT", str(FIXTURE.with_name("absent.jsonl")))
    block = transaction.atomic()
    block._from_testcase = True  # noqa: SLF001 (what TestCase does, so that durable actions may run inside)
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")):
        block.__enter__()
        try:
            # A transactional test, run before, may have emptied the tables of the city.
            importlib.import_module("city.migrations.0003_names").name_the_city(apps, None)
            demonstration = seeding.Demonstration(at=timezone.now())
            for _name, do in islice(demonstration.steps(), 8):
                do()
            company = acts.Company(
                demonstration.crowd, User.objects.get(email="habitante@demo.example"), at=timezone.now()
            )
            acts.play_one(company, "contributions", 0)
            yield run()
        finally:
            transaction.set_rollback(True)
            block.__exit__(None, None, None)
            patch.undo()


def test_the_command_says_what_it_did(loaded):
    assert loaded[0] == "Ville de démonstration chargée : habitants inventés, consultations, débats."
    assert loaded[1].startswith("La consultation réelle « République numérique » n’est pas là (")
    assert len(loaded) == 2


def test_every_phase_is_shown(loaded):
    now = timezone.now()
    shown = {}
    for row in Consultation.objects.prefetch_related("phases"):
        span = row.current_span(at=now)
        shown[row.slug] = (
            "draft"
            if row.published_at is None
            else "archived"
            if row.archived_at
            else str(span.kind)
            if span
            else "over"
        )
    assert shown == {
        "place-hauger": "inform",
        "quais-du-canal": "contribute",
        "cours-d-ecole-fraiches": "contribute",
        "journee-sans-voiture": "contribute",
        "bibliotheque-de-demain": "analyse",
        "micro-foret": "decide",
        "parc-voisin-maison-steinel": "follow",
        "fresque-neppert": "follow",
        "square-roosevelt": "archived",
        "eclairage-de-nuit": "draft",
    }


def test_open_consultations_have_different_days_left(loaded):
    today = timezone.localdate()
    ends = Phase.objects.filter(kind="contribute", starts_on__lte=today, ends_on__gte=today)
    assert sorted((phase.ends_on - today).days for phase in ends) == [5, 15, 25]


def test_past_phases_are_not_announced_again(loaded):
    today = timezone.localdate()
    assert not Phase.objects.filter(starts_on__lte=today, announced_at__isnull=True).exists()
    assert not Phase.objects.filter(starts_on__gt=today, announced_at__isnull=False).exists()


def test_whoever_votes_where_residences_are_verified_was_seen_by_an_agent(loaded):
    roll = RollLine.objects.filter(votation__residency_level="verified")
    assert roll.exists()
    assert not roll.filter(person__identity_hash__isnull=True).exists()
    # The resident one enters as may vote anywhere.
    assert Person.objects.get(user__email="habitante@demo.example").identity_hash


def test_there_is_enough_to_read(loaded):
    assert Contribution.objects.visible().count() >= 300
    assert Comment.objects.visible().count() >= 900
    longest = Contribution.objects.order_by("-comment_count").values_list("comment_count", flat=True)[:2]
    assert longest[0] >= 200
    assert longest[1] > 70
    assert Contribution.objects.filter(published_at__isnull=True, submitted_at__isnull=True).count() == 1
    assert Contribution.objects.filter(withdrawn_at__isnull=False).count() == 4
    assert ContributionVersion.objects.count() == 2
    assert Attachment.objects.count() == 7
    assert {row["kind"] for row in Contribution.objects.values("kind")} == set(Contribution.Kind.values)
    assert {row["channel"] for row in Contribution.objects.values("channel")} == {
        "web",
        "paper",
        "desk",
        "phone",
        "room",
    }
    assert Contribution.objects.exclude(district=None).values("district").distinct().count() == 17


def test_nothing_is_said_twice_in_a_consultation(loaded):
    for model, place in ((Contribution, "consultation"), (Comment, "contribution__consultation")):
        repeated = model.objects.values(place, "body").annotate(n=Count("pk")).filter(n__gt=1).order_by("body")
        assert list(repeated) == []


def test_counters_are_those_of_the_rows(loaded):
    assert counters.recount(repair=False) == []


def test_everything_happens_in_order(loaded):
    now = timezone.now()
    assert not Contribution.objects.filter(published_at__gt=now).exists()
    assert not Contribution.objects.filter(withdrawn_at__gt=now).exists()
    assert not Contribution.objects.filter(corrected_at__gt=now).exists()
    assert not Comment.objects.filter(published_at__gt=now).exists()
    assert not Comment.objects.filter(published_at__lt=F("contribution__published_at")).exists()
    assert not Comment.objects.filter(published_at__lt=F("parent__published_at")).exists()
    for phase in Phase.objects.filter(kind="contribute").order_by("pk"):
        written = Contribution.objects.filter(consultation=phase.consultation_id, published_at__isnull=False)
        days = {timezone.localdate(row.published_at) for row in written}
        assert all(phase.starts_on <= day <= phase.ends_on for day in days)


def test_nobody_judges_their_own_text(loaded):
    assert not Position.objects.filter(resident=F("contribution__author")).exists()
    assert not CommentSupport.objects.filter(resident=F("comment__author")).exists()


def test_summaries_hold_in_120_words(loaded):
    assert [row.slug for row in Consultation.objects.order_by("slug") if len(row.summary.split()) > 120] == []


def test_residents_have_no_password_and_an_address_that_leads_nowhere(loaded):
    residents = User.objects.filter(email__endswith=people.DOMAIN)
    assert residents.count() == len(texts.residents()) + people.SILENT
    assert [user.email for user in residents.order_by("email") if user.has_usable_password()] == []


def test_register_is_alive_and_whole(loaded):
    assert verification.verify_whole().broken_at is None
    acts = {row["act"] for row in RegisterLine.objects.values("act")}
    # Each journey of a resident and of an agent has left its trace.
    assert acts == {
        "accessibility.reported",
        "analysis.prepared",
        "city.names_changed",
        "comment.published",
        "comment.supported",
        "consultation.demo",
        "consultation.table_entered",
        "contribution.assisted",
        "contribution.corrected",
        "contribution.published",
        "data.published",
        "data_request.answered",
        "data_request.read",
        "data_request.received",
        "desk.account_linked",
        "desk.opened",
        "idea.comment_published",
        "idea.demo",
        "idea.supported",
        "moderation.appealed",
        "moderation.blocked",
        "moderation.hidden",
        "moderation.masked",
        "moderation.opened",
        "moderation.overturned",
        "moderation.reported",
        "outcome.published",
        "person.email_shown",
        "position.taken",
        "promise.paused",
        "report.draft",
        "report.pdf_made",
        "report.published",
        "text.held",
        "vote.counted",
        "vote.draft",
        "vote.paper_counted",
        "vote.published",
    }
    # The draft is nobody's business.
    assert not RegisterLine.objects.filter(subject="eclairage-de-nuit").exists()


def test_promises_are_believable(loaded):
    """Kept, kept late, one late and not for years, the others to come."""
    clocks = {}
    for row in Consultation.objects.published().prefetch_related("phases").order_by("pk"):
        clock = promises.clock(row, at=timezone.now())
        clocks[row.slug] = (str(clock.standing), clock.days) if clock else None
    assert {slug: clock for slug, clock in clocks.items() if clock and clock[0] != "coming"} == {
        "micro-foret": ("late", 25),
        "fresque-neppert": ("kept_late", 17),
        "parc-voisin-maison-steinel": ("kept", 6),
        "square-roosevelt": ("kept", 6),
    }


def test_public_reports_answer_everybody(loaded):
    reports = Report.objects.published().select_related("consultation").order_by("pk")
    assert sorted(report.consultation.slug for report in reports) == [
        "fresque-neppert",
        "parc-voisin-maison-steinel",
        "square-roosevelt",
    ]
    for report in reports:
        assert coverage.of(report.consultation).percent == 100
        assert sum(report.figures["decisions"].values()) >= report.figures["opinions"] == report.rows.count()
        assert report.pdf_state == Report.PdfState.READY


def test_files_are_in_the_storage(loaded):
    names = [row.file.name for row in (*Document.objects.order_by("pk"), *Attachment.objects.order_by("pk"))]
    names += [row.image.name for row in Consultation.objects.exclude(image="").order_by("pk")]
    assert len(names) == 23
    assert [name for name in names if not default_storage.exists(name)] == []


def everything():
    models = (
        User,
        Consultation,
        Contribution,
        Comment,
        Position,
        CommentSupport,
        Attachment,
        Document,
        RegisterLine,
        OutboundMail,
        Subscription,
    )
    return {model.__name__: model.objects.count() for model in models}


def test_second_run_changes_nothing(loaded):
    before = everything()
    files = sorted(default_storage.listdir("documents")[1])

    assert run()[0] == "Ville de démonstration déjà en place."

    assert everything() == before
    assert sorted(default_storage.listdir("documents")[1]) == files


def test_what_a_visitor_undoes_is_not_done_again(loaded):
    Contribution.objects.get(published_at__isnull=True, submitted_at__isnull=True).delete()

    assert run()[0] == "Ville de démonstration déjà en place."

    assert not Contribution.objects.filter(published_at__isnull=True, submitted_at__isnull=True).exists()


def test_quiet_run_says_nothing(loaded):
    assert run(verbosity=0) == []


def test_real_consultation_comes_with_its_file(loaded, monkeypatch, tmp_path):
    # The days of the analysis and of the decision are those of 2015 and 2016.
    (tmp_path / "opinions.jsonl").write_bytes(FIXTURE.read_bytes().replace(b'"2021-', b'"2015-'))
    monkeypatch.setenv("PORTAL_IMPORT", str(tmp_path / "opinions.jsonl"))

    assert run()[1] == "Consultation réelle « République numérique » reprise : 2 contributions, 3 commentaires."

    imported = Consultation.objects.get(slug="republique-numerique")
    assert imported.spans()[-1].ends_on == dt.date(2016, 10, 7)
    assert run() == ["Ville de démonstration déjà en place."]


def test_real_consultation_that_can_not_be_read_is_told(loaded, monkeypatch, tmp_path):
    Consultation.objects.filter(slug="republique-numerique").update(slug="ailleurs")
    (tmp_path / "vide.jsonl").write_text("{}\n")
    monkeypatch.setenv("PORTAL_IMPORT", str(tmp_path / "vide.jsonl"))

    with pytest.raises(CommandError, match="aucune contribution lisible"):
        run()


def test_production_is_refused(settings):
    settings.PRODUCTION = True

    with pytest.raises(CommandError, match="ne sert pas en production"):
        run()
