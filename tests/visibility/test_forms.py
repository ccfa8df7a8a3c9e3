"""Malicious inputs in every form that somebody without a role can fill in, found by reading the whole site.

Each of the fifty goes in each form: the answer is a clear error beside the field, with what was typed, or a harmless page; a form
that is refused writes nothing at all. Files and bytes that are no text: tests/consultations/test_malicious_inputs.py.
"""

import copy
import re

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.urls import resolve, reverse
from django.utils import timezone

from accounts.forms import SignupForm
from mulhouse import memory, plain_text
from notifications.models import OutboundMail
from tests import factories as f
from tests.consultations.test_malicious_inputs import TEXTS, harmful, headers_are_one_line
from tests.test_routes import OURS, ROUTES, address_of
from tests.visibility import crawl
from tests.visibility.reading_forms import WORDS, forms_of
from tests.visibility.test_denials import answers, author_of, things
from tests.visibility.undoing import undone, written

pytestmark = pytest.mark.django_db

DONE, SHOWN_AGAIN = {302, 303}, {200, 422}
REFUSED = {*SHOWN_AGAIN, 400, 403, 404, 409, 410, 422, 429}

# --- What is sent ------------------------------------------------------------------------------------------------------------

# What is refused as a whole goes alone: it would hide the rest.
ALONE = (
    "nul",
    "controls",
    "piled marks",
    "markdown nested",
    "markdown quotes",
    "markdown emphasis",
    "one word",
    "spaces",
)
LONGEST = 2900
# What a form asks before it looks at the words.
GIVEN = {"email": "lea@example.org", "date": "2026-01-01", "password": "un tramway nommé 42"}
# Nobody sees it: what is written there says that a machine wrote.
LEFT_ALONE = {"website"}


def packed(most):
    """Put the fifty texts together, as many at once as a field takes; those that are too long for it all at once."""
    alone = [TEXTS[what] for what in ALONE if len(TEXTS[what]) <= most]
    fitting = [text for what, text in TEXTS.items() if what not in ALONE and len(text) <= most]
    packs = [""]
    for text in fitting:
        if packs[-1] and len(packs[-1]) + 1 + len(text) > most:
            packs.append("")
        packs[-1] = f"{packs[-1]} {text}".strip(" ")
    return [*alone, " ".join(text for text in TEXTS.values() if len(text) > most), *packs]


def attacks(form):
    """Give what to send: in all the words at once, until each of the fifty has been sent; then in what is hidden, chosen, formed."""
    valid = {name: value or GIVEN.get(form.fields[name].sort, "") for name, value in form.holds().items()}
    sizes = {name: form.fields[name].most or LONGEST for name in form.of(WORDS) if name not in LEFT_ALONE}
    # The largest share the fifty between them; the others take what comes.
    words = {name: packed(sizes[name]) for name in sorted(sizes, key=sizes.get, reverse=True)}
    if words:
        largest = packed(max(sizes.values()))
        step = list(sizes.values()).count(max(sizes.values()))
        for first in range(0, len(largest), step):
            sent = {name: packs[(first + place) % len(packs)] for place, (name, packs) in enumerate(words.items())}
            yield {**valid, **sent}
    plain = dict.fromkeys(words, "Des arbres")
    for sorts in ({"hidden"}, {"select", "radio", "checkbox", "button"}, {"email", "number", "date", "password"}):
        if names := form.of(sorts):
            for text in (TEXTS["nul"], packed(LONGEST)[-1]):
                yield {**valid, **plain, **dict.fromkeys(names, text)}


# --- Every form --------------------------------------------------------------------------------------------------------------


def persons(client, city, asked):
    """Give each sort of person and what they read: the site, what is their own, and what asks to sign in again a moment before."""
    yield None, crawl.read_as(client, city, None)
    yield city.neighbour, crawl.read_as(client, city, city.neighbour)
    own = [*(reverse(name, args=args) for name, (args, *_rest) in things(city).items()), *city.desks]
    plain = [reverse(name) for name in asked if not ROUTES[name][1]]
    authors = (
        author_of(city, what) for what in ("draft of a contribution", "draft of an idea", "reason of a suspension")
    )
    for person in (*authors, city.newcomer):
        sign_in(client, person)
        yield person, {address: read(client, address) for address in (plain if person is city.newcomer else []) + own}


