"""What agents write among themselves never leaves: planted in every column that holds it, then looked for everywhere."""

import io
import re
import zipfile
from html import unescape
from urllib.parse import urljoin, urlsplit

import pypdf
import pytest
from django.apps import apps
from django.core.files.storage import default_storage
from django.db import models
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from consultations import analysis, exports, outcomes, packaging, tasks
from consultations.models import AnalysisTheme, ArchivePackage, Item, Note, Report
from consultations.personal_data import HOLDINGS
from mulhouse import memory
from notifications.models import OutboundMail
from tests import factories as f
from tests.commitments.rows import make_commitment
from tests.consultations.test_analysis import ANALYST
from tests.consultations.test_reporting import PUBLISHER, TEXTS, make_report
from tests.moderation.deciding import take_away
from transparency.models import RegisterLine

MARKER = "ZINNIAPOURPRE"
# Every column that agents write for agents, and what is prepared before it is public.
INTERNAL = {
    "consultations.AnalysisTheme.title",
    "consultations.AnalysisTheme.draft_explanation",
    "consultations.AnalysisTheme.draft_forwarded_to",
    "consultations.Item.draft_explanation",
    "consultations.Item.draft_forwarded_to",
    "consultations.Note.body",
}
NAMES = re.compile(r"draft_(?!decision)|note|internal|working")
# A word that is public, under such a name.
PUBLIC = {
    "consultations.Consultation.budget_note",
    "consultations.Consultation.source_note",
}
MOST_PAGES = 400


def test_every_internal_column_is_planted():
    """A new column of that kind must be added here, and is then looked for."""
    ours = [model for model in apps.get_models() if model.__module__.split(".")[0] in {"consultations", "commitments"}]
    found = {
        f"{model._meta.app_label}.{model.__name__}.{field.name}"
        for model in ours
        for field in model._meta.fields
        if isinstance(field, (models.CharField, models.TextField)) and NAMES.search(field.name)
    }
    assert found - PUBLIC <= INTERNAL
    assert {name for name in INTERNAL if NAMES.search(name.rsplit(".", 1)[1])} <= found


def plant():
    """A consultation with all of it: notes, working titles, drafts, hidden texts, a report that is public and its next draft."""
    agent = f.make_staff(*ANALYST, *PUBLISHER)
    consultation = f.make_consultation(phase="analyse", title="Le square")
    author, at = f.make_resident(), timezone.now()
    rows = [f.make_contribution(consultation=consultation, author=author, title=f"Idée {n}") for n in range(4)]
    found = [f.make_item(contribution=row) for row in rows]
    comment = f.make_comment(contribution=rows[0], author=author)
    theme = f.make_analysis_theme(
        consultation=consultation,
        members=found,
        title=f"{MARKER} classeur",
        public_title="Des bancs",
        public_summary="S’asseoir.",
        **f.READY,
    )
    analysis.add_note(actor=agent, about=found[0], body=f"{MARKER} sur l’avis", at=at)
    analysis.add_note(actor=agent, about=theme, body=f"{MARKER} sur le thème", at=at)
    take_away(rows[3], at=at)
    take_away(comment, at=at)
    report = make_report(consultation)
    from consultations.reporting import writing  # noqa: PLC0415 (only here)

    writing.publish(actor=agent, report=report, seen=1, at=at)
    # Once everything is public, agents go on preparing.
    prepared = {"draft_decision": "forwarded", "draft_explanation": MARKER, "draft_forwarded_to": MARKER}
    Item.objects.filter(pk=found[1].pk).update(**prepared)
    AnalysisTheme.objects.filter(pk=theme.pk).update(**prepared)
    make_report(
        consultation,
        number=2,
        **{name: f"<p>{MARKER}</p>" for name in TEXTS if name not in {"signatory", "contact"}},
        correction=MARKER,
    )
    make_commitment(published_at=None, news_at=None, title=f"{MARKER} à venir", description=MARKER)
    tasks.build_report(report_id=report.pk)
    with_package(consultation)
    return consultation, author, found


def with_package(consultation):
    type(consultation).objects.filter(pk=consultation.pk).update(archived_at=timezone.now())
    package = ArchivePackage.objects.create(consultation=consultation, version=1, asked_at=timezone.now())
    tasks.make_package(package_id=package.pk)


