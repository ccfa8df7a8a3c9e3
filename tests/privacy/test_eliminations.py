"""Destroying archives: propose, visa, execute, log. Without the visa it only lists, and the database refuses too."""

import datetime as dt

import pytest
from django.contrib.auth.models import Group
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.test import Client
from django.utils import timezone

from consultations import eliminating
from consultations.models import Consultation, Contribution, Note
from mulhouse.errors import DomainError, RefusedError
from privacy import archives, eliminations, tasks
from privacy.models import EliminationLine, EliminationProposal
from tests import factories as f
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)
NOTES, TEXTS = eliminating.CATEGORIES
ADMIN = "/gestion/privacy/eliminationproposal/"


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def now():
    return timezone.now()


def old_consultation(years=6, **fields):
    """A consultation whose last phase ended some years ago."""
    row = f.make_consultation(phase="follow", **fields)
    for phase in row.phases.order_by("pk"):
        phase.starts_on -= dt.timedelta(days=366 * years)
        phase.ends_on = (phase.ends_on or phase.starts_on + dt.timedelta(days=30)) - dt.timedelta(days=366 * years)
        type(phase).objects.filter(pk=phase.pk).update(
            starts_on=phase.starts_on, ends_on=max(phase.starts_on, phase.ends_on)
        )
    Consultation.objects.filter(pk=row.pk).update(archived_at=now())
    return row


def with_note(row):
    return Note.objects.create(
        item=f.make_item(consultation=row), author=f.make_staff(), body="Interne", written_at=now()
    )


def proposer():
    return f.make_staff("privacy.propose_elimination")


def archivist():
    return f.make_staff(
        "privacy.approve_elimination", "privacy.execute_elimination", "privacy.view_eliminationproposal"
    )


def propose(category=NOTES, actor=None):
    return eliminations.propose(actor=actor or proposer(), category=category, at=now())


def approve(proposal, actor=None, **fields):
    values = {
        "function": "Directeur des Archives d’Alsace",
        "signed_on": timezone.localdate(),
        "reference": "2026-114",
        "slip": b"%PDF-1.4 vise",
        "file_name": "b.pdf",
        "at": now(),
        **fields,
    }
    eliminations.approve(actor=actor or archivist(), proposal=proposal, **values)
    proposal.refresh_from_db()


def test_a_list_holds_what_is_past_its_time_and_nothing_open():
    over, young, opened = old_consultation(), old_consultation(years=2), f.make_consultation(phase="follow")
    for row in (over, young, opened):
        with_note(row)
    proposal = propose()
    assert [line.key for line in proposal.lines.all()] == [over.slug]
    assert Note.objects.count() == 3
    with pytest.raises(DomainError) as refused:
        propose()
    assert refused.value.code == "standing"
    with pytest.raises(DomainError) as refused:
        propose(TEXTS)
    assert refused.value.code == "nothing"


def test_nothing_is_destroyed_without_the_visa():
    with_note(old_consultation())
    proposal, actor = propose(), archivist()
    with pytest.raises(RefusedError) as refused:
        eliminations.execute(actor=actor, proposal=proposal, at=now())
    assert refused.value.code == "no_visa"
    with pytest.raises(DomainError):
        eliminations.destroy_line(line_pk=proposal.lines.get().pk, at=now())
    with pytest.raises(IntegrityError), transaction.atomic():
        EliminationProposal.objects.filter(pk=proposal.pk).update(state="running")
    tasks.eliminate(proposal_id=proposal.pk)
    assert Note.objects.count() == 1


def test_who_proposes_does_not_write_the_visa():
    with_note(old_consultation())
    both = f.make_staff("privacy.propose_elimination", "privacy.approve_elimination")
    proposal = propose(actor=both)
    with pytest.raises(RefusedError) as refused:
        approve(proposal, both)
    assert refused.value.code == "own_proposal"
    for wrong in (
        {"function": " "},
        {"reference": ""},
        {"signed_on": timezone.localdate() - dt.timedelta(days=1)},
        {"signed_on": timezone.localdate() + dt.timedelta(days=1)},
    ):
        with pytest.raises(DomainError):
            approve(proposal, **wrong)
    assert default_storage.listdir("eliminations")[1] == []
    with pytest.raises(RefusedError):
        approve(proposal, f.make_staff())


