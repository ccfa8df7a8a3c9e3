"""The pages of moderation: closed first, then what each shows, in how many queries."""

import pytest
from django.contrib.auth.models import Group
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.roles import ROLES
from consultations import review
from consultations.models import Attachment, Contribution, HeldText
from moderation import actions
from moderation.models import Appeal, Case, Decision, Report
from mulhouse import memory, work
from mulhouse.throttle import Limit
from notifications.models import OutboundMail
from tests import factories
from tests.moderation import deciding
from transparency import deadlines

pytestmark = pytest.mark.django_db
GIVEN = {"what": "text", "reason": "insult", "words": "Le deuxième mot.", "good_faith": "on"}
VISITOR = {**GIVEN, "name": "Lucie Meyer", "email": "lucie@example.org"}
OPEN_TO = {"moderator", "administrator"}


def with_role(code):
    user = factories.make_staff()
    user.groups.set(Group.objects.filter(name=code))
    return user


def a_hidden_text():
    contribution = factories.make_contribution()
    made = deciding.hide(contribution)
    appeal = actions.appeal(actor=contribution.author, decision=made, words="Non.", at=timezone.now())
    return made, appeal


def staff_pages(made, appeal):
    key = made.case_id
    return (
        reverse("admin:moderation_case_changelist"),
        reverse("admin:moderation_case_change", args=[key]),
        reverse("admin:moderation_case_block", args=[key]),
        reverse("admin:moderation_case_appeals"),
        reverse("admin:moderation_case_appeal", args=[appeal.reference]),
    )


@pytest.mark.parametrize("role", ["visitor", "resident", *ROLES])
def test_the_staff_pages_are_for_moderators(client, role):
    pages = staff_pages(*a_hidden_text())
    if role == "resident":
        factories.sign_in(client, factories.make_resident())
    elif role != "visitor":
        factories.sign_in(client, with_role(role))
    expected = {"visitor": 302}.get(role, 200 if role in OPEN_TO else 403)
    found = {url: client.get(url).status_code for url in pages}
    if role == "resident":
        assert set(found.values()) <= {302, 403}
    else:
        assert found == dict.fromkeys(pages, expected)


def test_moderators_without_a_second_factor_are_led_to_it(client):
    factories.sign_in(client, with_role("moderator"), second_factor=False)
    assert client.get(reverse("admin:moderation_case_changelist")).status_code == 302


def test_what_was_decided_is_one_s_own(client):
    made, _appeal = a_hidden_text()
    person = factories.make_resident()
    suspended = actions.block(
        actor=deciding.make_moderator(),
        person=factories.make_resident(),
        days=7,
        clause="3.2",
        reason="Trois insultes.",
        at=timezone.now(),
    )
    pages = [
        reverse("moderation:own_decision", args=[made.reference]),
        reverse("moderation:own_block", args=[suspended.reference]),
    ]
    assert [client.get(url).status_code for url in pages] == [302, 302]
    factories.sign_in(client, person)
    assert [client.get(url).status_code for url in pages] == [404, 404]
    assert [client.post(url, {"words": "Non."}).status_code for url in pages] == [404, 404]
    factories.sign_in(client, suspended.person)
    assert client.get(pages[1]).status_code == 200
    assert "Publications suspendues 7" in client.get(reverse("moderation:own")).content.decode()
    assert client.post(pages[1], {"words": "Ce n’était pas moi."}).status_code == 302
    assert Appeal.objects.filter(block=suspended).count() == 1
    # Suspended, one still takes one's data and closes one's account.
    assert client.get(reverse("accounts:data")).status_code == 200
    assert client.get(reverse("accounts:close")).url.startswith("/compte/confirmer/")


@pytest.mark.parametrize(
    "given",
    [
        {**VISITOR, "reason": ""},
        {**VISITOR, "words": ""},
        {**VISITOR, "good_faith": ""},
        {**VISITOR, "name": ""},
        {**VISITOR, "email": ""},
        {**VISITOR, "website": "http://spam.example"},
        {**VISITOR, "reason": "disagreement"},
    ],
)
def test_a_report_is_whole_or_it_is_not(client, given):
    contribution = factories.make_contribution()
    assert client.post(deciding.report_url(contribution), given).status_code == 422
    assert not Report.objects.exists()


