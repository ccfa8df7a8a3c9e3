"""A text is reported, taken away, contested and given back, in a browser; the queue by keyboard alone; every page read by axe."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consultations.models import Contribution
from moderation import actions
from moderation.models import Appeal, Block, Case, Decision, Report
from notifications.models import OutboundMail
from tests import factories
from tests.e2e import axe
from tests.e2e.browser import DESKTOP, PHONE
from tests.e2e.journeys import follow, heading, press
from tests.moderation import deciding

QUEUE = "admin:moderation_case_changelist"
REPORTER = "lucie@example.org"
RETIRED = "Contribution retirée\u00a0: article 3.2 de la charte"


@pytest.fixture(params=["desktop", "phone", "without_script"])
def page(request):
    return request.getfixturevalue(request.param)


def become(page, base, user=None):
    """Open a session for somebody in this browser; for nobody, without."""
    page.context.clear_cookies()
    if user is not None:
        client = factories.sign_in(Client(), user)
        page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": base}])


def told(kind):
    """Give whom a kind of mail was written to, and the page that its only link of moderation opens."""
    mail = OutboundMail.objects.filter(kind=kind).latest("created_at")
    links = [word for word in mail.text.split() if word.startswith("http") and "/moderation/" in word]
    return mail.to, (links or [""])[0]


def path_of(address):
    return "/" + address.split("/", 3)[3]


# --- The journey -------------------------------------------------------------------------------------------------------


def report_it(page, base, contribution, reporter=None):
    """From the page of the text: what is missing is said, then the report is acknowledged, on the page and by mail."""
    become(page, base, reporter)
    page.goto(base + contribution.get_absolute_url())
    follow(page, "Signaler")
    assert heading(page) == "Signaler un contenu"
    press(page, "Envoyer le signalement")
    assert page.get_by_text("Choisissez un motif.").first.is_visible()
    assert not Report.objects.exists()
    page.get_by_label("Insulte, menace, accusation personnelle").check()
    page.get_by_label("Ce qui pose problème").fill("Le deuxième mot.")
    if reporter is None:
        page.get_by_label("Votre nom", exact=True).fill("Lucie Meyer")
        page.get_by_label("Votre adresse électronique").fill(REPORTER)
    page.get_by_label("Je crois de bonne foi").check()
    press(page, "Envoyer le signalement")
    made = Report.objects.get()
    assert heading(page) == f"Signalement {made.reference}"
    assert told("moderation.report_received")[0] == REPORTER
    return made


def take_it_away(page, base, contribution, moderator):
    """With a clause, which the page asks for; the public page keeps a neutral line."""
    become(page, base, moderator)
    page.goto(base + reverse(QUEUE))
    follow(page, contribution.title)
    page.get_by_label("Retirer", exact=True).check()
    press(page, "Enregistrer la décision")
    assert page.get_by_text("Choisissez l’article de la charte.").first.is_visible()
    page.get_by_label("Article de la charte").select_option("3.2")
    page.get_by_label("Les faits").fill("Ce mot insulte des voisins.")
    press(page, "Enregistrer la décision")
    assert Decision.objects.get().action == "hide"
    become(page, base)
    page.goto(base + contribution.get_absolute_url())
    assert heading(page) == RETIRED
    assert page.get_by_text(contribution.body).count() == 0


def contest_it(page, base, contribution):
    """Told by mail, the author reads the reasons and their exact words at its address, and contests."""
    to, address = told("moderation.decided")
    assert to == contribution.author.email
    become(page, base, contribution.author)
    page.goto(base + path_of(address))
    for words in ("Ce mot insulte des voisins.", contribution.body, "Aucune décision n’est automatique"):
        assert page.get_by_text(words).first.is_visible()
    press(page, "Contester cette décision")
    assert page.get_by_text("Dites pourquoi, avec vos mots.").first.is_visible()
    page.get_by_label("Pourquoi cette décision doit changer").fill("Il s’agit des animaux du square.")
    press(page, "Contester cette décision")
    assert page.get_by_text("Votre contestation est reçue").first.is_visible()
    return Appeal.objects.get()


def undo_it(page, base, appeal, *, first, second):
    """Not by who decided; by somebody else."""
    become(page, base, first)
    page.goto(base + reverse("admin:moderation_case_appeal", args=[appeal.reference]))
    assert page.get_by_role("button", name="Envoyer la réponse").count() == 0
    assert page.get_by_text("une autre personne la réexamine").is_visible()
    become(page, base, second)
    page.goto(base + reverse("admin:moderation_case_appeals"))
    follow(page, f"Contestation {appeal.reference}")
    page.get_by_label("Annuler la décision").check()
    page.get_by_label("Pourquoi").fill("Ce sont bien des animaux.")
    press(page, "Envoyer la réponse")


@pytest.mark.parametrize("has_account", [False, True], ids=["visitor", "account"])
def test_a_text_is_reported_taken_away_contested_and_given_back(page, live_server, has_account):
    base = live_server.url
    contribution = factories.make_contribution(title="Le banc des ânes", body="Ces ânes ont tort.")
    first, second = deciding.make_moderator(), deciding.make_moderator()
    made = report_it(page, base, contribution, factories.make_resident(email=REPORTER) if has_account else None)
    take_it_away(page, base, contribution, first)
    appeal = contest_it(page, base, contribution)
    undo_it(page, base, appeal, first=first, second=second)

    # The words are back, and everybody is told: the author, and who reported, by mail and at the address of the report.
    become(page, base)
    page.goto(base + contribution.get_absolute_url())
    assert heading(page) == "Le banc des ânes"
    assert Contribution.objects.visible().get() == contribution
    assert told("moderation.appeal_answered")[0] == contribution.author.email
    assert told("moderation.report_answered")[0] == REPORTER
    assert OutboundMail.objects.filter(kind="moderation.report_answered").count() == 2
    page.goto(base + reverse("moderation:reported", args=[made.reference]))
    assert page.get_by_text("La décision a été annulée").is_visible()


# --- The keyboard ------------------------------------------------------------------------------------------------------

FOCUSED = """() => {
  const e = document.activeElement;
  return (e.labels?.[0]?.innerText ?? e.innerText ?? "").trim() + "|" + (e.value ?? "");
}"""


def tab_to(page, words, *, most=60):
    """Press Tab until what is named so has the focus, as somebody without a mouse does."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if words in page.evaluate(FOCUSED):
            return
    raise AssertionError(f"« {words} » is not reached by Tab")