def words_of(response):
    """Everything a response says, whatever its kind."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    kind = response.headers.get("Content-Type", "")
    return "\n".join(_texts(content, kind)) + repr(list(response.headers.items()))


def _texts(content, kind):
    if content.startswith(b"%PDF"):
        made = pypdf.PdfReader(io.BytesIO(content))
        yield from (page.extract_text() for page in made.pages)
        yield repr(made.metadata)
    elif content.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            for name in package.namelist():
                yield name
                yield from _texts(package.read(name), "")
    else:
        yield content.decode("utf-8", errors="replace")


def crawl(client, starts):
    """Follow every link of the site from some addresses; give each address with what it says."""
    waiting, seen = list(starts), set()
    while waiting and len(seen) < MOST_PAGES:
        url = waiting.pop(0)
        if url in seen:
            continue
        seen.add(url)
        if len(seen) % 50 == 0:
            memory.client().flushdb()  # nobody asks all of this in a minute
        response = client.get(url)
        if response.status_code in {301, 302}:
            waiting.append(urljoin(url, response["Location"]))
            continue
        text = words_of(response)
        yield url, text
        if "html" in response.headers.get("Content-Type", "") or url.endswith(".xml"):
            found = re.findall(r'(?:href|src|hx-get)="([^"#]+)', text) + re.findall(r"<loc>([^<]+)</loc>", text)
            waiting += [link for each in found if (link := _ours(url, unescape(each)))]


def _ours(base, link):
    parts = urlsplit(urljoin(f"http://testserver{base}", link))
    if parts.netloc not in {"testserver", urlsplit("http://localhost").netloc} and "localhost" not in parts.netloc:
        return ""
    # The door of agents, what signs out, and static files say nothing of a consultation; other languages say the same.
    if re.match(r"/(gestion|admin|static|media|comptes?|compte|de|en)(/|$)", parts.path):
        return ""
    return parts.path + (f"?{parts.query}" if parts.query else "")


@pytest.mark.django_db(transaction=True)
def test_what_agents_write_among_themselves_is_found_nowhere(client):
    consultation, author, found = plant()
    marked = [
        AnalysisTheme.objects.filter(title__contains=MARKER, draft_explanation=MARKER, draft_forwarded_to=MARKER),
        Item.objects.filter(draft_explanation=MARKER, draft_forwarded_to=MARKER),
        Note.objects.filter(body__contains=MARKER, item__isnull=False),
        Note.objects.filter(body__contains=MARKER, theme__isnull=False),
        Report.objects.filter(published_at__isnull=True, said__contains=MARKER),
    ]
    assert [rows.count() for rows in marked] == [1] * len(marked)
    slug = consultation.slug
    starts = [
        "/",
        "/sitemap.xml",
        "/registre/",
        f"/recherche/?q={MARKER}",
        f"{reverse('commitments:list')}?q={MARKER}",
        f"{reverse('consultations:outcomes', args=[slug])}?q={MARKER}",
        f"{reverse('consultations:contributions', args=[slug])}?q={MARKER}",
        consultation.get_absolute_url(),
        found[3].contribution.get_absolute_url(),
        reverse("consultations:package", args=[slug]),
        *(reverse("consultations:report_pdf", args=[slug, number]) for number in (1, 2)),
        *(reverse("consultations:report_rows", args=[slug, number]) for number in (1, 2)),
        *(reverse("consultations:feed", args=[kind]) for kind in ("atom", "rss")),
        *(
            reverse("consultations:export", args=[slug, table, form])
            for table in exports.TABLES
            for form in ("csv", "json")
        ),
    ]
    read = {}
    for person in (None, author):
        if person is not None:
            client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
            starts.append(reverse("consultations:mine"))
        for url, text in crawl(client, starts):
            # A search says back what it was asked.
            said = text.replace(f"q={MARKER}", "").replace(f"q%3D{MARKER}", "")
            if f"q={MARKER}" in url:
                said = re.sub(rf"(value=\"|«\u00a0){MARKER}", "", said).replace(f"“{MARKER}", "")
            assert MARKER not in said, url
            read[url] = text
    # The crawl went where it should: the page of the report, its rows, its files, the package.
    for route, args in (
        ("report", [slug]),
        ("report_rows", [slug, 1]),
        ("report_pdf", [slug, 1]),
        ("report_annex", [slug, 1]),
        ("package", [slug]),
        ("outcomes", [slug]),
    ):
        assert any(url.split("?")[0] == reverse(f"consultations:{route}", args=args) for url in read), route
    assert "Des bancs" in read[reverse("consultations:report_pdf", args=[slug, 1])]
    assert "Des bancs" in read[reverse("consultations:package", args=[slug])]
    assert len(read) < MOST_PAGES


@pytest.mark.django_db(transaction=True)
def test_nor_in_a_mail_on_the_register_nor_in_what_is_given_back(client):
    consultation, author, _found = plant()
    Item.objects.filter(consultation=consultation).update(version=2)
    from consultations.models import ItemOutcome  # noqa: PLC0415 (only here)

    assert ItemOutcome.objects.exists()
    tasks.tell_contributors()
    later = timezone.now() + 2 * tasks.telling.LONGEST
    for row in tasks.telling.consultations_due(at=later):
        tasks.telling.begin(consultation=row, at=later)
    tasks.tell_contributors()
    assert OutboundMail.objects.filter(kind="consultations.outcomes", to=author.email).count() == 1
    for mail in OutboundMail.objects.order_by("pk"):
        assert MARKER not in repr(vars(mail))
    assert not RegisterLine.objects.filter(content__contains=MARKER).exists()
    resident = User.objects.get(pk=author.pk)
    for holding in HOLDINGS:
        assert MARKER not in repr(list(holding.export(resident))), holding.label
    assert packaging.current(consultation) is not None
    with default_storage.open(str(packaging.current(consultation).file.name)) as stored:
        assert MARKER not in "\n".join(_texts(stored.read(), ""))


@pytest.mark.django_db
def test_a_publication_says_what_is_public_of_a_theme_alone():
    """The subject of an answer is the public title: a theme without one is not published (`test_outcomes`)."""
    agent = f.make_staff(*ANALYST)
    consultation = f.make_consultation(phase="analyse")
    item = f.make_item(contribution=f.make_contribution(consultation=consultation))
    f.make_analysis_theme(
        consultation=consultation, members=[item], title=f"{MARKER} titre", public_title="Des bancs", **f.READY
    )
    outcomes.publish(actor=agent, consultation=consultation, at=timezone.now())
    assert [outcome.subject for outcome in outcomes.of_item(item)] == ["Des bancs"]
