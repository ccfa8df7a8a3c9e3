"""Where one lives: declared, asked to be verified, settled by an agent, gone with its document."""

import datetime as dt
import io
import json

import pytest
from django.contrib.auth.models import Permission
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from PIL import Image

from accounts import actions, documents, rules, tasks
from accounts.models import Consent, Residency, User
from desk import actions as desk
from desk import people
from desk.models import Person
from mulhouse.errors import DomainError, RefusedError
from mulhouse.typography import local_day
from notifications.models import OutboundMail
from privacy.models import AccessLog
from tests.concurrency import run_in_threads
from tests.factories import make_district, make_resident, make_staff, make_user, sign_in
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def image(kind="PNG"):
    out = io.BytesIO()
    Image.new("RGB", (4, 4)).save(out, kind)
    return out.getvalue()


def standing(user):
    return Residency.objects.standing().get(user=user)


def now():
    return timezone.now()


def refusal_code(user, level, *, at=None):
    refusal = rules.residency_refusal(user, level, at=at or now())
    return refusal.code if refusal else None


# --- Rules ------------------------------------------------------------------------------------------------------------


def _nobody():
    return make_user()


def _declared():
    return make_resident()


def _waiting():
    user = make_resident()
    actions.request_verification(user=user, at=now())
    return user


def _refused():
    user = _waiting()
    Residency.objects.update(refused_at=now(), refusal_reason="Illisible")
    return user


def _verified():
    return make_resident(verified=True)


def _expired():
    user = make_resident(verified=True)
    today = local_day(now())
    Residency.objects.update(verified_on=today - dt.timedelta(days=366), expires_on=today)
    return user


@pytest.mark.parametrize(
    ("person", "none", "declared", "verified"),
    [
        (_nobody, None, "residency_missing", "residency_missing"),
        (_declared, None, None, "residency_unverified"),
        (_waiting, None, None, "residency_waiting"),
        (_refused, None, None, "residency_refused"),
        (_verified, None, None, None),
        (_expired, None, "residency_expired", "residency_expired"),
    ],
    ids=["nobody", "declared", "waiting", "refused", "verified", "expired"],
)
@pytest.mark.django_db(transaction=True)
def test_residency_by_level(person, none, declared, verified):
    user = person()
    assert [refusal_code(user, level) for level in ("none", "declared", "verified")] == [none, declared, verified]


def test_a_visitor_is_asked_to_sign_in():
    from django.contrib.auth.models import AnonymousUser  # noqa: PLC0415

    assert refusal_code(AnonymousUser(), "none") is None
    assert refusal_code(AnonymousUser(), "declared") == "sign_in"


def test_every_refusal_of_residency_has_a_remedy_and_says_what_to_do():
    user = make_user()
    refusal = rules.residency_refusal(user, "declared", at=now())
    assert rules.remedy_route(refusal) == "accounts:residency"
    assert "Indiquez d’abord votre quartier" in refusal.message


def test_the_last_day_of_the_year_counts_and_the_next_does_not():
    user = make_resident(verified=True)
    expires_on = standing(user).expires_on
    noon = dt.time(12, tzinfo=dt.UTC)
    assert refusal_code(user, "verified", at=dt.datetime.combine(expires_on - dt.timedelta(days=1), noon)) is None
    assert refusal_code(user, "verified", at=dt.datetime.combine(expires_on, noon)) == "residency_expired"


@pytest.mark.parametrize(
    ("birth_year", "age", "code"),
    [
        (None, None, None),
        (None, 16, "birth_year_missing"),
        (2010, 16, None),
        (2011, 16, "too_young"),
        (1950, 16, None),
    ],
)
def test_minimum_age_by_year(birth_year, age, code):
    refusal = rules.minimum_age_refusal(make_user(birth_year=birth_year), age, on=dt.date(2026, 1, 1))
    assert (refusal.code if refusal else None) == code


