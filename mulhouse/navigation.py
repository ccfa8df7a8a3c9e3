"""What stands in the header and the footer of every page, declared once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


@cache
def _address(route: str, language: str | None) -> str:
    """Find the address of a route once for each language: a page asks for thirty of them."""
    return reverse(route)


@dataclass(frozen=True)
class Entry:
    """A link of the site: its words and the name of its route."""

    label: str | Promise
    route: str

    @property
    def url(self) -> str:
        """Give the address in the active language."""
        return _address(self.route, get_language())


MAIN = (
    Entry(_("Consultations"), "consultations:list"),
    Entry(_("Idées"), "ideas:list"),
    Entry(_("Engagements"), "commitments:list"),
    Entry(_("Comment ça marche"), "how_it_works"),
    Entry(_("Le registre public"), "transparency:register"),
    Entry(_("La démarche"), "approach"),
)

TAKE_PART = (
    Entry(_("Toutes les consultations"), "consultations:list"),
    Entry(_("La boîte à idées"), "ideas:list"),
    Entry(_("Les campagnes d’idées"), "ideas:campaigns"),
    Entry(_("Quelles idées sont étudiées"), "ideas:rule"),
    Entry(_("Les idées réalisées"), "ideas:realised"),
    # True for everybody: the footer is the same signed in or not, and who has no account is led to make one.
    Entry(_("Mon espace"), "accounts:home"),
    Entry(_("Participer sans internet"), "contact"),
    Entry(_("La charte de participation"), "charter"),
)

UNDERSTAND = (
    Entry(_("Comment ça marche"), "how_it_works"),
    Entry(_("La démarche"), "approach"),
    Entry(_("Les engagements de la Ville"), "commitments:list"),
    Entry(_("Rechercher"), "search:results"),
    Entry(_("Les promesses de réponse"), "transparency:promises"),
    Entry(_("Le registre public"), "transparency:register"),
    Entry(_("Les méthodes de calcul"), "transparency:methods"),
    Entry(_("La modération"), "moderation:figures"),
    Entry(_("Les données ouvertes"), "opendata:catalogue"),
    Entry(_("L’audience du site"), "audience:figures"),
)

LEGAL = (
    Entry(_("Mentions légales"), "legal"),
    Entry(_("Données personnelles"), "privacy"),
    Entry(_("Plan du site"), "site_map"),
    Entry(_("Sécurité"), "security"),
)

# The site map lists the legal pages by their whole names, and what an account is for.
LEGAL_PAGES = (
    Entry(_("Accessibilité"), "accessibility"),
    Entry(_("Signaler un défaut d’accessibilité"), "transparency:accessibility_fault"),
    Entry(_("Mentions légales"), "legal"),
    Entry(_("Données personnelles"), "privacy"),
    Entry(_("Ce que le site conserve"), "privacy:processings"),
    Entry(_("Qui voit quoi"), "privacy:who_sees"),
    Entry(_("Faire une demande sur mes données"), "privacy:ask"),
    Entry(_("Charte de la participation"), "charter"),
    Entry(_("Sécurité"), "security"),
    Entry(_("Contact et aide"), "contact"),
)
ACCOUNT_PAGES = (
    Entry(_("Se connecter"), "account_login"),
    Entry(_("Créer un compte"), "account_signup"),
    Entry(_("Mot de passe oublié"), "account_reset_password"),
)

# What a signed-in person finds behind « Mon compte ».
ACCOUNT = (
    Entry(_("Mon espace"), "accounts:home"),
    Entry(_("Mes contributions"), "consultations:mine"),
    Entry(_("Mes idées"), "ideas:mine"),
    Entry(_("Modération de mes textes"), "moderation:own"),
    Entry(_("Mes notifications"), "notifications:centre"),
    Entry(_("Mes abonnements"), "notifications:followed"),
)


def present(entries: Iterable[Entry]) -> Iterator[Entry]:
    """Keep the entries that have an address: a page, an error page above all, never fails because of its frame."""
    for entry in entries:
        try:
            entry.url  # noqa: B018 (asking is the test)
        except NoReverseMatch:
            continue
        yield entry


def main(path: str) -> Iterator[tuple[Entry, str]]:
    """Give the main entries with the value of their aria-current: "page" on the page itself, "true" in its section, else ""."""
    for entry in present(MAIN):
        url = entry.url
        yield entry, "page" if path == url else "true" if path.startswith(url) and url != "/" else ""
