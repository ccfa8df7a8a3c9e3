"""Desk as an app."""

from django.apps import AppConfig


class DeskConfig(AppConfig):
    """People who take part without the web, and the rule that everybody counts once."""

    name = "desk"
    verbose_name = "Guichet"

    def ready(self) -> None:
        """Declare what the room writes on the register and knows about people."""
        # These need the registry of apps, which is ready by now.
        from desk import personal_data  # noqa: PLC0415
        from mulhouse import personal_data as registry  # noqa: PLC0415
        from transparency import register  # noqa: PLC0415

        registry.declare(*personal_data.HOLDINGS)
        register.declare(
            register.Act("desk.opened", "Un agent a commencé une saisie pour une personne, avec son accord"),
            register.Act(
                "desk.told_apart",
                "Un agent a distingué deux personnes de même nom nées le même jour, pièce d’identité en main",
            ),
            register.Act("desk.account_linked", "Un compte a été rattaché à une identité vue au guichet"),
        )