def sign_in(client, person):
    """Open the session of somebody who has just given their password again."""
    f.sign_in(client, person)
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "password", "at": timezone.now().timestamp(), "email": person.email, "reauthenticated": True}
    ]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()


def read(client, address):
    """Give the status and the text of a page."""
    response = client.get(address)
    return response.status_code, crawl.text_of(response)


def every_form(client, city, asked):
    """Give each sort of form, who it is for, and itself; not one whose words are all in another that goes to the same place.

    Shape: {(the name of where it goes, (its method, its words)): (person, form)}.
    """
    found = {}
    for person, pages in persons(client, city, asked):
        for address, (status, page) in pages.items():
            if status == 200 and page.lstrip().startswith("<!"):
                for form in forms_of(address, page):
                    name = resolve(form.action.partition("?")[0]).view_name
                    found.setdefault((name, form.shape), (person, form))
    return {
        (name, (method, words)): whose
        for (name, (method, words)), whose in found.items()
        if not any(name == other and words < more for other, (_method, more) in found)
    }


def takers(client, city):
    """Name the addresses that take a form by POST from somebody without a role."""
    f.sign_in(client, city.neighbour)
    open_to_all = sorted(name for name, access in OURS.items() if access in {"public", "resident"})
    return [name for name in open_to_all if answers(client, address_of(name)) != 405]


# What keeps a draft of what was typed, whatever is wrong with it.
CONTRIBUTION = {"consultations_contribution", "consultations_attachment", "search_document"}
DRAFTS = {
    "consultations:contribute": CONTRIBUTION,
    "consultations:draft": CONTRIBUTION,
    "consultations:questionnaire_page": {"questionnaires_response", "desk_person"},
    "ideas:draft": {"ideas_idea"},
}
# What is never taken: it asks for a key that the city gave, or that a device makes, for references of ideas.
NEVER_TAKEN = {
    "ideas:gather",
    "consultations:questionnaire_resume",
    "consultations:receipt",
    "ideas:receipt",
    "mfa_add_webauthn",
}
# What takes a form by POST and has none here: why.
ELSEWHERE = {
    # The middle of a sign-in, which a mail or a device begins: tests/accounts.
    *(f"account_{name}" for name in ("confirm_login_code", "complete_password_reset", "confirm_password_reset_code")),
    *(f"account_{name}" for name in ("email_verification_sent", "set_password")),
    *(f"mfa_{name}" for name in ("authenticate", "reauthenticate", "reauthenticate_webauthn", "signup_webauthn")),
    # For who has a second factor: tests/accounts/test_second_factor.py, test_passkeys.py.
    *(f"mfa_{name}" for name in ("deactivate_totp", "edit_webauthn", "remove_webauthn")),
    # Pages without a form: what is sent there is not read.
    *(
        "accounts:data",
        "accounts:home",
        "accounts:second_factor",
        "consultations:mine",
        *(f"ideas:{name}" for name in ("carrying", "gathering", "mine", "supported")),
        "moderation:own",
        "usersessions_list",
    ),
    *("mfa_index", "mfa_list_webauthn", "mfa_view_recovery_codes", "notifications:centre", "notifications:followed"),
    *("privacy:own_accesses", "privacy:own_requests"),
    # One button, and no word: tests/visibility/test_denials.py, tests/accounts, tests/notifications.
    *(f"consultations:questionnaire_{name}" for name in ("check", "start")),
    *("ideas:preview", "ideas:renew", "ideas:withdraw_support"),
    *("accounts:data_file", "accounts:stay", "consultations:unsupport", "demo_enter"),
    *(f"notifications:{name}" for name in ("address_works", "read", "read_all", "unsubscribe")),
    # Nobody of this city has one: the code of a request without an account, the decision of somebody else.
    *("moderation:own_decision", "privacy:request"),
    # A key that only a mail holds: tests/ideas/test_coauthors.py.
    *(f"ideas:{name}" for name in ("invitation", "invitation_accept", "invitation_decline")),
    # What the mail provider sends.
    "provider_report",
}