@pytest.mark.parametrize(
    ("tries", "minutes"), [(0, None), (4, None), (5, 30), (6, 60), (7, 120), (9, 480), (60, 30 * 24 * 60)]
)
def test_the_wait_doubles(tries, minutes):
    at = now()
    until = rules.lock_after(tries, at=at)
    assert (None if until is None else until - at) == (None if minutes is None else dt.timedelta(minutes=minutes))


# --- Declaring --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_another_district_ends_the_former_declaration():
    user, first, second = make_user(), make_district(), make_district()
    actions.declare_residency(user=user, district=first, at=now())
    actions.declare_residency(user=user, district=second, at=now())
    assert list(Residency.objects.order_by("pk").values_list("district", "ended_on")) == [
        (first.pk, local_day(now())),
        (second.pk, None),
    ]
    assert User.objects.get(pk=user.pk).district == second


@pytest.mark.django_db(transaction=True)
def test_the_same_district_again_changes_nothing_unless_the_year_is_over():
    user = make_resident(verified=True)
    row = standing(user)
    assert actions.declare_residency(user=user, district=row.district, at=now()) == row
    Residency.objects.update(verified_on=local_day(now()) - dt.timedelta(days=400), expires_on=local_day(now()))
    again = actions.declare_residency(user=user, district=row.district, at=now())
    assert again != row
    assert again.verified_on is None


@pytest.mark.django_db(transaction=True)
def test_moving_away_ends_it_and_deletes_the_document():
    user = make_resident()
    actions.request_verification(user=user, at=now(), document=PDF, suffix=".pdf")
    name = standing(user).document.name
    for _time in range(2):
        actions.end_residency(user=user, at=now())
    assert not Residency.objects.standing().filter(user=user).exists()
    assert not default_storage.exists(name)


@pytest.mark.django_db(transaction=True)
def test_one_current_residency_from_thirty_threads():
    user = make_user()
    districts = [make_district() for _ in range(30)]
    answers = run_in_threads(
        30, lambda number: actions.declare_residency(user=user, district=districts[number], at=now())
    )
    assert [answer for answer in answers if not isinstance(answer, Residency)] == []
    assert Residency.objects.standing().filter(user=user).count() == 1


# --- Asking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "suffix"),
    [
        (PDF, ".pdf"),
        (image("PNG"), ".png"),
        (image("JPEG"), ".jpg"),
        (b"", ""),
        (b"MZ\x90\x00 a program", ""),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", ""),
        (b"%PDF-1.7 cut in the middle", ""),
        (image("PNG")[:40], ""),
        (image("GIF"), ""),
        (b"<!doctype html><script>alert(1)</script>", ""),
        (PDF + b"0" * documents.LARGEST_BYTES, ""),
    ],
    ids=["pdf", "png", "jpeg", "empty", "exe", "svg", "cut-pdf", "cut-png", "gif", "html", "large"],
)
def test_a_document_is_judged_by_its_bytes(content, suffix):
    assert documents.suffix_of(content) == suffix


def test_a_file_that_lies_about_its_kind_is_refused_on_the_page(client):
    user = make_resident()
    file = SimpleUploadedFile("justificatif.pdf", b"MZ\x90\x00", content_type="application/pdf")
    response = sign_in(client, user).post("/mon-espace/quartier/verification/", {"document": file, "consent": "on"})
    assert response.status_code == 422
    assert "Ce fichier n’est ni un PDF, ni une image JPEG ou PNG lisible." in response.content.decode()
    assert not standing(user).is_waiting


def test_a_document_without_the_agreement_is_not_kept(client):
    user = make_resident()
    file = SimpleUploadedFile("a.pdf", PDF)
    assert sign_in(client, user).post("/mon-espace/quartier/verification/", {"document": file}).status_code == 422
    assert default_storage.listdir(".")[0] == []


