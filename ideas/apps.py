"""Ideas as an app."""

from django.apps import AppConfig


class IdeasConfig(AppConfig):
    """Residents propose and support; the city studies the most popular and most realistic, and answers."""

    name = "ideas"
    verbose_name = "Boîte à idées"

    def ready(self) -> None:
        """Declare what the app writes on the register, holds about people, shows at home and to agents, and lets one follow."""
        # These need the registry of apps, which is ready by now.
        from desk import merging, subjects  # noqa: PLC0415
        from ideas import desk_lines, review, supporting  # noqa: PLC0415
        from ideas import kinds as own_kinds  # noqa: PLC0415
        from ideas.models import Support  # noqa: PLC0415
        from moderation import newcomers  # noqa: PLC0415
        from notifications import kinds  # noqa: PLC0415
        from transparency import register  # noqa: PLC0415

        newcomers.declare(review.has_published)
        merging.declare(Support, supporting.absorb)
        subjects.declare(desk_lines.SUBJECT)
        kinds.declare(*own_kinds.KINDS)
        register.declare(
            register.Act("idea.published", "Une idée a été publiée"),
            register.Act("idea.corrected", "Une idée a été corrigée par son auteur"),
            register.Act("idea.withdrawn", "Une idée a été retirée par son auteur"),
            register.Act("idea.renewed", "L’auteur d’une idée lui a donné un second délai"),
            register.Act("idea.expired", "Le délai d’une idée est passé sans les soutiens demandés"),
            register.Act("idea.supported", "Une personne a soutenu une idée"),
            register.Act("idea.unsupported", "Une personne a retiré son soutien à une idée"),
            register.Act("idea.threshold_passed", "Une idée a atteint un seuil de soutiens, ou la moitié du chemin"),
            register.Act("idea.text_held", "Un texte sur une idée attend la relecture de la modération"),
            register.Act("idea.comment_published", "Un commentaire sur une idée a été publié"),
            register.Act("idea.comment_withdrawn", "Un commentaire sur une idée a été retiré par son auteur"),
        )
