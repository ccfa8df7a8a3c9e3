"""Every type of page, empty, full and in error, wide and narrow, light and dark, read by axe-core."""

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone, translation
from playwright.sync_api import Error

from consultations import actions
from consultations.models import Contribution
from mulhouse import uploads
from tests import factories
from tests.consultations.staff_pages import City, an_agent
from tests.e2e import axe
from tests.e2e.browser import open_page
from tests.e2e.journeys import photo_with_a_place
from tests.test_routes import OURS

WIDE = {"width": 1280, "height": 900}
NARROW = {"width": 390, "height": 844}
NARROWEST = {"width": 320, "height": 640}


@pytest.fixture
def page(browser):
    """A page that can be resized and recoloured, and that must never break its security policy."""
    refused = []
    with open_page(browser, WIDE) as opened:
        opened.on(
            "console",
            lambda message: refused.append(message.text) if "Content Security Policy" in message.text else None,
        )
        yield opened
    assert refused == []


LOOKS = ((WIDE, "light", ()), (NARROW, "dark", ()), (NARROWEST, "light", axe.OF_THE_WIDTH))


def problems(page, address, *, status=200, looks=LOOKS):
    """Visit once, then look at it."""
    answer = page.goto(address)
    return [*([] if answer.status == status else [f"answered {answer.status}"]), *seen_problems(page, looks)]


def seen_problems(page, looks):
    """Look at the page that is open, at each width and in both colours."""
    found = []
    for size, scheme, rules in looks:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found += [f"{size['width']} {scheme}: {line}" for line in axe.violations(page, only=rules)]
        found += [f"{size['width']} overflows: {line}" for line in axe.overflow(page)]
    found += [f"spaced text: {line}" for line in axe.cut_under_text_spacing(page)]
    page.set_viewport_size(WIDE)
    return found


def all_problems(page, base, addresses, *, perhaps=(), looks=LOOKS):
    """Visit addresses, and those that perhaps answer with a page for this person; give what is wrong, for each where something is."""
    found, seen = {}, set()
    for address in [*addresses, *perhaps]:
        try:
            answer = page.goto(base + address)
        except Error:  # a file, which a browser saves
            assert address in perhaps, address
            continue
        is_page = answer.status == 200 and "text/html" in answer.headers["content-type"]
        if answer.url not in seen and (is_page or address not in perhaps):  # several lead to the same page
            seen.add(answer.url)
            found[address] = [] if answer.status == 200 else [f"answered {answer.status}"]
            found[address] += seen_problems(page, looks)
    assert found, "no page was read"
    return {address: lines for address, lines in found.items() if lines}


def plain_addresses(access):
    for name, entry in sorted(OURS.items()):
        if entry == access:
            try:
                yield reverse(name)
            except NoReverseMatch:
                continue


def test_gallery_in_both_schemes_at_each_width(page, live_server):
    """Every component in every state: each width in each scheme."""
    page.goto(live_server.url + reverse("gallery"))
    found = []
    for size in (WIDE, NARROW, NARROWEST):
        for scheme in ("light", "dark"):
            page.set_viewport_size(size)
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += [f"{size['width']} {scheme}: {line}" for line in [*axe.violations(page), *axe.overflow(page)]]
    assert found == []


def test_public_pages_without_content(page, live_server, settings):
    """Empty lists included: nothing is in the database. The pages of the demonstration too."""
    settings.DEMO = True
    looks = ((WIDE, "light", ()), (NARROWEST, "dark", axe.OF_THE_WIDTH))
    # A browser shows data in a page of its own, whose style our policy refuses.
    pages = [
        address for address in plain_addresses("public") if "html" in Client().get(address).get("Content-Type", "")
    ]
    assert all_problems(page, live_server.url, [], perhaps=pages, looks=looks) == {}


# --- Pages with content ----------------------------------------------------------------------------------------------


def become(page, base, user):
    """Open a session for somebody in this browser."""
    client = factories.sign_in(Client(), user)
    page.context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": base}])


def translated(language, name):
    with translation.override(language):
        return reverse(name)


