"""Consultations as an app."""

from django.apps import AppConfig


class ConsultationsConfig(AppConfig):
    """Consultations, contributions, positions, debate."""

    name = "consultations"
    verbose_name = "Consultations"

    def ready(self) -> None:
        """Declare what the app writes on the register."""
        from transparency import register  # noqa: PLC0415 (its models need the registry of apps)

        register.declare(
            register.Act("consultation.imported", "Une consultation tenue ailleurs a été reprise"),
            register.Act("consultation.demo", "Des exemples ont été ajoutés pour la démonstration"),
        )