def test_killed_half_way_it_goes_on_and_the_slip_stays():
    first, second = old_consultation(), old_consultation()
    with_note(first)
    with_note(second)
    proposal = propose()
    approve(proposal)
    eliminations.execute(actor=archivist(), proposal=proposal, at=now())
    eliminations.destroy_line(line_pk=proposal.lines.first().pk, at=now())
    assert Note.objects.count() == 1
    tasks.sweep_eliminations()
    tasks.sweep_eliminations()
    proposal.refresh_from_db()
    assert (Note.objects.count(), proposal.state) == (0, "executed")
    assert EliminationLine.objects.filter(destroyed_at__isnull=True).count() == 0
    acts = RegisterLine.objects.filter(act__startswith="elimination.").order_by("number").values_list("act", flat=True)
    assert list(acts) == ["elimination.proposed", "elimination.approved", "elimination.begun", "elimination.executed"]
    assert default_storage.exists(proposal.visa_file.name)


def test_texts_that_nobody_reads_are_emptied_and_the_public_ones_stay():
    row = old_consultation()
    public = f.make_contribution(consultation=row, title="Public", body="Le texte public.")
    f.make_contribution(consultation=row, title="Retiré", body="Le texte retiré.", withdrawn_at=now())
    proposal = propose(TEXTS)
    approve(proposal)
    eliminations.execute(actor=archivist(), proposal=proposal, at=now())
    tasks.eliminate(proposal_id=proposal.pk)
    public.refresh_from_db()
    assert public.body == "Le texte public."
    assert Contribution.objects.filter(body="Le texte retiré.").count() == 0
    assert archives.category(TEXTS.code) is TEXTS


def test_the_archives_may_refuse():
    with_note(old_consultation())
    proposal = propose()
    eliminations.refuse(actor=archivist(), proposal=proposal, reason="Intérêt historique.")
    proposal.refresh_from_db()
    assert proposal.state == "refused"
    with pytest.raises(RefusedError):
        eliminations.execute(actor=archivist(), proposal=proposal, at=now())
    propose()


def test_pages_of_staff():
    with_note(old_consultation())
    assert f.sign_in(Client(), f.make_staff()).get(ADMIN).status_code == 403
    assert f.sign_in(Client(), f.make_staff()).get(f"{ADMIN}add/").status_code == 403
    writer = f.make_staff("privacy.propose_elimination", "privacy.view_eliminationproposal")
    client = f.sign_in(Client(), writer)
    assert client.post(f"{ADMIN}add/", {"category": NOTES.code}).status_code == 302
    row = EliminationProposal.objects.get()
    assert "Notes internes" in client.get(f"{ADMIN}{row.pk}/change/").content.decode()
    assert client.post(f"{ADMIN}{row.pk}/geste/viser/", {}).status_code == 403
    other = f.sign_in(Client(), archivist())
    given = {"function": "Directeur", "signed_on": timezone.localdate().isoformat(), "reference": "A-1"}
    bad = SimpleUploadedFile("b.pdf", b"pas un pdf")
    assert other.post(f"{ADMIN}{row.pk}/geste/viser/", {**given, "slip": bad}).status_code == 422
    good = SimpleUploadedFile("b.pdf", b"%PDF-1.4 signe")
    assert other.post(f"{ADMIN}{row.pk}/geste/viser/", {**given, "slip": good}).status_code == 302
    slip = other.get(f"{ADMIN}{row.pk}/bordereau/")
    assert b"".join(slip.streaming_content) == b"%PDF-1.4 signe"
    assert f.sign_in(Client(), f.make_staff()).get(f"{ADMIN}{row.pk}/bordereau/").status_code == 403


# --- Denials -----------------------------------------------------------------------------------------------------------------


def left_untouched(proposal, state, acts):
    """Nothing was destroyed, nothing moved, nothing is on the register but what was allowed."""
    proposal.refresh_from_db()
    assert (proposal.state, Note.objects.count()) == (state, 1)
    rows = RegisterLine.objects.filter(act__startswith="elimination.").order_by("number")
    assert list(rows.values_list("act", flat=True)) == acts