def test_nobody_gives_their_name_for_a_child(client):
    contribution = factories.make_contribution()
    assert client.post(deciding.report_url(contribution), {**GIVEN, "reason": "child_abuse"}).status_code == 302
    made = Report.objects.get()
    assert (made.name, made.email, len(made.fingerprint)) == ("", "", 64)


def test_what_is_not_public_is_not_found(client):
    draft = factories.make_contribution(published_at=None)
    person = factories.make_resident()
    urls = [
        deciding.report_url(draft),
        reverse("moderation:report", args=["nom", str(person.pk)]),
        reverse("moderation:report", args=["contribution", "0"]),
        reverse("moderation:report", args=["fichier", "0"]),
        reverse("moderation:report", args=["autre", "ABCDEFGH"]),
        reverse("moderation:reported", args=["ABCDEFGH"]),
    ]
    assert [client.get(url).status_code for url in urls] == [404] * len(urls)


def test_a_name_is_reported_from_what_it_signs(client):
    contribution = factories.make_contribution(author=factories.make_resident(public_name="Gros Nigaud"))
    assert client.post(deciding.report_url(contribution), {**VISITOR, "what": "name"}).status_code == 302
    case = Case.objects.get()
    assert (case.kind, case.subject) == ("profile", str(contribution.author_id))
    deciding.hide(contribution.author, case=case)
    assert "Gros Nigaud" not in client.get(contribution.get_absolute_url()).content.decode()


def test_ten_reports_in_an_hour(client):
    rate = int(Limit.REPORTING.value.rates[0].split("/")[0])
    assert Limit.REPORTING.value.rates == ("10/hour",)
    urls = [deciding.report_url(factories.make_contribution()) for _ in range(rate + 1)]
    assert [client.post(url, VISITOR).status_code for url in urls] == [302] * rate + [429]


def test_each_text_has_its_link(client):
    contribution = factories.make_contribution()
    comment = factories.make_comment(contribution=contribution)
    Contribution.objects.filter(pk=contribution.pk).update(comment_count=1)
    url = contribution.get_absolute_url()
    page = client.get(url).content.decode()
    assert deciding.report_url(contribution) in page
    assert deciding.report_url(comment) in page
    factories.sign_in(client, contribution.author)
    page = client.get(url).content.decode()
    assert deciding.report_url(contribution) not in page
    assert deciding.report_url(comment) in page


def test_a_report_says_neither_words_nor_names(client):
    contribution = factories.make_contribution()
    client.post(deciding.report_url(contribution), VISITOR)
    page = client.get(reverse("moderation:reported", args=[Report.objects.get().reference])).content.decode()
    assert "Lucie" not in page
    assert "deuxième mot" not in page


def test_many_are_kept_together_and_never_the_urgent_ones(client):
    plain, urgent = factories.make_contribution(), factories.make_contribution()
    one = deciding.report(plain, fingerprint="a").case
    two = deciding.report(urgent, fingerprint="a", reason="child_abuse").case
    one.refresh_from_db()
    factories.sign_in(client, deciding.make_moderator())
    page = reverse("admin:moderation_case_changelist")
    seen = {row["seen_name"]: row["seen"] for row in client.get(page).context["rows"]}
    sent = {"dossier": [one.pk, two.pk], **seen}
    assert client.post(page, {**sent, f"lu-{one.pk}": "99"}).status_code == 302
    # Reported and corrected since: neither was read.
    deciding.report(plain, fingerprint="b")
    client.post(page, sent)
    sent |= {row["seen_name"]: row["seen"] for row in client.get(page).context["rows"]}
    Contribution.objects.filter(pk=plain.pk).update(body="Une insulte, depuis.")
    client.post(page, sent)
    assert Decision.objects.count() == 0
    sent |= {row["seen_name"]: row["seen"] for row in client.get(page).context["rows"]}
    client.post(page, sent)
    assert [(made.case_id, made.action) for made in Decision.objects.all()] == [(one.pk, "keep")]


