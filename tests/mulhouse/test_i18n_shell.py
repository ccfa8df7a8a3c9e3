"""Three languages: the address says which, the shell speaks it, and what exists in French only says so."""

import pytest
from django.conf import settings
from django.core.management import call_command
from django.urls import reverse
from django.utils import translation

from mulhouse import catalogs

LANGUAGES = [code for code, _ in settings.LANGUAGES]


@pytest.fixture
def own_catalogues(tmp_path, settings):
    """Work on a copy of nothing: the catalogues of the tree stay as they are."""
    settings.LOCALE_PATHS = [tmp_path]
    return tmp_path


@pytest.mark.parametrize(
    ("path", "language", "words"), [("/", "fr", "Se connecter"), ("/de/", "de", "Anmelden"), ("/en/", "en", "Sign in")]
)
def test_address_chooses_the_language(db, client, path, language, words):
    html = client.get(path, headers={"Accept-Language": "tr"}).content.decode()
    assert f'<html lang="{language}">' in html
    assert words in html


@pytest.mark.parametrize("accepted", ["de-CH,de;q=0.9", "en-GB", "tr", ""])
def test_plain_address_stays_french(db, client, accepted):
    """A link sent to a neighbour shows the same page to both: only the address decides."""
    response = client.get("/contact/", headers={"Accept-Language": accepted})
    assert (response.status_code, b'<html lang="fr">' in response.content) == (200, True)


def test_each_page_leads_to_itself_in_the_other_languages(db, client):
    html = client.get("/de/contact/").content.decode()
    for language, path in {"fr": "/contact/", "de": "/de/contact/", "en": "/en/contact/"}.items():
        assert f'<link rel="alternate" hreflang="{language}" href="{settings.SITE_URL}{path}">' in html
        assert f'href="{path}" lang="{language}" hreflang="{language}"' in html


def test_language_switch_keeps_the_query(db, client):
    assert 'href="/de/galerie/?erreurs=1"' in client.get("/galerie/?erreurs=1").content.decode()


def test_text_in_french_only_says_so(db, client):
    html = client.get("/de/charte/").content.decode()
    assert 'class="texte" lang="fr"' in html
    assert "Diese Seite gibt es nur auf Französisch." in html
    assert 'class="texte" lang' not in client.get("/charte/").content.decode()


def test_links_keep_the_language(db, client):
    french = reverse("how_it_works")
    html = client.get("/de/").content.decode()
    assert (f'href="/de{french}"' in html, f'href="{french}"' in html) == (True, False)


def test_missing_translation_shows_french():
    with translation.override("de"):
        assert translation.gettext("Phrase que personne n’a traduite") == "Phrase que personne n’a traduite"


@pytest.mark.parametrize("language", LANGUAGES)
def test_catalogue_is_sound(language):
    assert catalogs.problems(language) == []


def test_update_extracts_code_and_templates(own_catalogues):
    messages = catalogs.extract()
    assert messages[("Aller au contenu",)] == ["templates/base.html"]
    assert messages[("Corrigez %(count)s erreur", "Corrigez %(count)s erreurs")] == ["mulhouse/templatetags/ui.py"]


def test_update_twice_changes_nothing(own_catalogues):
    call_command("update_catalogs", verbosity=0)
    first = {path: path.read_bytes() for path in own_catalogues.rglob("*.po")}
    call_command("update_catalogs", verbosity=0)
    assert {path: path.read_bytes() for path in own_catalogues.rglob("*.po")} == first


def test_update_keeps_translations_and_drops_lost_messages(own_catalogues):
    path = catalogs.catalogue_path("de")
    path.parent.mkdir(parents=True)
    path.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "Aller au contenu"\nmsgstr "Hallo"\n\nmsgid "Phrase disparue"\nmsgstr "Weg"\n\n'
        '#. Django\nmsgid "Please correct the error below."\nmsgstr "Bitte"\n'
    )
    catalog = catalogs.update("de", catalogs.extract())
    assert catalog["Aller au contenu"].string == "Hallo"
    assert catalog["Please correct the error below."].string == "Bitte"
    assert "Phrase disparue" not in catalog


def test_update_fills_the_french_plurals(own_catalogues):
    catalog = catalogs.update("fr", catalogs.extract())
    assert [message.id for message in catalog if message.id and not isinstance(message.id, tuple)] == []
    assert [message.id for message in catalog if message.id and message.string != message.id] == []


def test_compiling_does_only_what_is_needed(own_catalogues, capsys):
    catalogs.update("de", catalogs.extract())
    call_command("compile_catalogs")
    call_command("compile_catalogs")
    assert capsys.readouterr().out.count("django.mo") == 1


def test_compiling_is_heard_by_the_process_that_compiles(own_catalogues):
    """Loading the models translates: on a fresh clone, French was read before its plurals were compiled."""
    folder = own_catalogues / "fr" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.po").write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\nPlural-Forms: nplurals=2; plural=(n > 1);\\n"\n\n'
        'msgid "%(n)s essai"\nmsgid_plural "%(n)s essais"\nmsgstr[0] "%(n)s essai"\nmsgstr[1] "%(n)s essais"\n',
        encoding="utf-8",
    )
    assert translation.ngettext("%(n)s essai", "%(n)s essais", 0) == "%(n)s essais"
    call_command("compile_catalogs", verbosity=0)
    assert translation.ngettext("%(n)s essai", "%(n)s essais", 0) == "%(n)s essai"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ('msgid "%(count)s soutien"\nmsgstr "%(anzahl)s Stimmen"\n', "unknown placeholder 'anzahl'"),
        ('msgid "%(count)s soutien"\nmsgstr "Stimmen"\n', "lost placeholder"),
    ],
)
def test_wrong_placeholders_are_found(own_catalogues, entry, problem):
    path = catalogs.catalogue_path("de")
    path.parent.mkdir(parents=True)
    path.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n' + entry)
    assert any(problem in line for line in catalogs.problems("de"))