@pytest.mark.parametrize("role", ["", "agent", "desk", "moderator", "mediator", "evaluator"])
def test_no_other_role_than_the_administrator_takes_a_step(role):
    """Each step, by each role and by who has none: refused, and nothing of it stays."""
    with_note(old_consultation())
    proposal, actor = propose(), f.make_staff()
    actor.groups.set(Group.objects.filter(name=role))
    for call in (
        lambda: propose(TEXTS, actor),
        lambda: approve(proposal, actor),
        lambda: eliminations.refuse(actor=actor, proposal=proposal, reason="Non."),
        lambda: eliminations.execute(actor=actor, proposal=proposal, at=now()),
    ):
        with pytest.raises(RefusedError) as refused:
            call()
        assert refused.value.code == "not_allowed"
    left_untouched(proposal, "proposed", ["elimination.proposed"])
    client = f.sign_in(Client(), actor)
    for address in (ADMIN, f"{ADMIN}add/", f"{ADMIN}{proposal.pk}/change/", f"{ADMIN}{proposal.pk}/bordereau/"):
        assert client.get(address).status_code in {302, 403}
    for gesture in ("viser", "refuser", "executer"):
        assert client.post(f"{ADMIN}{proposal.pk}/geste/{gesture}/", {}).status_code in {302, 403, 404}
    left_untouched(proposal, "proposed", ["elimination.proposed"])


def test_one_administrator_alone_destroys_nothing():
    """Who holds every permission, as the role gives them, still needs somebody else for the visa, and for the refusal."""
    with_note(old_consultation())
    alone = f.make_staff()
    alone.groups.set(Group.objects.filter(name="administrator"))
    proposal = propose(actor=alone)
    for call in (
        lambda: approve(proposal, alone),
        lambda: eliminations.refuse(actor=alone, proposal=proposal, reason="Non."),
        lambda: eliminations.execute(actor=alone, proposal=proposal, at=now()),
    ):
        with pytest.raises(RefusedError):
            call()
    left_untouched(proposal, "proposed", ["elimination.proposed"])
    assert default_storage.listdir("eliminations")[1] == []
    page = f.sign_in(Client(), alone).get(f"{ADMIN}{proposal.pk}/change/").content.decode()
    assert "Inscrire le visa" in page
    given = {"function": "Directeur", "signed_on": timezone.localdate().isoformat(), "reference": "A-1"}
    slip = SimpleUploadedFile("b.pdf", b"%PDF-1.4 signe")
    answer = f.sign_in(Client(), alone).post(f"{ADMIN}{proposal.pk}/geste/viser/", {**given, "slip": slip}, follow=True)
    assert "un collègue inscrit le visa" in answer.content.decode()
    left_untouched(proposal, "proposed", ["elimination.proposed"])


def test_a_settled_list_takes_no_step_back():
    with_note(old_consultation())
    proposal = propose()
    approve(proposal)
    for call in (
        lambda: approve(proposal),
        lambda: eliminations.refuse(actor=archivist(), proposal=proposal, reason="Trop tard."),
    ):
        with pytest.raises(RefusedError) as refused:
            call()
        assert refused.value.code == "settled"
    left_untouched(proposal, "approved", ["elimination.proposed", "elimination.approved"])
    eliminations.execute(actor=archivist(), proposal=proposal, at=now())
    tasks.eliminate(proposal_id=proposal.pk)
    with pytest.raises(RefusedError) as refused:
        eliminations.execute(actor=archivist(), proposal=proposal, at=now())
    assert refused.value.code == "begun"


@pytest.mark.parametrize(("days", "ripe"), [(-1, False), (0, True)])
def test_five_years_to_the_day(days, ripe):
    """On both sides of the boundary: the last day of the consultation, five years ago or one day less."""
    row = f.make_consultation(phase=None)
    today = timezone.localdate()
    ended = today.replace(year=today.year - NOTES.years) - dt.timedelta(days=1 + days)
    row.phases.create(
        position=1, kind="contribute", name="Avis", starts_on=ended - dt.timedelta(days=30), ends_on=ended
    )
    Consultation.objects.filter(pk=row.pk).update(archived_at=now())
    with_note(row)
    if ripe:
        assert propose().lines.get().last_on == ended
    else:
        with pytest.raises(DomainError) as refused:
            propose()
        assert refused.value.code == "nothing"


def test_nothing_of_a_slip_is_ever_deleted():
    """No page offers it, no permission exists for it, and the lines hold their list."""
    with_note(old_consultation())
    proposal = propose()
    client = f.sign_in(Client(), f.make_user(is_staff=True, is_superuser=True))
    assert client.get(f"{ADMIN}{proposal.pk}/delete/").status_code in {403, 404}
    with pytest.raises(ProtectedError):
        proposal.delete()