def test_the_queue_is_in_order(client):
    factories.sign_in(client, deciding.make_moderator())
    page = reverse("admin:moderation_case_changelist")
    for number in range(3):
        deciding.report(factories.make_contribution(), fingerprint=f"{number}")
    urgent = deciding.report(factories.make_contribution(title="Avant tout"), fingerprint="z", reason="child_abuse")
    assert client.get(page).context["rows"][0]["case"] == urgent.case
    for narrowed in ("?sorte=comment", "?cause=masking", "?etat=decides", "?page=2", "?page=%C2%B2", "?sorte=nimporte"):
        assert client.get(page + narrowed).status_code == 200


def test_a_text_without_a_title_is_not_read_twice(client):
    words = "Un banc manque ici. " * 7
    deciding.report(factories.make_comment(body=words), fingerprint="a")
    deciding.report(factories.make_comment(body="Court."), fingerprint="a")
    deciding.report(factories.make_contribution(title="Un titre", body="Son texte."), fingerprint="a")
    factories.sign_in(client, deciding.make_moderator())
    rows = client.get(reverse("admin:moderation_case_changelist")).context["rows"]
    begun, rest = rows[0]["heading"], rows[0]["excerpt"]
    assert begun.removesuffix("…") + " " + rest.removeprefix("…") == words.strip()
    assert len(begun) <= 80
    assert [(row["heading"], row["excerpt"]) for row in rows[1:]] == [("Court.", ""), ("Un titre", "Son texte.")]


def test_only_what_may_be_kept_with_others_has_a_box(client):
    deciding.report(factories.make_contribution(), fingerprint="a", reason="child_abuse")
    factories.sign_in(client, deciding.make_moderator())
    page = reverse("admin:moderation_case_changelist")
    assert 'name="dossier"' not in client.get(page).content.decode()
    deciding.report(factories.make_contribution(), fingerprint="a")
    assert client.get(page).content.decode().count('name="dossier"') == 1


def test_what_was_decided_says_its_article(client):
    made = deciding.hide(factories.make_contribution(title="Une insulte"))
    deciding.overturn(made)
    factories.sign_in(client, deciding.make_moderator())
    page = reverse("admin:moderation_case_changelist") + "?etat=decides"
    text = client.get(page).content.decode()
    assert "article 3.2" in text
    assert "annulée le" in text
    assert 'name="dossier"' not in text


def a_held_comment():
    contribution = factories.make_contribution()
    held = HeldText.objects.create(
        sort="comment",
        author=factories.make_resident(),
        words={"stance": "for", "body": "Ceci attend.", "is_proposal": False},
        cause="held",
        consultation=contribution.consultation,
        contribution=contribution,
        submitted_at=timezone.now(),
    )
    with transaction.atomic():
        review.open_case(held, texts=["Ceci attend."], at=timezone.now())
    return Case.objects.get()


def test_what_waits_is_published_or_not_and_was_never_online(client):
    case = a_held_comment()
    factories.sign_in(client, deciding.make_moderator())
    page = reverse("admin:moderation_case_change", args=[case.pk])
    text = client.get(page).content.decode()
    assert "Ne pas publier" in text
    assert "Laisser en ligne" not in text
    assert "Personne ne lit ce texte" in text
    seen = client.get(page).context["form"].initial["seen"]
    client.post(page, {"action": "keep", "seen": seen})
    listed = client.get(reverse("admin:moderation_case_changelist") + "?etat=decides").context["rows"]
    assert [row["state_words"] for row in listed] == ["Publié"]


def test_a_name_that_everybody_reads_is_not_said_to_be_hidden(client):
    made = deciding.report(factories.make_comment().author, fingerprint="a")
    factories.sign_in(client, deciding.make_moderator())
    text = client.get(reverse("admin:moderation_case_change", args=[made.case_id])).content.decode()
    assert "Personne ne lit ce texte" not in text


def test_a_picture_is_looked_at_where_it_is_judged(client):
    photo = Attachment.objects.create(
        contribution=factories.make_contribution(),
        kind=Attachment.Kind.PHOTO,
        file=ContentFile(b"x", name="banc.webp"),
        name="banc.webp",
        alt="Un banc",
        content_type="image/webp",
        size=1,
    )
    made = deciding.report(photo, fingerprint="a")
    factories.sign_in(client, deciding.make_moderator())
    address = reverse("consultations:attachment", args=[photo.key])
    page = reverse("admin:moderation_case_change", args=[made.case_id])
    assert f'<img src="{address}"' in client.get(page).content.decode()


