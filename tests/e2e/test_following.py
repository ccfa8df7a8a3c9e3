"""Following, the digest, stopping in one click: in a browser, on a desk, on a telephone, and without any script."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consultations import announcing
from notifications import digests, frequencies, kinds
from notifications.kinds import Frequency
from notifications.models import Notification, OutboundMail, Subscription
from tests import factories
from tests.e2e import axe
from tests.e2e.journeys import follow, heading, press, sign_in


@pytest.fixture(params=["desktop", "phone", "without_script"])
def page(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def base(live_server, settings):
    """The address of the site, which the mails give, and its mailbox, which only the demonstration shows."""
    settings.SITE_URL, settings.DEMO = live_server.url, True
    return live_server.url


@pytest.fixture
def seen(page, request):
    """Check where one is, that nothing sticks out, and that axe, which is a script, finds nothing."""
    has_script = request.node.callspec.params["page"] != "without_script"

    def check(title):
        assert heading(page) == title
        assert [*axe.overflow(page), *(axe.violations(page) if has_script else ())] == []

    return check


def publish(theme, **fields):
    """Publish a consultation, and tell those who follow its theme."""
    consultation = factories.make_consultation(theme=theme, **fields)
    for person in announcing.interested(consultation):
        announcing.announce_opening(consultation=consultation, people=[person], at=timezone.now())
    return consultation


def digest(*, day):
    """Send what the task sends that many mornings later."""
    at = timezone.now() + dt.timedelta(days=day)
    for people in digests.batches(Frequency.DAILY, at=at):
        digests.send(digest=Frequency.DAILY, people=people, at=at)


def digests_of(person):
    return OutboundMail.objects.filter(user=person, kind=kinds.DAILY)


def followed(person):
    return set(Subscription.objects.filter(user=person).values_list("topic", flat=True))


def test_from_following_to_the_digest_to_one_click(page, base, seen):
    person = factories.make_resident()
    theme, district = factories.make_theme(name="Mobilité"), factories.make_district(name="Les Tilleuls")
    quays = factories.make_consultation(title="Les quais du canal", theme=theme, districts=[district])
    sign_in(page, base + reverse("accounts:home"), person.email)

    # Each from where it is shown: the theme and the district from the list, the consultation from its page.
    for name, value, title in (("theme", theme.slug, "Mobilité"), ("quartier", district.slug, "Les Tilleuls")):
        page.goto(f"{base}{reverse('consultations:list')}?{name}={value}")
        follow(page, re.compile(f"Suivre «.{title}.»"))
        press(page, re.compile(f"Suivre «.{title}.»"), within=page.locator("main"))
    page.goto(base + quays.get_absolute_url())
    press(page, "Suivre par courriel")
    assert followed(person) == {f"theme:{theme.slug}", f"district:{district.slug}", quays.topic}
    page.goto(base + reverse("notifications:followed"))
    seen("Mes abonnements")
    listed = page.get_by_role("region", name="Sujets suivis").get_by_role("link").all_inner_texts()
    assert sorted(listed) == ["Les Tilleuls", "Les quais du canal", "Mobilité"]

    follow(page, "Choisir la fréquence des courriels")
    page.get_by_label("Nouvelles consultations").select_option("Une fois par jour")
    press(page, "Enregistrer mes choix")
    seen("Fréquence des courriels")
    assert frequencies.of_person(person.pk)["consultations.opened"] is Frequency.DAILY

    # Two consultations open: nothing leaves, the header counts them.
    publish(theme, title="La gare de demain")
    publish(theme, title="Le pont des arts")
    assert not OutboundMail.objects.filter(user=person, kind="consultations.opened").exists()
    page.goto(base + reverse("home"))
    follow(page, re.compile("2 non lues"))
    seen("Mes notifications")
    assert page.get_by_text("Non lu", exact=True).count() == 2

    # In the morning, one mail, in the mailbox of the demonstration, as its reader sees it.
    digest(day=1)
    mail = digests_of(person).get()
    page.context.clear_cookies()
    page.goto(f"{base}{reverse('demo_mailbox')}?adresse={person.email}")
    seen("Boîte aux lettres")
    assert "Votre résumé du jour : 2 nouvelles" in page.locator("main").inner_text().replace("\u00a0", " ")
    follow(page, re.compile("Voir en HTML"))
    assert axe.overflow(page) == []
    assert page.get_by_role("link", name=re.compile("Le pont des arts")).count() == 1

    # Opening the link of the mail asks, and changes nothing; neither does opening it again.
    follow(page, "Ne plus recevoir cette sorte de courriel")
    page.reload()
    seen("Arrêter un abonnement")
    assert frequencies.of_person(person.pk)["consultations.opened"] is Frequency.DAILY
    press(page, "Arrêter ces courriels")
    seen("Abonnement arrêté")
    assert frequencies.of_person(person.pk)["consultations.opened"] is Frequency.NEVER
    assert followed(person) == {f"theme:{theme.slug}", f"district:{district.slug}", quays.topic}

    # Nothing leaves any more; the account still says it.
    publish(theme, title="Le marché couvert")
    digest(day=2)
    assert list(digests_of(person)) == [mail]
    assert not OutboundMail.objects.filter(user=person, kind="consultations.opened").exists()
    assert Notification.objects.filter(user=person).count() == 3


def test_a_mail_program_stops_a_subject_in_one_click(page, base):
    """The program posts what the header says; the person then reads it on their page, and follows again."""
    person, theme = factories.make_resident(), factories.make_theme(name="Mobilité")
    Subscription.objects.create(user=person, topic=f"theme:{theme.slug}")
    publish(theme, title="La gare de demain")
    mail = OutboundMail.objects.get(user=person)
    link = mail.headers["List-Unsubscribe"].strip("<>").removeprefix(base)
    program = Client(enforce_csrf_checks=True)
    for ask in (program.get, program.head):
        assert ask(link).status_code == 200
    assert followed(person) == {f"theme:{theme.slug}"}
    body = mail.headers["List-Unsubscribe-Post"]
    assert program.post(link, body, content_type="application/x-www-form-urlencoded").status_code == 200
    assert followed(person) == set()

    sign_in(page, base + reverse("notifications:followed"), person.email)
    assert "Vous ne suivez encore rien" in page.locator("main").inner_text()
    page.get_by_label("Suivre un thème").select_option("Mobilité")
    press(page, re.compile("^Suivre.*Suivre un thème"))
    assert followed(person) == {f"theme:{theme.slug}"}
    press(page, re.compile("^Ne plus suivre.*Mobilité"))
    assert followed(person) == set()