def test_every_form_is_found_and_survives_everything(client, city, monkeypatch):
    """A new address that takes a form is on a page that somebody here reads, or said to be elsewhere; each form is attacked."""
    # Whoever attacks waited long enough: what is refused is refused for its words, on a fast machine too.
    monkeypatch.setattr(SignupForm, "FASTEST_WITHOUT_PROOF_SECONDS", 0)
    asked = takers(client, city)
    forms, wrong, taken = every_form(client, city, asked), {}, set()
    assert set(asked) - {name for name, _shape in forms} == ELSEWHERE
    client.raise_request_exception = False  # an answer 500, said with what brought it
    for (name, _shape), (person, form) in sorted(forms.items(), key=lambda each: each[0]):
        client.logout()
        if person is not None:
            sign_in(client, person)
        cookies = copy.deepcopy(client.cookies)
        for values in attacks(form):
            memory.client().flushdb()
            with undone():
                status, what = attacked(client, form, values)
            if status in DONE:
                taken.add(name)
            if what:
                wrong.setdefault((name, what), []).append(differing(form, values))
            client.cookies = copy.deepcopy(cookies)
    assert wrong == {}
    assert {name for name, (method, words) in forms if method == "post" and words} - taken == NEVER_TAKEN


def attacked(client, form, values):
    """Send a form; give the status of the answer, and what is wrong with it: "" when nothing is."""
    with written() as tables:
        response = (client.post if form.method == "post" else client.get)(form.action, values)
    status = response.status_code
    if status not in REFUSED | DONE:
        return status, f"status {status}"
    if found := dangerous(response):
        return status, found
    if status in DONE:
        return status, wrong_afterwards(client, response["Location"], tables)
    if set(tables) - DRAFTS.get(resolve(form.action.partition("?")[0]).view_name, set()):
        return status, f"left half-way: {sorted(set(tables))}"
    if form.method == "post" and status in SHOWN_AGAIN:
        return status, not_kept(response, form, values)
    return status, ""


def wrong_afterwards(client, address, tables):
    """Tell what is wrong with what was kept: where it leads, the mails it wrote, the page that says it is done."""
    if not re.match(r"/(?![/\\])", address):
        return f"leads to {address}"
    if "notifications_outboundmail" in tables:
        mails = OutboundMail.objects.order_by("pk")
        if not all(headers_are_one_line(mail) for mail in mails):
            return "a header of a mail"
    found = dangerous(client.get(address, follow=True))
    return f"then {found}" if found else ""


def dangerous(response):
    """Tell what a browser would run, load or set because of what was sent."""
    if "a" in response.cookies or any("evil" in value.lower() or "\n" in value for value in response.headers.values()):
        return "a header"
    if not response.get("Content-Type", "").startswith("text/html"):
        return ""
    return ", ".join(harmful(response))


def seen(text):
    """Give what the site keeps of a text; where its lines break does not count."""
    return "".join(plain_text.clean(text).split())


def not_kept(response, form, values):
    """Tell what a form that is shown again does not say, or does not hold any more."""
    page, names = crawl.text_of(response), [name for name in form.of(WORDS) if name not in LEFT_ALONE]
    if response.status_code == 422 and "Erreur" not in page:
        return "refused without an error"
    again = [each for each in forms_of(form.action, page) if set(names) <= set(each.fields)]
    lost = [name for name in names if not any(seen(each.fields[name].value) == seen(values[name]) for each in again)]
    return f"lost: {', '.join(lost)}" if lost else ""


def differing(form, values):
    """Give what was typed, shortened."""
    held = form.holds()
    return {name: value[:60] for name, value in values.items() if value != held[name]}