@pytest.mark.django_db(transaction=True)
def test_a_document_is_kept_under_a_name_that_says_nothing(client):
    user = make_resident()
    file = SimpleUploadedFile("Camille Dupont facture.PDF", PDF)
    sign_in(client, user).post("/mon-espace/quartier/verification/", {"document": file, "consent": "on"})
    row = standing(user)
    assert row.is_waiting
    assert "Camille" not in row.document.name
    assert row.document.name.endswith(".pdf")
    assert Consent.objects.get(user=user).purpose == "residency_document"
    assert client.get(f"/media/{row.document.name}").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_one_can_ask_for_the_desk(client):
    user = make_resident()
    sign_in(client, user).post("/mon-espace/quartier/verification/", {"method": "desk"})
    assert standing(user).is_waiting
    assert not standing(user).document


@pytest.mark.django_db(transaction=True)
def test_asking_is_refused_without_a_declaration_twice_and_once_verified():
    for user, code in (
        (make_user(), "residency_missing"),
        (_waiting(), "residency_waiting"),
        (make_resident(verified=True), "residency_verified"),
    ):
        with pytest.raises(RefusedError) as refused:
            actions.request_verification(user=user, at=now(), document=PDF, suffix=".pdf")
        assert refused.value.code == code
    assert default_storage.listdir("residency")[1] == []


@pytest.mark.django_db(transaction=True)
def test_after_five_requests_one_waits_half_an_hour_and_an_agent_can_lift_it():
    user, agent = make_resident(), make_agent()
    at = now()
    for _try in range(5):
        actions.request_verification(user=user, at=at)
        actions.refuse_residency(actor=agent, residency=standing(user), reason="Illisible", at=at)
    user.refresh_from_db()
    with pytest.raises(RefusedError) as refused:
        actions.request_verification(user=user, at=at + dt.timedelta(minutes=29))
    assert refused.value.code == "verification_locked"
    actions.request_verification(user=user, at=at + dt.timedelta(minutes=30))
    actions.refuse_residency(actor=agent, residency=standing(user), reason="Illisible", at=at)
    user.refresh_from_db()
    assert user.verification_locked_until == at + dt.timedelta(minutes=90)
    actions.unlock_verification(actor=agent, person=user)
    actions.request_verification(user=user, at=at)


@pytest.mark.django_db(transaction=True)
def test_taking_back_the_agreement_takes_back_the_document():
    user = make_resident()
    actions.request_verification(user=user, at=now(), document=PDF, suffix=".pdf")
    name = standing(user).document.name
    assert actions.withdraw_consent(user=user, purpose=Consent.Purpose.DOCUMENT, at=now())
    assert not default_storage.exists(name)
    assert not standing(user).is_waiting


# --- Settling ---------------------------------------------------------------------------------------------------------


def verify(agent, row, *, method="desk", fingerprint="f" * 64, at=None):
    return desk.verify_residency(actor=agent, residency=row, method=method, fingerprint=fingerprint, at=at or now())


def make_agent():
    return make_staff("accounts.verify_residency")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("permissions", [(), ("accounts.view_residency",), ("accounts.grant_role",)])
def test_other_agents_settle_nothing(permissions):
    user = _waiting()
    row = standing(user)
    for actor in (make_staff(*permissions), make_user()):
        for act in (
            lambda by: verify(by, row),
            lambda by: actions.refuse_residency(actor=by, residency=row, reason="Illisible", at=now()),
            lambda by: actions.unlock_verification(actor=by, person=user),
        ):
            with pytest.raises(RefusedError) as refused:
                act(actor)
            assert refused.value.code == "not_allowed"
    assert standing(user).is_waiting


@pytest.mark.django_db(transaction=True)
def test_nobody_settles_where_they_live_themselves():
    agent = make_resident(is_staff=True)
    agent.user_permissions.add(Permission.objects.get(codename="verify_residency"))
    actions.request_verification(user=agent, at=now())
    row = standing(agent)
    for act in (
        lambda: verify(agent, row),
        lambda: actions.refuse_residency(actor=agent, residency=row, reason="Illisible", at=now()),
        lambda: actions.unlock_verification(actor=agent, person=agent),
    ):
        with pytest.raises(RefusedError) as refused:
            act()
        assert refused.value.code == "own_residency"
    assert standing(agent).verified_on is None


