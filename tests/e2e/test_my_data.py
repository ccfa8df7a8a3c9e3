"""Taking one's data, then leaving, in a real browser: what was downloaded holds the person, and the site nothing of them."""

import json
import re
import zipfile

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import DataExport, User
from accounts.tasks import build_export
from consultations.models import Contribution
from notifications import delivery, retention
from notifications.models import OutboundMail
from privacy import actions
from privacy.models import DataRequest
from tests import factories, traces
from tests.e2e import axe
from tests.e2e.journeys import follow, heading, press, say_who, sign_in

ADDRESS, NAME, WORDS = "camille.partante@habitants.example", "Camille Zqpartancelxk", "motstrespersonnelsxk"
KEY = 918_273_647
EVERYTHING = (ADDRESS, NAME, WORDS, str(KEY))


@pytest.fixture(params=["desktop", "phone", "without_script"])
def page(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def leaver(live_server, settings, tmp_path):
    """Somebody who wrote, chose, asked, and whose address an agent opened."""
    settings.MEDIA_ROOT = tmp_path
    user = factories.make_resident(pk=KEY, email=ADDRESS, public_name=NAME)
    factories.make_contribution(author=user, title="Un banc au soleil")
    factories.make_contribution(author=user, title=WORDS, body=WORDS, published_at=None)
    row = actions.ask(user=user, kind="access", words=WORDS, at=timezone.now())
    actions.read_request(actor=factories.make_staff("privacy.handle_datarequest"), request=row)
    return user


def take_a_copy(page, base):
    """Ask, follow the link of the mail, press once; a second time gives nothing."""
    page.goto(base + reverse("accounts:data"))
    press(page, "Demander une copie de mes données")
    build_export(export_id=DataExport.objects.get().pk)
    mail = OutboundMail.objects.get(to=ADDRESS, kind="accounts.data_ready")
    link = re.search(rf"{re.escape(settings.SITE_URL)}(\S+)", mail.text).group(1)
    page.goto(base + link)
    assert heading(page) == "Ma copie est prête"
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Télécharger mes données").click()
    with zipfile.ZipFile(waiting.value.path()) as bundle:
        copy = json.loads(bundle.read("donnees.json"))
    page.goto(base + link)
    press(page, "Télécharger mes données")
    assert "a déjà servi" in page.locator("main").inner_text()
    return copy


def close(page, base):
    page.goto(base + reverse("accounts:data"))
    follow(page, "Fermer mon compte", within=page.locator("main"))
    if page.get_by_label("Mot de passe").count():
        page.get_by_label("Mot de passe").fill(factories.PASSWORD)
        press(page, "Continuer")
    assert heading(page) == "Fermer mon compte"
    press(page, "Fermer mon compte", within=page.locator("main"))
    assert User.objects.filter(pk=KEY).exists()
    assert page.title().startswith("Erreur")
    page.get_by_label("Je comprends que c’est définitif").check()
    press(page, "Fermer mon compte", within=page.locator("main"))
    assert heading(page) == "Votre compte est fermé"


def test_somebody_takes_their_data_and_leaves_nothing(page, live_server, leaver):
    base = live_server.url
    sign_in(page, base + reverse("privacy:own_accesses"), ADDRESS)
    assert "Une demande que vous avez faite" in page.locator("main").inner_text()
    page.goto(base + reverse("privacy:own_requests"))
    assert WORDS in page.locator("main").inner_text()

    copy = take_a_copy(page, base)
    lines = {table["table"]: table["lignes"] for table in copy}
    assert lines["accounts.User"][0]["adresse"] == ADDRESS
    assert WORDS in json.dumps(lines, ensure_ascii=False)
    assert lines["privacy.AccessLog"][0]["quoi"] == "Une demande que vous avez faite sur vos données"
    assert len(traces.in_tables(EVERYTHING, KEY)) > 10

    close(page, base)

    page.goto(base + reverse("accounts:home"))
    assert "/connexion/" in page.url
    say_who(page, ADDRESS)
    assert "/connexion/" in page.url
    farewell = OutboundMail.objects.get(to=ADDRESS, kind="accounts.account_closed")
    assert delivery.deliver(farewell.pk, at=timezone.now()) is delivery.Outcome.SENT
    retention.forget(at=timezone.now())
    OutboundMail.objects.filter(kind="accounts.unknown_account", to=ADDRESS).delete()
    assert traces.in_tables(EVERYTHING, KEY) == []
    assert traces.in_sessions(KEY, EVERYTHING) == []
    assert traces.in_files(EVERYTHING) == []
    assert [key for key in traces.in_redis(EVERYTHING) if b"login" not in key] == []
    text = Contribution.objects.get(title="Un banc au soleil")
    assert page.goto(base + text.get_absolute_url()).status == 200
    assert NAME not in page.content()


@pytest.fixture
def faults(page, request):
    """Give what sticks out of the page, and what axe, which is a script, finds there."""
    has_script = request.node.callspec.params["page"] != "without_script"
    return lambda: [*axe.overflow(page), *(axe.violations(page) if has_script else ())]


def test_a_visitor_asks_and_reads_what_to_correct(page, live_server, faults):
    """The form empty, sent empty, sent whole, then its dated page: each reads well."""
    base, found = live_server.url, {}
    page.goto(base + reverse("privacy:ask"))
    found["empty"] = faults()
    press(page, "Envoyer ma demande")
    assert page.title().startswith("Erreur")
    found["errors"] = faults()
    page.get_by_role("radio", name="Savoir ce que le site sait de moi").check()
    page.get_by_label("Ce que vous demandez").fill("Que savez-vous de moi ?")
    page.get_by_label("Vos nom et prénom").fill("Odile Schmitt")
    page.get_by_label("Adresse électronique").fill("odile@ailleurs.example")
    press(page, "Envoyer ma demande")
    found["code"] = faults()
    page.get_by_label("Code à six chiffres").fill("000000")
    press(page, "Confirmer ma demande")
    assert "Vérifiez les six chiffres" in page.locator("main").inner_text()
    found["wrong code"] = faults()
    code = re.search(r"\d{6}", OutboundMail.objects.get(to="odile@ailleurs.example").text).group()
    page.get_by_label("Code à six chiffres").fill(code)
    press(page, "Confirmer ma demande")
    row = DataRequest.objects.get()
    words = page.locator("main").inner_text()
    assert "Votre demande est bien reçue" in words
    assert str(row.due_on.year) in words
    found["received"] = faults()
    assert {name: lines for name, lines in found.items() if lines} == {}