@pytest.fixture
def city(live_server):
    """A city that speaks: consultations in each phase, a debate with replies, a photo, a correction, a register."""
    district = factories.make_district(name="Les Tilleuls")
    for phase in factories.PHASES:
        factories.make_consultation(phase=phase, title=f"La place, phase {phase}", districts=[district])
    consultation = factories.make_consultation(
        title="Quels arbres place de la Paix ?",
        sections=2,
        description="<h3>Le projet</h3><p>Planter.</p>",
        open_to_discussion="Le choix des arbres.",
        not_open="Le budget.",
        decider="Le conseil municipal",
        budget_euros=120_000,
        districts=[district],
    )
    author = factories.make_resident(public_name="Léa M.", district=district)
    contributions = [factories.make_contribution(consultation=consultation, author=author) for _ in range(22)]
    contribution = contributions[-1]
    for choice in ("agree", "agree", "mixed", "disagree"):
        actions.take_position(
            actor=factories.make_resident(), contribution=contribution, choice=choice, at=timezone.now()
        )
    for number in range(22):
        comment = factories.make_comment(
            contribution=contribution, author=author, stance=("for", "against")[number % 2]
        )
    factories.make_comment(parent=comment, author=author)
    Contribution.objects.filter(pk=contribution.pk).update(comment_count=23, for_count=11, against_count=11)
    photo = photo_with_a_place()
    draft = factories.make_contribution(consultation=consultation, author=author, published_at=None)
    actions.attach(
        actor=author,
        contribution=draft,
        upload=uploads.clean(photo["name"], photo["buffer"]),
        alt="La place au soleil, sans un arbre.",
        is_decorative=False,
        at=timezone.now(),
    )
    return consultation, contribution, draft


def test_public_pages_with_content(page, live_server, city):
    consultation, contribution, _draft = city
    contributions = reverse("consultations:contributions", args=[consultation.slug])
    assert (
        all_problems(
            page,
            live_server.url,
            [
                reverse("home"),
                reverse("consultations:list"),
                consultation.get_absolute_url(),
                contributions,
                f"{contributions}?q=contribution&tri=supported",
                f"{contributions}?q=introuvable",
                contribution.get_absolute_url(),
                f"{contribution.get_absolute_url()}?voir=for",
                reverse("transparency:register"),
                reverse("transparency:line", args=[1]),
                reverse("transparency:verify"),
                translated("de", "home"),
                translated("en", "consultations:list"),
            ],
        )
        == {}
    )


def test_pages_of_a_resident(page, live_server, city):
    consultation, contribution, draft = city
    become(page, live_server.url, contribution.author)
    inside = [consultation.slug, contribution.reference]
    written = [consultation.slug, draft.reference]
    comment = contribution.comments.filter(parent=None).order_by("pk").last()
    asked = [
        contribution.get_absolute_url(),
        reverse("consultations:comment", args=[*inside, comment.reference]) + "?repondre=oui",
        reverse("consultations:contribute", args=[consultation.slug]),
        reverse("consultations:draft", args=written),
        reverse("consultations:check", args=written),
        reverse("consultations:discard", args=written),
        reverse("consultations:edit", args=inside),
        reverse("consultations:withdraw", args=inside),
        reverse("consultations:withdraw_comment", args=[*inside, comment.reference]),
    ]
    assert all_problems(page, live_server.url, asked, perhaps=list(plain_addresses("resident"))) == {}


def test_pages_of_a_newcomer(page, live_server, city):
    """What is empty, and what is still asked."""
    consultation, contribution, _draft = city
    become(page, live_server.url, factories.make_user(public_name=""))
    asked = [
        reverse("consultations:contribute", args=[consultation.slug]),
        contribution.get_absolute_url(),
        reverse("consultations:mine"),
        reverse("accounts:home"),
        reverse("accounts:residency"),
    ]
    assert all_problems(page, live_server.url, asked) == {}


def test_pages_in_error(page, live_server, city):
    """A form sent empty says what to correct, first; a page that is not there says where to go."""
    consultation, contribution, _draft = city
    base = live_server.url
    found = {"404": problems(page, base + "/nulle-part/", status=404)}
    for name, button in (("account_login", "Se connecter"), ("account_signup", "Créer mon compte")):
        page.goto(base + reverse(name))
        found[name] = sent_empty(page, button)
    page.goto(base + reverse("transparency:accessibility_fault"))
    found["fault"] = sent_empty(page, "Envoyer")
    become(page, base, contribution.author)
    page.goto(base + reverse("consultations:contribute", args=[consultation.slug]))
    found["contribute"] = sent_empty(page, "Vérifier avant de publier")
    page.goto(base + contribution.get_absolute_url())
    found["comment"] = sent_empty(page, "Publier mon commentaire")
    others = reverse("consultations:edit", args=[consultation.slug, factories.make_contribution().reference])
    found["not one's own"] = problems(page, base + others, status=404)
    assert {name: lines for name, lines in found.items() if lines} == {}


def sent_empty(page, button):
    """Send a form without anything; read the page that comes back, and where the focus went."""
    page.evaluate("() => document.querySelectorAll('form').forEach((form) => { form.noValidate = true; })")
    page.locator("main").get_by_role("button", name=button).first.click()
    page.wait_for_load_state("networkidle")
    found = axe.violations(page)
    if not page.title().startswith("Erreur"):
        found.append(f"the title does not say that something failed: {page.title()}")
    if page.evaluate("() => document.activeElement.id") != "erreurs":
        found.append("the summary of errors has not the focus")
    return found