def test_the_letter_to_the_author_is_read_before_it_leaves(client):
    contribution = factories.make_contribution(author=factories.make_resident(language="de"))
    made = deciding.report(contribution, fingerprint="a")
    factories.sign_in(client, deciding.make_moderator())
    page = reverse("admin:moderation_case_change", args=[made.case_id])
    seen = client.get(page).context["form"].initial["seen"]
    given = {"action": "hide", "clause": "3.2", "facts": "Le deuxième mot.", "seen": seen}
    before = OutboundMail.objects.count()
    assert client.post(page, {**given, "facts": "", "relire": "oui"}).status_code == 422
    shown = client.post(page, {**given, "relire": "oui"})
    letter = shown.context["letter"]
    assert letter.subject in shown.content.decode()
    assert OutboundMail.objects.count() == before
    assert not Decision.objects.exists()
    client.post(page, given)
    sent = OutboundMail.objects.get(kind="moderation.decided")
    # The same words, but for the address of a decision that was not taken yet.
    assert letter.subject == sent.subject
    before_it, _address, after_it = letter.text.partition("[…]")
    assert sent.text.startswith(before_it)
    assert sent.text.endswith(after_it)
    kept = client.post(page, {**given, "action": "keep", "relire": "oui"})
    assert kept.context["letter"] is None


# How many queries each page asks, with a few rows and with ten times as many: 12 at most for who is signed in, 8 for a visitor.
ASKED = {
    "queue": 8,
    "decided": 6,
    "case": 10,
    "block": 4,
    "appeals": 5,
    "appeal": 4,
    "own": 5,
    "own decision": 3,
    "own block": 3,
    "report": 3,
    "reported": 1,
    "figures": 7,
}
STAFF, OWN = ("queue", "decided", "case", "block", "appeals", "appeal"), ("own", "own decision", "own block")


def a_full_life(number):
    """Fill every list of moderation: so many cases of each sort, reports of one case, decisions about one author, appeals."""
    author, moderator = factories.make_resident(public_name="Léa M."), deciding.make_moderator()
    contribution = factories.make_contribution(author=author)
    for rank in range(number):
        report = deciding.report(contribution, fingerprint=f"{rank}", reporter=factories.make_resident())
        other = factories.make_contribution(author=author)
        for thing in (factories.make_comment(), factories.make_resident(public_name=f"Nom {rank}")):
            deciding.report(thing, fingerprint="a")
        made = deciding.hide(other, actor=moderator)
        appeal = actions.appeal(actor=author, decision=made, words="Non.", at=timezone.now())
    suspended = actions.block(
        actor=moderator, person=author, days=7, clause="3.2", reason="Trois insultes.", at=timezone.now()
    )
    return {
        "queue": reverse("admin:moderation_case_changelist"),
        "decided": reverse("admin:moderation_case_changelist") + "?etat=decides",
        "case": reverse("admin:moderation_case_change", args=[report.case_id]),
        "block": reverse(
            "admin:moderation_case_block",
            args=[deciding.report(factories.make_contribution(), fingerprint="a").case_id],
        ),
        "appeals": reverse("admin:moderation_case_appeals"),
        "appeal": reverse("admin:moderation_case_appeal", args=[appeal.reference]),
        "own": reverse("moderation:own"),
        "own decision": reverse("moderation:own_decision", args=[made.reference]),
        "own block": reverse("moderation:own_block", args=[suspended.reference]),
        "report": deciding.report_url(contribution),
        "reported": reverse("moderation:reported", args=[report.reference]),
        "figures": reverse("moderation:figures"),
    }, author


@pytest.mark.parametrize("number", [2, 20])
def test_each_page_asks_the_same_however_much_there_is(client, number):
    pages, author = a_full_life(number)
    found = {}
    for name, url in pages.items():
        client.logout()
        if name in STAFF:
            factories.sign_in(client, deciding.make_moderator())
        elif name in OWN:
            factories.sign_in(client, author)
        client.get(url)
        memory.client().flushdb()
        with CaptureQueriesContext(connection) as asked:
            assert client.get(url).status_code == 200
        found[name] = len(asked)
    assert {name: asked for name, asked in found.items() if asked != ASKED[name]} == {}
    assert max(found[name] for name in (*STAFF, *OWN)) <= 12
    assert max(number for name, number in found.items() if name not in (*STAFF, *OWN)) <= 8


