"""What search engines are told: which pages exist, and which are nobody's business."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.sitemaps import Sitemap, views
from django.db.models import Exists, Max, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from commitments.models import Commitment
from consultations.models import Consultation, Outcome
from ideas.models import Campaign, Idea
from mulhouse import navigation
from mulhouse.access import public
from transparency.pages import cached_for_visitors

if TYPE_CHECKING:
    BaseSitemap = Sitemap[Any]
else:
    BaseSitemap = Sitemap

# Never the preview of a draft: naming it here would tell that it exists; the page itself says « noindex ».
PRIVATE = ("/gestion/", "/mon-espace/", "/compte/", "/abonnements/", "/concertations/mes-contributions/", "/recherche/")


class PortalSitemap(BaseSitemap):
    """Addresses on the site's declared host, whatever name the request came by."""

    @property
    def protocol(self) -> str:  # type: ignore[override] # a property is as good
        """Give the scheme of the site's address."""
        return settings.SITE_URL.split("://", 1)[0]

    def get_domain(self, site: Any = None) -> str:
        """Give the host of the site's address."""
        return settings.SITE_URL.split("://", 1)[1].rstrip("/")


class Pages(PortalSitemap):
    """The pages that stand on their own, as the site map shows them."""

    def items(self) -> list[str]:
        """List each address once."""
        groups = (navigation.MAIN, navigation.TAKE_PART, navigation.UNDERSTAND, navigation.LEGAL_PAGES)
        addresses = [entry.url for group in groups for entry in navigation.present(group)]
        shown = [address for address in addresses if not address.startswith(PRIVATE)]
        return list(dict.fromkeys([reverse("home"), *shown]))

    def location(self, item: str) -> str:
        """Give the address itself."""
        return item


class Consultations(PortalSitemap):
    """Every published consultation."""

    def items(self) -> QuerySet[Consultation]:
        """List them, newest first."""
        return Consultation.objects.published().only("slug", "published_at", "updated_at")

    def lastmod(self, item: Consultation) -> datetime:
        """Give the last change of its presentation."""
        return item.updated_at


class Contributions(Consultations):
    """The contributions of each consultation, as one page: search engines find the texts from there."""

    def location(self, item: Consultation) -> str:
        """Give the address of the list."""
        return reverse("consultations:contributions", args=[item.slug])


class Reports(Consultations):
    """The report of each consultation that has one: the address of its last version."""

    def items(self) -> QuerySet[Consultation]:
        """List them, newest first."""
        told = super().items().filter(reports__published_at__isnull=False)
        return told.annotate(last=Max("reports__published_at")).order_by("-last", "-pk")

    def lastmod(self, item: Any) -> datetime:
        """Give the day of the last version."""
        found: datetime = item.last
        return found

    def location(self, item: Consultation) -> str:
        """Give the address of the report."""
        return reverse("consultations:report", args=[item.slug])


class Outcomes(Consultations):
    """What the city answered to each consultation."""

    def items(self) -> QuerySet[Consultation]:
        """List the consultations that have an answer."""
        return super().items().filter(Exists(Outcome.objects.filter(consultation=OuterRef("pk"))))

    def location(self, item: Consultation) -> str:
        """Give the address of the list of answers."""
        return reverse("consultations:outcomes", args=[item.slug])


class Commitments(PortalSitemap):
    """Every public commitment."""

    def items(self) -> QuerySet[Commitment]:
        """List them, newest first."""
        return Commitment.objects.published().only("reference", "published_at", "news_at")

    def lastmod(self, item: Commitment) -> datetime | None:
        """Give the day of its last news."""
        return item.news_at


class Campaigns(PortalSitemap):
    """Every published campaign of ideas."""

    def items(self) -> QuerySet[Campaign]:
        """List them, newest first."""
        return Campaign.objects.published().only("slug", "updated_at", "opens_on")

    def lastmod(self, item: Campaign) -> datetime:
        """Give the day of its last change."""
        return item.updated_at


class Ideas(PortalSitemap):
    """The ideas that everybody reads, the newest ones: the others are found from the lists."""

    limit = 10_000

    def items(self) -> QuerySet[Idea]:
        """List them, newest first."""
        return Idea.objects.visible().only("reference", "saved_at").order_by("-published_at", "-pk")[: self.limit]

    def lastmod(self, item: Idea) -> datetime:
        """Give the day of its last change."""
        return item.saved_at


@public
@require_safe
@cached_for_visitors
def sitemap(request: HttpRequest) -> HttpResponse:
    """List the pages for search engines."""
    sections: dict[str, type[BaseSitemap] | BaseSitemap] = {
        "pages": Pages,
        "consultations": Consultations,
        "contributions": Contributions,
        "reports": Reports,
        "outcomes": Outcomes,
        "commitments": Commitments,
        "campaigns": Campaigns,
        "ideas": Ideas,
    }
    return views.sitemap(request, sections)


@public
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Say what crawlers need not ask for, and where the list of pages is."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in PRIVATE),
        f"Sitemap: {settings.SITE_URL}{reverse('sitemap')}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")
