"""« Mon espace »: closed to visitors, what is left to do, profile, agreements, the copy of one's data."""

import datetime as dt
import io
import json
import zipfile

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from accounts import actions, consents, links, names, rules, tasks
from accounts.models import Consent, DataExport, User
from mulhouse import charter
from mulhouse.errors import RefusedError
from notifications.models import OutboundMail
from tests.accounts.people import last_mail
from tests.concurrency import run_in_threads
from tests.factories import make_contribution, make_resident, make_user, sign_in
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db
PAGES = ["", "profil/", "quartier/", "accords/", "donnees/", "deuxieme-facteur/", "fermer/"]


@pytest.fixture(autouse=True)
def _own_files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def complete_person(**fields):
    user = make_resident(**fields)
    with_charter(user)
    return user


def with_charter(user):
    Consent.objects.create(user=user, purpose=Consent.Purpose.CHARTER, version=charter.CURRENT.number)


# --- The page ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_visitors_are_sent_to_sign_in_and_come_back(client, page):
    response = client.get(f"/mon-espace/{page}")
    assert response["Location"] == f"/compte/connexion/?next=/mon-espace/{page}"


def test_what_is_left_to_do_when_everything_is(client):
    sign_in(client, make_user(public_name=""))
    steps = [step.title for step in client.get("/mon-espace/").context["steps"]]
    assert steps == [
        "Choisir un nom public",
        "Dire dans quel quartier vous habitez",
        "Accepter la charte de la participation",
    ]


def test_nothing_is_left_to_do(client):
    sign_in(client, complete_person())
    response = client.get("/mon-espace/")
    assert response.context["steps"] == []
    assert "Tout est prêt. Vous pouvez participer." in response.content.decode()


def test_a_year_that_is_over_is_left_to_do(client):
    user = complete_person(verified=True)
    today = rules.local_day(timezone.now())
    user.residencies.update(verified_on=today - dt.timedelta(days=365), expires_on=today)
    sign_in(client, user)
    assert [step.title for step in client.get("/mon-espace/").context["steps"]] == ["Confirmer votre quartier"]


@pytest.mark.parametrize(
    ("page", "queries"),
    [("", 6), ("profil/", 2), ("quartier/", 4), ("accords/", 3), ("donnees/", 3)],
)
@pytest.mark.parametrize("rows", [1, 10])
def test_pages_cost_the_same_for_somebody_who_wrote_ten_times_more(
    client, page, queries, rows, django_assert_num_queries
):
    user = complete_person(verified=True)
    for _row in range(rows):
        make_contribution(author=user)
    sign_in(client, user)
    client.get("/mon-espace/")
    with django_assert_num_queries(queries):
        assert client.get(f"/mon-espace/{page}").status_code == 200


# --- Profile ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Camille R.", ""),
        ("Le Chat du 68", ""),
        ("Camille 1987", ""),
        ("camille@exemple.fr", "email"),
        ("écrivez à camille @exemple", ""),
        ("Camille 06 12 34 56 78", "phone"),
        ("+33612345678", "phone"),
        ("06.12.34.56.78", "phone"),
        ("camille arobase exemple point fr", "email"),
        ("AB-123-CD", "plate"),
        ("www.camille.example", "address"),
        ("https://camille.example", "address"),
    ],
)
def test_a_public_name_shows_no_address_and_no_number(name, problem):
    assert names.problem(name) == problem


def test_the_page_refuses_a_name_with_an_address_and_says_why(client):
    user = make_user(public_name="Camille")
    sign_in(client, user)
    response = client.post("/mon-espace/profil/", {"public_name": "moi@exemple.fr", "language": "fr", "scheme": ""})
    assert response.status_code == 422
    assert response.context["form"].errors["public_name"] == [
        "Votre nom public ne doit pas contenir d’adresse électronique\u00a0: tout le monde le voit."
    ]
    user.refresh_from_db()
    assert user.public_name == "Camille"


def test_the_action_refuses_it_too():
    user = make_user(public_name="Camille")
    with pytest.raises(RefusedError) as refused:
        actions.update_profile(user=user, public_name="06 12 34 56 78", birth_year=None, language="fr", scheme="")
    assert refused.value.code == "public_name"


def test_a_profile_is_kept(client):
    user = make_user()
    sign_in(client, user)
    response = client.post(
        "/mon-espace/profil/",
        {"public_name": "  Camille   du canal ", "birth_year": "1987", "language": "de", "scheme": "sombre"},
    )
    assert response["Location"] == "/mon-espace/"
    user.refresh_from_db()
    assert (user.public_name, user.birth_year, user.language, user.scheme) == (
        "Camille du canal",
        1987,
        "de",
        "sombre",
    )
    assert 'data-theme="sombre"' in client.get("/mon-espace/").content.decode()


def test_a_new_public_name_is_a_line_of_the_register_without_the_name():
    user = make_user(public_name="Camille")
    for name in ("Camille du canal", "Camille du canal"):
        actions.update_profile(user=user, public_name=name, birth_year=None, language="fr", scheme="")
    line = RegisterLine.objects.get()
    assert line.act == "profile.renamed"
    assert "canal" not in line.content


