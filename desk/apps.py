"""Desk as an app."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """People who take part without the web, and the rule that everybody counts once."""

    name = "desk"
    verbose_name = "Guichet"

    def ready(self) -> None:
        """Declare what the room knows about people."""
        # These need the registry of apps, which is ready by now.
        from desk import personal_data  # noqa: PLC0415
        from mulhouse import personal_data as registry  # noqa: PLC0415

        registry.declare(*personal_data.HOLDINGS)
