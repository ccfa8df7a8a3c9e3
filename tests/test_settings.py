"""The settings of production: nothing unsafe has a default, and what is missing stops the start with its name."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from tests.plugins import embedded

ROOT = Path(settings.BASE_DIR)
REQUIRED = {
    "SECRET_KEY": "k3vW9xq7Zt2mB8nL5pR1sD6fG4hJ0cY-aEuTiOwQzXbVrMdNgHk",
    "IDENTITY_KEY": "z8Qm2Lr6Vt1xK9dB4nW7sF3hJ5pG0cYa-eUiTOwXzNbRvMdE",
    "BALLOT_KEY": "Rk4vX8nT2yQ6mZ1cW9pL5sD7hB3gJ0fAa-uEoTiWqNxKzVbC",
    "SITE_URL": "https://participation.ville.test",
    "ALLOWED_HOSTS": "participation.ville.test",
    "DATABASE_URL": "postgres://portal:secret@base.test:5432/portal",
    "REDIS_URL": "redis://file.test:6379/0",
    "EMAIL_HOST": "smtp.ville.test",
    "DEFAULT_FROM_EMAIL": "Participation <ne-pas-repondre@ville.test>",
    "LEGAL_PUBLISHER": "Ville de Mulhouse",
    "LEGAL_PUBLISHER_ADDRESS": "2 rue de la Ville, 68100 Mulhouse",
    "LEGAL_PUBLISHER_PHONE": "03 89 11 22 33",
    "LEGAL_DIRECTOR": "La maire",
    "LEGAL_HOST": "Un hébergeur",
    "LEGAL_HOST_ADDRESS": "1 rue du Serveur, 67000 Strasbourg",
    "LEGAL_HOST_PHONE": "03 88 11 22 33",
    "LEGAL_CONTROLLER": "Ville de Mulhouse",
    "LEGAL_DPO_EMAIL": "dpd@ville.test",
    "CONTACT_EMAIL": "participation@ville.test",
    "CONTACT_PHONE": "03 89 44 55 66",
    "CONTACT_ADDRESS": "2 rue de la Ville, 68100 Mulhouse",
    "CONTACT_HOURS": "Du lundi au vendredi",
    "SECURITY_CONTACT": "mailto:securite@ville.test",
    "SECURITY_TXT_EXPIRES": "2199-01-01T00:00:00Z",
}
OURS = {
    "PORTAL_ENV",
    "PORTAL_ROLE",
    "PORTAL_STATE",
    "DEMO",
    "DEBUG",
    "STATIC_ROOT",
    "MEDIA_ROOT",
    "S3_BUCKET",
    "TRUSTED_PROXIES",
}


def _environment(state, **changes):
    """Only what production is given: nothing of the machine that runs the tests."""
    kept = {name: value for name, value in os.environ.items() if name not in {*REQUIRED, *OURS}}
    return {
        **kept,
        **REQUIRED,
        "PORTAL_ENV": "production",
        "PORTAL_TEST_STATE": str(state),
        "PORTAL_STATE": str(state),
        **changes,
    }


@pytest.fixture
def read_settings(monkeypatch, tmp_path):
    """Read the settings file again under another environment, apart from the one in force."""

    def read(*, without="", **changes):
        environment = {name: value for name, value in _environment(tmp_path, **changes).items() if name != without}
        monkeypatch.setattr(os, "environ", environment)
        return runpy.run_path(str(ROOT / "mulhouse/settings.py"))

    return read


def test_production_starts_with_everything(read_settings):
    values = read_settings()
    assert (values["DEBUG"], values["DEMO"], values["EMBEDDED_POSTGRES"], values["EMBEDDED_VALKEY"]) == (
        False,
        False,
        None,
        None,
    )
    assert values["DATABASES"]["default"]["HOST"] == "base.test"
    assert (values["SESSION_COOKIE_SECURE"], values["CSRF_COOKIE_SECURE"], values["SECURE_SSL_REDIRECT"]) == (
        True,
        True,
        True,
    )
    assert values["SECURE_HSTS_SECONDS"] == 31_536_000


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_missing_value_stops_the_start(read_settings, name):
    with pytest.raises(ImproperlyConfigured, match=rf"\b{name}\b"):
        read_settings(without=name)


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_empty_value_stops_the_start(read_settings, name):
    with pytest.raises(ImproperlyConfigured, match=rf"\b{name}\b"):
        read_settings(**{name: ""})


def test_production_is_the_mode_of_an_empty_environment(monkeypatch, tmp_path):
    """A deployment that forgets PORTAL_ENV gets the closed one, never the demonstration."""
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        check=False,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "PORTAL_STATE": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "is required (see .env.example)" in done.stderr


@pytest.mark.parametrize("mode", ["demonstration", "Production", "prod"])
def test_unknown_mode_stops_the_start(read_settings, mode):
    with pytest.raises(ImproperlyConfigured, match="PORTAL_ENV"):
        read_settings(PORTAL_ENV=mode)


def test_demonstration_is_refused_in_production(read_settings):
    with pytest.raises(ImproperlyConfigured, match="DEMO"):
        read_settings(DEMO="1")


@pytest.mark.parametrize(
    ("name", "value"), [("TRUSTED_PROXIES", "one"), ("DEMO", "perhaps"), ("DATABASE_URL", "mysql://a/b")]
)
def test_bad_value_stops_the_start(read_settings, name, value):
    with pytest.raises(ImproperlyConfigured, match=name):
        read_settings(**{name: value})


def test_secret_is_read_from_a_file(read_settings, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("from-a-file\n")
    assert read_settings(without="SECRET_KEY", SECRET_KEY_FILE=str(secret))["SECRET_KEY"] == "from-a-file"


def test_web_role_never_waits_long(read_settings):
    options = read_settings(PORTAL_ROLE="web")["DATABASES"]["default"]["OPTIONS"]["options"]
    assert "statement_timeout=10000" in options
    assert "lock_timeout=5000" in options


def test_embedded_servers_only_without_an_address(read_settings):
    values = read_settings(PORTAL_ENV="demo")
    assert (values["EMBEDDED_POSTGRES"], values["EMBEDDED_VALKEY"]) == (None, None)
    values = read_settings(PORTAL_ENV="demo", DATABASE_URL="", REDIS_URL="")
    assert None not in (values["EMBEDDED_POSTGRES"], values["EMBEDDED_VALKEY"])


def test_check_deploy_is_clean(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        check=False,
        cwd=ROOT,
        env=_environment(tmp_path),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_check_deploy_refuses_placeholders(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy"],
        check=False,
        cwd=ROOT,
        env=_environment(tmp_path, LEGAL_PUBLISHER="À compléter", CONTACT_PHONE="03 00 00 00 00"),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.count("portal.E001") == 2


def test_these_tests_have_servers_of_their_own():
    """Settings read before the plug-in of the tests would make every process share one database and one Redis."""
    assert settings.STATE_DIR == embedded.STATE