@pytest.mark.parametrize("year", ["1899", "2101", "quatre-vingts"])
def test_a_year_that_is_not_one_is_refused(client, year):
    sign_in(client, make_user())
    data = {"public_name": "Camille", "birth_year": year, "language": "fr", "scheme": ""}
    assert client.post("/mon-espace/profil/", data).status_code == 422


def test_two_people_may_have_the_same_public_name():
    first, second = make_user(), make_user()
    for user in (first, second):
        actions.update_profile(user=user, public_name="Camille", birth_year=None, language="fr", scheme="")
    assert User.objects.filter(public_name="Camille").count() == 2


def test_the_address_is_never_on_a_page_of_another(client):
    make_contribution(author=make_user(email="secrete@habitants.example"))
    sign_in(client, make_user())
    for page in PAGES[:5]:
        assert "secrete@" not in client.get(f"/mon-espace/{page}").content.decode()


# --- Agreements -------------------------------------------------------------------------------------------------------


def test_the_charter_is_accepted_taken_back_and_accepted_again_each_dated(client):
    user = make_user()
    sign_in(client, user)
    assert rules.charter_refusal(user).code == "charter"
    client.post("/mon-espace/accords/", {"purpose": "charter"})
    client.post("/mon-espace/accords/", {"purpose": "charter"})
    assert rules.charter_refusal(user) is None
    client.post("/mon-espace/accords/", {"purpose": "charter", "withdraw": "1"})
    assert rules.charter_refusal(user).code == "charter"
    client.post("/mon-espace/accords/", {"purpose": "charter"})
    rows = Consent.objects.filter(user=user).order_by("pk")
    assert [(row.version, row.withdrawn_at is None) for row in rows] == [
        (charter.CURRENT.number, False),
        (charter.CURRENT.number, True),
    ]


def test_an_older_version_is_not_the_charter_of_today():
    user = make_user()
    Consent.objects.create(user=user, purpose=Consent.Purpose.CHARTER, version="2020-01")
    assert consents.given(user, Consent.Purpose.CHARTER) == "2020-01"
    assert rules.charter_refusal(user).code == "charter"


def test_what_can_not_be_agreed_to_is_not_found(client):
    sign_in(client, make_user())
    assert client.post("/mon-espace/accords/", {"purpose": "anything"}).status_code == 404


# --- The copy of one's data -------------------------------------------------------------------------------------------


def finished(user):
    export = DataExport.objects.create(user=user)
    tasks.build_export(export_id=export.pk)
    export.refresh_from_db()
    return export


@pytest.mark.django_db(transaction=True)
def test_a_copy_is_asked_made_announced_and_fetched_once(client):
    user = complete_person(public_name="Camille du canal", email="camille@habitants.example")
    sign_in(client, user)
    client.post("/mon-espace/donnees/copie/")
    export = DataExport.objects.get()
    assert export.ready_at is None
    tasks.build_export(export_id=export.pk)
    mail = last_mail(user.email)
    assert mail.kind == "accounts.data_ready"
    url = "/mon-espace/donnees/copie/" + mail.text.split("/mon-espace/donnees/copie/")[1].split()[0]
    assert client.get(url).status_code == 200
    assert DataExport.objects.get().fetched_at is None  # reading the page hands nothing over
    response = client.post(url)
    with zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content))) as archive:
        assert sorted(archive.namelist()) == ["LISEZ-MOI.txt", "donnees.json"]
        written = json.loads(archive.read("donnees.json"))
    assert next(table for table in written if table["table"] == "accounts.User")["lignes"][0]["nom_public"] == (
        "Camille du canal"
    )
    assert client.post(url)["Location"] == "/mon-espace/donnees/"


@pytest.mark.django_db(transaction=True)
def test_the_copy_holds_the_files_and_nothing_of_anybody_else():
    user, other = complete_person(), complete_person(email="autre@habitants.example", public_name="Autre Personne")
    actions.request_verification(user=user, at=timezone.now(), document=b"%PDF-1 %%EOF", suffix=".pdf")
    mine = make_contribution(author=user, title="À moi")
    make_contribution(consultation=mine.consultation, author=other, title="À quelqu’un d’autre")
    with default_storage.open(finished(user).file.name) as file, zipfile.ZipFile(file) as archive:
        everything = archive.read("donnees.json").decode()
        assert [name for name in archive.namelist() if name.startswith("fichiers/residency/")] != []
    assert "À quelqu’un d’autre" not in everything
    assert "autre@habitants.example" not in everything
    assert "Autre Personne" not in everything


