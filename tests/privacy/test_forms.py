"""Every form that takes something down about a person says, beside it, who sees it and what becomes of it: found, not listed.

A template is read with what it includes. A form with a field that one fills must stand on a page with the sentence of its act, or
with the notice at collection; what collects nothing is named here with its reason, and may not stay here once it is gone.
"""

import re
from functools import cache

import pytest
from django.conf import settings

TEMPLATES = settings.BASE_DIR / "templates"
INCLUDE = re.compile(r'{% include "([^"]+)"[^%]*%}')
FORM = re.compile(r"<form\b[^>]*method=[\"']post[\"'][^>]*>.*?(?:</form>|\Z)", re.DOTALL)
# What one fills: a field of a form, a tag that draws some, or an element typed by hand.
FILLED = re.compile(
    r"{% (?:field|form_fields|position_radios)\b|<textarea|<select|{{ form }}|{{ bound }}"
    r"|<input(?![^>]*type=[\"'](?:hidden|submit|checkbox|radio)[\"'])"
)
NOTICE = re.compile(r'{% who_sees act="\w+"|components/collected\.html')
# Agents fill what their own pages ask; people at the desk hear the notice read to them (`desk.consent`).
OF_STAFF = ("admin/", "desk/", "gallery/")
PROVES = "proves who one is, or that one's address works, and is not kept"
COLLECTS_NOTHING = {
    "account/login.html": PROVES,
    "account/reauthenticate.html": PROVES,
    "account/request_login_code.html": PROVES,
    "account/confirm_login_code.html": PROVES,
    "account/confirm_email_verification_code.html": PROVES,
    "account/confirm_password_reset_code.html": PROVES,
    "account/password_reset.html": PROVES,
    "account/password_reset_from_key.html": PROVES,
    "account/password_change.html": PROVES,
    "account/password_set.html": PROVES,
    "mfa/authenticate.html": PROVES,
    "mfa/webauthn/reauthenticate.html": PROVES,
    "mfa/totp/activate_form.html": PROVES,
    "mfa/webauthn/add_form.html": "names a key that one's own device holds",
    "mfa/webauthn/edit_form.html": "names a key that one's own device holds",
    "mfa/webauthn/signup_form.html": "names a key that one's own device holds",
    "accounts/close.html": "ends everything",
    "ballots/receipt.html": "reads a code that is tied to nobody",
    "questionnaires/resume.html": "reads a key that is tied to nobody",
    "privacy/request.html": "reads the code of a mail; the request said it all",
}


@cache
def whole(name):
    """A template with what it includes in its place."""
    return INCLUDE.sub(
        lambda found: found.group(0) + (whole(found.group(1)) if (TEMPLATES / found.group(1)).exists() else ""),
        (TEMPLATES / name).read_text(),
    )


def filled():
    """The templates of pages that hold a form with something to fill."""
    found = []
    for path in sorted(TEMPLATES.rglob("*.html")):
        name = str(path.relative_to(TEMPLATES))
        if name.startswith(OF_STAFF) or path.name.startswith("_"):
            continue  # a fragment is read where it is included
        if any(FILLED.search(form) for form in FORM.findall(whole(name))):
            found.append(name)
    return found


def test_every_form_that_collects_says_who_sees_and_leads_to_the_rights():
    silent = [name for name in filled() if not NOTICE.search(whole(name))]
    assert sorted(set(silent) - set(COLLECTS_NOTHING)) == []
    assert "privacy:processings" in (TEMPLATES / "components/who_sees.html").read_text()
    assert "#droits" in (TEMPLATES / "components/collected.html").read_text()


def test_what_is_excused_is_still_there_and_still_silent():
    assert sorted(set(COLLECTS_NOTHING) - {name for name in filled() if not NOTICE.search(whole(name))}) == []


def test_the_reading_finds_the_forms_that_people_know():
    """It is worth something only if it sees them, typed in place, drawn by a tag, or included."""
    assert {
        "account/signup.html",
        "accounts/profile.html",
        "accounts/residency.html",
        "consultations/write.html",
        "consultations/edit.html",
        "consultations/contribution.html",
        "questionnaires/page.html",
        "ballots/ballot.html",
        "moderation/report.html",
        "moderation/own_decision.html",
        "notifications/preferences.html",
        "notifications/followed.html",
        "privacy/ask.html",
        "transparency/report_fault.html",
    } <= set(filled())


@pytest.mark.parametrize(
    ("form", "fills"),
    [
        ('<form method="post">{% field bound=form.words %}</form>', True),
        ('<form method="post"><input type="text" name="x"></form>', True),
        ('<form method="post"><input name="x"></form>', True),
        ('<form method="post"><input type="hidden" name="x">{% button label=words %}</form>', False),
        ('<form method="get"><input type="search" name="q"></form>', False),
    ],
)
def test_a_field_is_seen_and_a_button_is_none(form, fills):
    assert any(FILLED.search(found) for found in FORM.findall(form)) is fills