def three_cases():
    rows = [factories.make_contribution(title=f"Avis numéro {number}") for number in range(3)]
    for row in rows:
        deciding.report(row, fingerprint="a")
    return rows


def case_of(row):
    return Case.objects.get(subject=row.reference)


def test_the_queue_is_gone_through_by_letters(desktop, live_server):
    rows = three_cases()
    become(desktop, live_server.url, deciding.make_moderator())
    desktop.goto(live_server.url + reverse(QUEUE))
    desktop.get_by_label("Raccourcis à une lettre").wait_for()
    for key in ("j", "j", "k", "j", "Enter"):
        desktop.keyboard.press(key)
    desktop.wait_for_url("**/change/")
    desktop.wait_for_load_state("networkidle")
    assert heading(desktop) == f"Dossier {case_of(rows[1]).reference}"
    desktop.get_by_label("Raccourcis à une lettre").wait_for()
    desktop.keyboard.press("j")
    desktop.get_by_role("heading", name=f"Dossier {case_of(rows[2]).reference}").wait_for()
    desktop.get_by_label("Raccourcis à une lettre").wait_for()
    desktop.keyboard.press("k")
    desktop.get_by_role("heading", name=f"Dossier {case_of(rows[1]).reference}").wait_for()
    desktop.get_by_label("Raccourcis à une lettre").wait_for()
    desktop.keyboard.press("r")
    assert desktop.get_by_role("radio", name="Retirer").is_checked()
    desktop.keyboard.press("l")
    assert desktop.get_by_role("radio", name="Laisser en ligne").is_checked()
    # Nothing is decided by a letter, and a letter typed in a field is a letter.
    desktop.get_by_label("Les faits").fill("")
    desktop.get_by_label("Les faits").press("j")
    assert desktop.get_by_label("Les faits").input_value() == "j"
    assert not Decision.objects.exists()


@pytest.mark.parametrize("name", ["desktop", "without_script"])
def test_a_case_is_decided_by_tab_alone(request, live_server, name):
    page = request.getfixturevalue(name)
    rows = three_cases()
    become(page, live_server.url, deciding.make_moderator())
    page.goto(live_server.url + reverse(QUEUE))
    tab_to(page, "Avis numéro 0") if name == "desktop" else page.get_by_role("link", name="Avis numéro 0").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/change/")
    page.get_by_role("radio", name="Laisser en ligne").focus()
    page.keyboard.press("ArrowDown")
    assert page.get_by_role("radio", name="Retirer").is_checked()
    page.keyboard.press("Tab")
    page.keyboard.type("3.2")
    page.keyboard.press("Tab")
    page.keyboard.type("Une insulte.")
    for _ in range(3):
        page.keyboard.press("Tab")
        if page.locator("button:focus").count():
            break
    page.keyboard.press("Enter")
    # The next case follows at once.
    page.get_by_role("heading", name=f"Dossier {case_of(rows[1]).reference}").wait_for()
    made = Decision.objects.get()
    assert (made.case, made.action, made.clause, made.facts) == (case_of(rows[0]), "hide", "3.2", "Une insulte.")


def test_many_are_kept_by_keyboard_and_urgent_ones_are_not(desktop, live_server):
    rows = three_cases()
    urgent = factories.make_contribution(title="Avant tout")
    deciding.report(urgent, fingerprint="z", reason="child_abuse")
    become(desktop, live_server.url, deciding.make_moderator())
    desktop.goto(live_server.url + reverse(QUEUE))
    desktop.get_by_label("Raccourcis à une lettre").wait_for()
    for key in ("j", "x", "j", "x", "j", "x"):
        desktop.keyboard.press(key)
    desktop.keyboard.press("l")
    desktop.keyboard.press("Enter")
    desktop.get_by_text("2 laissés en ligne").wait_for()
    assert {made.case.subject for made in Decision.objects.select_related("case")} == {
        row.reference for row in rows[:2]
    }


