"""Somebody reads what became of a consultation, prints it, and opens its PDF."""

import io

import pypdf
import pytest
from django.urls import reverse
from django.utils import timezone

from consultations import tasks
from consultations.reporting import writing
from tests.consultations.test_reporting import PUBLISHER, make_report, take_part
from tests.e2e import axe
from tests.e2e.journeys import follow, heading
from tests.factories import READY, make_analysis_theme, make_consultation, make_contribution, make_item, make_staff


@pytest.fixture(params=["desktop", "phone", "without_script"])
def page(request):
    return request.getfixturevalue(request.param)


@pytest.fixture
def consultation(live_server):
    made = make_consultation(phase="analyse", title="Des arbres place de la Paix")
    members = [make_item(contribution=make_contribution(consultation=made)) for _ in range(2)]
    make_analysis_theme(consultation=made, members=members, public_title="Planter des arbres", **READY)
    take_part(made, 30)
    report = make_report(made)
    writing.publish(actor=make_staff(*PUBLISHER), report=report, seen=1, at=timezone.now())
    tasks.build_report(report_id=report.pk)
    return made


def test_a_report_is_read_printed_and_opened(page, live_server, consultation):
    page.goto(live_server.url + consultation.get_absolute_url())
    follow(page, "Bilan")
    assert heading(page) == "Bilan de la consultation"
    assert page.get_by_role("rowheader", name="Planter des arbres").is_visible()
    assert page.get_by_text("Retenu", exact=True).first.is_visible()
    assert page.get_by_role("img", name="Par canal").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.context.cookies() == []

    page.emulate_media(media="print")
    assert page.get_by_role("heading", name="Qui manque").is_visible()
    assert page.get_by_role("rowheader", name="Planter des arbres").is_visible()
    assert not page.locator("nav.onglets").is_visible()
    printed = pypdf.PdfReader(io.BytesIO(page.pdf(format="A4")))
    assert "La question posée" in " ".join(sheet.extract_text() for sheet in printed.pages)
    page.emulate_media(media="screen")

    link = page.get_by_role("link", name="Le bilan, à télécharger")
    with page.expect_download() as downloading:
        link.click()
    made = pypdf.PdfReader(downloading.value.path())
    root = made.trailer["/Root"]
    assert "/StructTreeRoot" in root
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("fr")
    assert made.metadata.title == "Bilan\u00a0: Des arbres place de la Paix"


def test_each_figure_leads_to_its_rows(page, live_server, consultation):
    page.goto(live_server.url + reverse("consultations:report", args=[consultation.slug]))
    follow(page, "2 avis")
    assert page.url.startswith(live_server.url + reverse("consultations:report_rows", args=[consultation.slug, 1]))
    assert page.get_by_role("heading", level=1).count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong(desktop, live_server, consultation, scheme):
    desktop.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    desktop.goto(live_server.url + reverse("consultations:report", args=[consultation.slug]))
    assert axe.violations(desktop) == []
    assert axe.overflow(desktop) == []