@pytest.mark.django_db(transaction=True)
def test_verifying_lasts_a_year_deletes_the_document_and_tells_everybody_what_it_should():
    user, agent = make_resident(), make_agent()
    actions.request_verification(user=user, at=now(), document=PDF, suffix=".pdf")
    name = standing(user).document.name
    at = dt.datetime(2026, 11, 22, 23, 30, tzinfo=dt.UTC)  # already the 23rd in Mulhouse
    verify(agent, standing(user), method="document", fingerprint="", at=at)
    row = standing(user)
    assert (row.verified_on, row.expires_on, row.verified_by) == (dt.date(2026, 11, 23), dt.date(2027, 11, 23), agent)
    assert not default_storage.exists(name)
    assert "23\u00a0novembre 2027" in OutboundMail.objects.get(to=user.email).text
    line = RegisterLine.objects.get()
    assert (line.act, line.role, line.subject) == ("residency.verified", "agent", "")
    assert json.loads(line.content)["faits"] == {"moyen": "sur un document"}
    with pytest.raises(RefusedError):
        verify(agent, row, at=at)
    assert RegisterLine.objects.count() == 1


def test_a_leap_day_lasts_until_the_first_of_march():
    assert rules.valid_until(dt.date(2028, 2, 29)) == dt.date(2029, 3, 1)


@pytest.mark.django_db(transaction=True)
def test_refusing_says_why_deletes_the_document_and_leaves_the_door_open():
    user, agent = make_resident(), make_agent()
    actions.request_verification(user=user, at=now(), document=PDF, suffix=".pdf")
    name = standing(user).document.name
    actions.refuse_residency(actor=agent, residency=standing(user), reason="La date est illisible.", at=now())
    assert not default_storage.exists(name)
    mail = OutboundMail.objects.get(to=user.email)
    assert "La date est illisible." in mail.text
    assert "/mon-espace/quartier/" in mail.text
    assert "illisible" not in RegisterLine.objects.get().content
    assert rules.verification_refusal(user, standing(user), at=now()) is None


@pytest.mark.django_db(transaction=True)
def test_a_declaration_that_ended_is_not_settled():
    user, agent = _waiting(), make_agent()
    row = standing(user)
    actions.end_residency(user=user, at=now())
    with pytest.raises(RefusedError) as refused:
        verify(agent, row)
    assert refused.value.code == "residency_ended"


@pytest.mark.django_db(transaction=True)
def test_a_document_that_no_row_names_is_swept_once_it_is_old():
    user = make_resident()
    actions.request_verification(user=user, at=now(), document=PDF, suffix=".pdf")
    kept = standing(user).document.name
    orphan = default_storage.save("residency/orphan.pdf", io.BytesIO(PDF))
    tasks.purge_files()
    assert default_storage.exists(orphan)  # an hour of grace: its row may be on its way
    import os  # noqa: PLC0415

    os.utime(default_storage.path(orphan), (0, 0))
    os.utime(default_storage.path(kept), (0, 0))
    tasks.purge_files()
    assert not default_storage.exists(orphan)
    assert default_storage.exists(kept)


# --- The agents' table ------------------------------------------------------------------------------------------------


PAPERS = {"family_name": "Schmitt", "given_names": "Odile", "birth_date": "1980-03-01", "is_seen": "on"}


def agent_client():
    return sign_in(Client(), make_staff("accounts.view_residency", "accounts.verify_residency"))


@pytest.mark.django_db(transaction=True)
def test_an_agent_downloads_the_document_and_nobody_else_does(client):
    user = make_resident()
    actions.request_verification(user=user, at=now(), document=PDF, suffix=".pdf")
    url = f"/gestion/accounts/residency/{standing(user).pk}/geste/ouvrir-le-justificatif/"
    assert client.post(url).status_code == 302
    assert sign_in(Client(), user).post(url).status_code in {302, 403}
    assert sign_in(Client(), make_staff("accounts.view_residency")).post(url).status_code == 403
    assert agent_client().get(url).status_code == 405
    assert AccessLog.objects.count() == 0
    response = agent_client().post(url)
    assert response.content == PDF
    assert [(row.person, row.category) for row in AccessLog.objects.all()] == [(user, "DOCUMENT")]
    assert response["Content-Disposition"] == 'attachment; filename="justificatif.pdf"'
    assert "no-store" in response["Cache-Control"]