def test_a_case_says_what_is_needed_to_decide(client):
    contribution = factories.make_contribution()
    made = deciding.report(contribution, fingerprint="a")
    deciding.hide(factories.make_contribution(author=contribution.author))
    factories.sign_in(client, deciding.make_moderator())
    page = reverse("admin:moderation_case_change", args=[made.case_id])
    text = client.get(page).content.decode()
    for words in ("jamais", contribution.title, "Retiré, article 3.2"):
        assert words in text
    # What people wrote shows on a gesture (tests/privacy/test_accesses.py).
    assert "Le deuxième mot." not in text
    assert "Le deuxième mot." in client.post(page, {"lire": "oui"}).content.decode()


def test_what_waits_is_on_the_home_page_of_moderators_only():
    made, appeal = a_hidden_text()
    deciding.report(factories.make_contribution(), fingerprint="a")
    at = timezone.now()
    other = deciding.make_moderator()
    assert sorted(item.label for item in work.waiting(other, at=at)) == [
        "Contestation à réexaminer",
        "Dossier de modération",
    ]
    assert [item.label for item in work.waiting(made.decided_by, at=at)] == ["Dossier de modération"]
    assert sum(item.late for item in work.waiting(other, at=appeal.due_at + timezone.timedelta(days=1))) == 2
    # The last day is a day to answer, whole: as the page of promises says it.
    midnight = deadlines.day_begins_at(appeal.due_at + timezone.timedelta(days=1))
    for instant, late in ((midnight - timezone.timedelta(seconds=1), 0), (midnight, 1)):
        found = {item.label: item.late for item in work.waiting(other, at=instant)}
        assert found["Contestation à réexaminer"] == late
        assert deadlines.is_late(appeal.due_at, None, at=instant) is bool(late)
    assert work.waiting(with_role("agent"), at=at) == []


def test_the_figures_are_counted_by_year_and_clause(client):
    page = reverse("moderation:figures")
    assert "Rien à compter" in client.get(page).content.decode()
    deciding.report(factories.make_contribution(), fingerprint="a")
    made = deciding.hide(factories.make_contribution())
    deciding.mask(factories.make_contribution(body="Le 06 12 34 56 78."), "06 12 34 56 78")
    deciding.keep(factories.make_contribution())
    deciding.overturn(made)
    with CaptureQueriesContext(connection) as asked:
        text = client.get(page).content.decode()
    assert len(asked) <= 8
    year = client.get(page).context["years"][0][0] if client.get(page).context else None
    if year is not None:
        assert (year.reports, year.kept, year.hidden, year.masked, year.appeals, year.overturned) == (1, 1, 1, 1, 1, 1)
    assert "csrfmiddlewaretoken" not in text
    lines = client.get(reverse("moderation:figures_csv")).content.decode().splitlines()
    now = timezone.localdate().year
    assert f"{now};3.2;retires;1" in lines
    assert f"{now};3.4;masques;1" in lines
    assert f"{now};;decisions_annulees;1" in lines
    assert reverse("moderation:figures") in client.get(reverse("charter")).content.decode()


def test_the_text_of_others_is_on_no_page_once_hidden(client):
    """One rule: a hidden text is on no list, count, feed, export, map nor social picture; its author reads it with the decision."""
    marker = "ZINNIAPOURPRE"
    contribution = factories.make_contribution(title=marker, body=f"{marker} partout.")
    slug = contribution.consultation.slug
    deciding.hide(contribution)
    for url in (
        reverse("consultations:detail", args=[slug]),
        reverse("consultations:contributions", args=[slug]),
        reverse("consultations:contributions", args=[slug]) + f"?q={marker}",
        contribution.get_absolute_url(),
        reverse("transparency:register"),
        reverse("moderation:figures"),
        "/sitemap.xml",
    ):
        response = client.get(url, follow=True)
        body = b"".join(response.streaming_content) if response.streaming else response.content
        found = body.decode().replace(f"?q={marker}", "").replace(f'value="{marker}"', "")
        assert found.count(marker) == (1 if "?q=" in url and f"«\u00a0{marker}\u00a0»" in found else 0), url
    factories.sign_in(client, contribution.author)
    assert marker in client.get(contribution.get_absolute_url()).content.decode()