@pytest.mark.django_db(transaction=True)
def test_the_link_opens_for_its_person_only(client):
    export = finished(complete_person())
    url = links.data_file(export, "fr").removeprefix("http://127.0.0.1:8000")
    assert client.get(url).status_code == 302
    sign_in(client, make_user())
    assert client.get(url).status_code == 404
    assert client.post(url).status_code == 404


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("token", ["forged", "x:y:z"])
def test_a_forged_link_opens_nothing(client, token):
    sign_in(client, make_user())
    assert client.get(f"/mon-espace/donnees/copie/{token}/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_a_copy_lasts_a_week(client):
    user = complete_person()
    export = finished(user)
    sign_in(client, user)
    url = links.data_file(export, "fr").removeprefix("http://127.0.0.1:8000")
    DataExport.objects.update(ready_at=timezone.now() - dt.timedelta(days=8), expires_at=timezone.now())
    assert client.post(url)["Location"] == "/mon-espace/donnees/"
    name = export.file.name
    tasks.sweep_exports()
    assert not default_storage.exists(name)
    assert DataExport.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_copy_made_twice_is_one_file_and_one_mail():
    user = complete_person()
    export = DataExport.objects.create(user=user)
    for _time in range(2):
        tasks.build_export(export_id=export.pk)
    assert len(default_storage.listdir("exports")[1]) == 1
    assert OutboundMail.objects.filter(kind="accounts.data_ready").count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_copy_waits_at_a_time_from_ten_threads():
    user = complete_person()
    answers = run_in_threads(10, lambda _number: actions.request_export(user=user).pk)
    assert set(answers) == {DataExport.objects.get().pk}


@pytest.mark.django_db(transaction=True)
def test_too_many_copies_a_day_are_refused(client):
    sign_in(client, complete_person())
    answers = [client.post("/mon-espace/donnees/copie/").status_code for _time in range(6)]
    assert answers == [302] * 5 + [429]


@pytest.mark.django_db(transaction=True)
def test_a_copy_whose_message_was_lost_is_asked_again(monkeypatch):
    user = complete_person()
    DataExport.objects.create(user=user)
    DataExport.objects.update(requested_at=timezone.now() - dt.timedelta(minutes=11))
    tasks.sweep_exports()  # the message leaves for the broker of the tests, where nobody works
    assert DataExport.objects.get().ready_at is None


# --- Unconfirmed accounts ---------------------------------------------------------------------------------------------


def test_an_account_nobody_confirmed_goes_after_two_weeks():
    confirmed, stale, young = make_user(), make_user(), make_user()
    for user in (stale, young):
        user.emailaddress_set.update(verified=False)
    User.objects.exclude(pk=young.pk).update(date_joined=timezone.now() - dt.timedelta(days=15))
    tasks.purge_sessions()
    assert set(User.objects.values_list("pk", flat=True)) == {confirmed.pk, young.pk}


# --- Demonstration ----------------------------------------------------------------------------------------------------


@pytest.fixture
def demonstration(settings):
    from accounts import demo  # noqa: PLC0415

    settings.DEMO = True
    return demo.seed()


@pytest.mark.parametrize("url", ["/demo/entrer/", "/demo/courriels/"])
def test_outside_the_demonstration_its_doors_do_not_exist(client, url):
    assert client.get(url).status_code == 404
    assert client.post(url, {"role": "administrator"}).status_code in {404, 405}
    assert "_auth_user_id" not in client.session


def test_the_demonstration_can_not_be_seeded_beside_real_people(settings):
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415

    from accounts import demo  # noqa: PLC0415

    settings.PORTAL_ENV = "production"
    with pytest.raises(ImproperlyConfigured):
        demo.seed()
    assert User.objects.count() == 0


def test_seeding_twice_changes_nothing(demonstration):
    from accounts import demo  # noqa: PLC0415

    assert [user.pk for user in demo.seed()] == [user.pk for user in demonstration]


def test_one_enters_as_each_role_in_one_click(demonstration):
    from accounts import demo  # noqa: PLC0415

    for account in demo.demo_accounts():
        client = Client()
        response = client.post("/demo/entrer/", {"role": account.role})
        user = User.objects.get(email=account.email)
        assert int(client.session["_auth_user_id"]) == user.pk
        assert response["Location"] == ("/gestion/" if user.is_staff else "/mon-espace/")
        assert client.get(response["Location"]).status_code == 200


def test_an_unknown_role_enters_nowhere(client, demonstration):
    assert client.post("/demo/entrer/", {"role": "mayor"}).status_code == 404
    assert "_auth_user_id" not in client.session


def test_the_mailbox_shows_the_newest_first_with_links_and_searches(client, demonstration):
    Client().post("/compte/connexion/code/", {"email": "habitante@demo.example"})
    Client().post("/compte/connexion/code/", {"email": "inconnue@demo.example"})
    page = client.get("/demo/courriels/").content.decode()
    assert page.index("inconnue@demo.example") < page.index("habitante@demo.example")
    assert '<a href="http://127.0.0.1:8000/compte/inscription/"' in page
    found = client.get("/demo/courriels/", {"adresse": "habitante"}).content.decode()
    assert "inconnue@demo.example" not in found


def test_the_mailbox_goes_by_pages(client, demonstration, django_assert_num_queries):
    for number in range(45):
        own = Client(REMOTE_ADDR=f"10.0.1.{number}")
        own.post("/compte/connexion/code/", {"email": f"p{number}@demo.example"})
    with django_assert_num_queries(2):
        assert len(client.get("/demo/courriels/?page=2").context["mails"]) == 20