# --- What a machine sees ----------------------------------------------------------------------------------------------


def problems(page, address="", *, status=200):
    """Read a page at both widths and in both colours; a page that is open already when no address is given."""
    found = []
    if address:
        answer = page.goto(address)
        found = [] if answer.status == status else [f"answered {answer.status}"]
    for size, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += [f"{size['width']} {scheme}: {line}" for line in [*axe.violations(page), *axe.overflow(page)]]
    page.set_viewport_size(DESKTOP)
    return found


def sent_empty(page, button):
    """Send a form without anything; read the page of errors, where the focus must be on their summary."""
    press(page, button, within=page.locator("main"))
    found = problems(page)
    if not page.title().startswith("Erreur"):
        found.append(f"the title does not say that something failed: {page.title()}")
    if page.evaluate("() => document.activeElement.id") != "erreurs":
        found.append("the summary of errors has not the focus")
    return found


def wrong(found):
    return {name: lines for name, lines in found.items() if lines}


def test_public_pages_are_accessible_empty_full_and_in_error(desktop, live_server):
    base = live_server.url
    found = {"no figures": problems(desktop, base + reverse("moderation:figures"))}
    contribution = factories.make_contribution(author=factories.make_resident(public_name="Léa M."))
    found["report"] = problems(desktop, base + deciding.report_url(contribution))
    found["report, in error"] = sent_empty(desktop, "Envoyer le signalement")
    made = deciding.report(contribution, fingerprint="a")
    acknowledged = base + reverse("moderation:reported", args=[made.reference])
    found["acknowledged"] = problems(desktop, acknowledged)
    become(desktop, base, contribution.author)
    found["own, empty"] = problems(desktop, base + reverse("moderation:own"))
    decision = deciding.hide(contribution, case=made.case)
    person = contribution.author
    suspended = actions.block(
        actor=deciding.make_moderator(),
        person=person,
        days=7,
        clause="3.2",
        reason="Trois insultes.",
        at=timezone.now(),
    )
    found["own"] = problems(desktop, base + reverse("moderation:own"))
    reasons = base + reverse("moderation:own_decision", args=[decision.reference])
    found["reasons"] = problems(desktop, reasons)
    found["appeal, in error"] = sent_empty(desktop, "Contester cette décision")
    found["suspension"] = problems(desktop, base + reverse("moderation:own_block", args=[suspended.reference]))
    actions.appeal(actor=person, decision=decision, words="Non.", at=timezone.now())
    found["contested"] = problems(desktop, reasons)
    become(desktop, base)
    found["answered"] = problems(desktop, acknowledged)
    found["stub"] = problems(desktop, base + contribution.get_absolute_url(), status=410)
    found["figures"] = problems(desktop, base + reverse("moderation:figures"))
    assert wrong(found) == {}


def test_staff_pages_are_accessible_empty_full_and_in_error(desktop, live_server):
    base, moderator = live_server.url, deciding.make_moderator()
    become(desktop, base, moderator)
    queue, appeals = base + reverse(QUEUE), base + reverse("admin:moderation_case_appeals")
    found = {"queue, empty": problems(desktop, queue), "appeals, empty": problems(desktop, appeals)}
    rows = three_cases()
    deciding.report(rows[0], fingerprint="z", reason="child_abuse")
    found["queue"] = problems(desktop, queue)
    found["queue, nothing found"] = problems(desktop, queue + "?cause=masking")
    case = base + reverse("admin:moderation_case_change", args=[case_of(rows[0]).pk])
    found["case"] = problems(desktop, case)
    found["case, in error"] = sent_empty(desktop, "Enregistrer la décision")
    block = base + reverse("admin:moderation_case_block", args=[case_of(rows[0]).pk])
    found["block"] = problems(desktop, block)
    found["block, in error"] = sent_empty(desktop, "Suspendre")
    made = deciding.hide(rows[0], case=case_of(rows[0]))
    other = deciding.hide(rows[1], case=case_of(rows[1]), actor=moderator)
    contested = [
        actions.appeal(actor=each.author, decision=each, words="Il s’agit des animaux.", at=timezone.now())
        for each in (made, other)
    ]
    found["decided"] = problems(desktop, case)
    found["appeals"] = problems(desktop, appeals)
    pages = [base + reverse("admin:moderation_case_appeal", args=[each.reference]) for each in contested]
    found["appeal of one's own decision"] = problems(desktop, pages[1])
    found["appeal"] = problems(desktop, pages[0])
    found["appeal, in error"] = sent_empty(desktop, "Envoyer la réponse")
    actions.judge(
        actor=moderator, appeal=contested[0], outcome="upheld", reasons="La décision est juste.", at=timezone.now()
    )
    found["appeal, answered"] = problems(desktop, pages[0])
    found["decided ones"] = problems(desktop, queue + "?etat=decides")
    assert wrong(found) == {}
    assert not Block.objects.exists()
