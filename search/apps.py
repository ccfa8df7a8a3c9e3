"""Recherche as an app."""

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """One box over everything public, and over what one alone may see."""

    name = "search"
    verbose_name = "Recherche"

    def ready(self) -> None:
        """Declare what is found of the site itself."""
        # These need the registry of apps, which is ready by now.
        from django.utils.translation import gettext_lazy as _  # noqa: PLC0415

        from search import pages, registry  # noqa: PLC0415

        registry.register(
            registry.Source(
                "page",
                _("Page du site"),
                _("Pages du site"),
                1.5,
                None,
                lambda line: pages.address(line.parts),
                lambda line: line.title,
            )
        )