@pytest.mark.django_db(transaction=True)
def test_an_agent_settles_from_the_table():
    user = _waiting()
    agent = agent_client()
    page = agent.get(f"/gestion/accounts/residency/{standing(user).pk}/change/")
    assert page.status_code == 200
    url = f"/gestion/accounts/residency/{standing(user).pk}/geste"
    assert agent.post(f"{url}/refuser/", {"reason": ""}).status_code == 422
    assert agent.post(f"{url}/verifier/", {"method": "desk"}).status_code == 422
    assert standing(user).verified_on is None
    agent.post(f"{url}/verifier/", {"method": "desk", **PAPERS})
    assert standing(user).verified_on == local_day(now())
    assert Person.objects.get().user == user
    assert Person.objects.get().identity_hash == people.identity_hash("Schmitt", "Odile", dt.date(1980, 3, 1))
    said = list(RegisterLine.objects.order_by("pk").values_list("act", flat=True))
    assert said[-2:] == ["desk.account_linked", "residency.verified"]


@pytest.mark.django_db(transaction=True)
def test_at_the_desk_nobody_is_verified_without_an_identity_nor_under_one_of_another_account():
    user, other, agent = _waiting(), _waiting(), make_agent()
    with pytest.raises(DomainError) as refused:
        verify(agent, standing(user), fingerprint="")
    assert refused.value.code == "identity_missing"
    verify(agent, standing(user))
    before = RegisterLine.objects.count()
    with pytest.raises(DomainError) as refused:
        verify(agent, standing(other))
    assert refused.value.code == "other_account"
    assert (standing(other).verified_on, RegisterLine.objects.count()) == (None, before)
    assert OutboundMail.objects.filter(to=other.email).count() == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("typed", [{"family_name": "Schmitt"}, {"family_name": "Schmitt", "birth_date": "1980-03-01"}])
def test_half_an_identity_on_a_document_is_asked_again(typed):
    user = _waiting()
    url = f"/gestion/accounts/residency/{standing(user).pk}/geste/verifier/"
    assert agent_client().post(url, {"method": "document", **typed}).status_code == 422
    assert standing(user).verified_on is None


@pytest.mark.django_db(transaction=True)
def test_an_account_verified_on_a_document_is_tied_later_at_the_desk():
    user = _waiting()
    agent = sign_in(
        Client(),
        make_staff("accounts.view_residency", "accounts.verify_residency", "desk.assist", public_name="Guichet"),
    )
    row = f"/gestion/accounts/residency/{standing(user).pk}"
    listed = "/gestion/accounts/residency/?state=unseen"
    agent.post(f"{row}/geste/verifier/", {"method": "document"})
    assert (standing(user).verified_on, Person.objects.count()) == (local_day(now()), 0)
    label = "Rattacher le compte à une identité"
    assert (label in agent.get(f"{row}/change/").content.decode(), row in agent.get(listed).content.decode()) == (
        True,
        True,
    )
    agent.post(f"{row}/geste/identite/", PAPERS)
    assert Person.objects.get(user=user).identity_hash
    assert (label in agent.get(f"{row}/change/").content.decode(), row in agent.get(listed).content.decode()) == (
        False,
        False,
    )


@pytest.mark.django_db(transaction=True)
def test_what_waits_shows_on_the_agents_home_page():
    _waiting()
    page = agent_client().get("/gestion/").content.decode()
    assert "Résidences à vérifier" in page


@pytest.mark.parametrize(("rows", "queries"), [(1, None), (3, None)])
def test_the_table_costs_the_same_for_one_row_and_three(rows, queries, django_assert_max_num_queries):
    for _row in range(rows):
        make_resident()
    agent = agent_client()
    agent.get("/gestion/accounts/residency/")
    with django_assert_max_num_queries(12):
        assert agent.get("/gestion/accounts/residency/?state=waiting").status_code == 200
