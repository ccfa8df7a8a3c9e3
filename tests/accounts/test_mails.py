"""Every mail about accounts: whole, in French with its spaces, a subject on one line, its link in both forms."""

from pathlib import Path

import pytest
from django.conf import settings
from django.utils import translation

from accounts.adapters import MAILS
from notifications import outbox

NAMES = sorted(path.stem for path in (Path(settings.BASE_DIR) / "templates/emails/accounts").glob("*.txt"))
URLS = {
    name: f"https://site.example/{name}"
    for name in (
        "code_url",
        "security_url",
        "signup_url",
        "password_reset_url",
        "sign_in_url",
        "residency_url",
        "file_url",
    )
}
WORDS = {
    "code": "004217",
    "from_email": "avant@habitants.example",
    "to_email": "apres@habitants.example",
    "when": "22\u00a0novembre 2026 à 10\u00a0h\u00a030",
    "until": "23\u00a0novembre 2027",
    "reason": "La date est illisible.",
    "role": "Agent de la participation",
    "dpo_email": "donnees@ville.example",
}


@pytest.mark.parametrize("name", NAMES)
def test_a_mail_is_whole(name):
    with translation.override("fr"):
        subject, text, html = outbox.render(f"accounts/{name}", {**URLS, **WORDS})
    assert subject.strip()
    assert "\n" not in subject
    assert "{{" not in text + html
    assert "{%" not in text + html
    for url in URLS.values():
        assert (url in text) == (f'href="{url}"' in html)
    assert html.startswith("<!DOCTYPE html>")


def test_every_mail_of_the_library_has_ours():
    assert {template.removeprefix("accounts/") for template, _secret in MAILS.values()} <= set(NAMES)


def test_a_code_keeps_its_zeros():
    subject, text, _html = outbox.render("accounts/sign_in_code", {**URLS, **WORDS})
    assert "004217" in subject
    assert "\n004217\n" in text


def test_only_what_opens_an_account_is_secret():
    secret = {template for template, is_secret in MAILS.values() if is_secret}
    assert secret == {
        "accounts/email_code",
        "accounts/sign_up_code",
        "accounts/sign_in_code",
        "accounts/password_code",
    }


def test_what_a_person_wrote_is_escaped_in_html():
    _subject, _text, html = outbox.render("accounts/residency_refused", {**URLS, **WORDS, "reason": "<script>"})
    assert "<script>" not in html