# There are many, made of the components of the gallery, which is read in every way: each is read whole once, and for its layout.
STAFF_LOOKS = ((WIDE, "light", ()), (NARROWEST, "dark", ("target-size", "scrollable-region-focusable")))
PARTS = 3


def staff_addresses(city):
    """Give an address of each route; for the pages of a consultation, that of a draft and that of the fullest."""
    for found in city.addresses().values():
        is_of_a_draft = bool(found) and f"/{city.draft.pk}/" in found[0]
        yield from (found[0], found[-1]) if is_of_a_draft else found[-1:]


@pytest.mark.parametrize("part", range(PARTS))
def test_pages_of_the_staff_space(page, live_server, part):
    """Every page an agent may open, found from the routes."""
    agent = an_agent()
    city = City(agent, 3)
    become(page, live_server.url, agent)
    addresses = list(staff_addresses(city))[part::PARTS]
    assert all_problems(page, live_server.url, (), perhaps=addresses, looks=STAFF_LOOKS) == {}


def test_pages_that_agents_open_every_day(page, live_server, city):
    """In the three looks of the public pages, and each of them answers."""
    consultation, _contribution, _draft = city
    become(page, live_server.url, an_agent())
    names = ["consultations_consultation", "consultations_contribution", "consultations_comment", "accounts_user"]
    workspace = ("change", "phases", "sections", "documents", "publication")
    asked = [
        reverse("admin:index"),
        *(reverse(f"admin:{name}_changelist") for name in names),
        reverse("admin:consultations_consultation_add"),
        *(reverse(f"admin:consultations_consultation_{part}", args=[consultation.pk]) for part in workspace),
        reverse("admin:city_district_changelist"),
        reverse("admin:notifications_outboundmail_changelist"),
    ]
    assert all_problems(page, live_server.url, asked) == {}


def test_forms_of_the_staff_space_in_error(page, live_server):
    agent, consultation, found = an_agent(), factories.make_consultation(phase="analyse"), {}
    become(page, live_server.url, agent)
    for route, button in (
        ("add", "Enregistrer et continuer"),
        ("vote_add", "Enregistrer"),
        ("commitment_add", "Enregistrer"),
        ("analysis_themes", "Créer le thème"),
    ):
        inside = [] if route == "add" else [consultation.pk]
        page.goto(live_server.url + reverse(f"admin:consultations_consultation_{route}", args=inside))
        if lines := sent_empty(page, button):
            found[route] = lines
    assert found == {}


# --- By keyboard -------------------------------------------------------------------------------------------------------

# Where the focus is, and whether one sees it.
FOCUS = """() => {
  const e = document.activeElement;
  if (!e || e === document.body) return null;
  const box = e.getBoundingClientRect();
  // The ring is on the element, or on what stands for it: its label, its card, the veil of a card over its link.
  const seats = [e, e.closest("label"), e.nextElementSibling, e.closest("li, article"), e.parentElement].filter(Boolean);
  const rings = (style) => style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const ringed = seats.some((x) => rings(getComputedStyle(x)) || rings(getComputedStyle(x, "::after")));
  e.dataset.rang = e.dataset.rang || String(++window.rangs);
  const text = (e.textContent || e.name || "").trim().slice(0, 40);
  return { rank: e.dataset.rang, ringed, inView: box.bottom > 0 && box.top < innerHeight, text };
}"""


def tab_through(page, most=150):
    """Press Tab until the focus comes back to the page; give each stop."""
    page.evaluate("() => { window.rangs = 0; }")
    stops = []
    for _ in range(most):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop is None or stop["rank"] in {known["rank"] for known in stops}:
            return stops
        stops.append(stop)
    raise AssertionError("the focus never leaves the page")


def test_everything_is_reached_by_keyboard(page, live_server, city):
    consultation, contribution, _draft = city
    become(page, live_server.url, contribution.author)
    for size in (WIDE, NARROWEST):
        page.set_viewport_size(size)
        for address in (reverse("home"), consultation.get_absolute_url(), contribution.get_absolute_url()):
            page.goto(live_server.url + address)
            stops = tab_through(page)
            assert stops[0]["text"] == "Aller au contenu"
            assert [stop for stop in stops if not stop["ringed"]] == []
            assert [stop for stop in stops if not stop["inView"]] == []


def test_skip_link_leads_to_the_content(page, live_server):
    page.goto(live_server.url)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("() => document.activeElement.id") == "contenu"
