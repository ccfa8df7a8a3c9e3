"""Ideas as an app."""

from django.apps import AppConfig


class IdeasConfig(AppConfig):
    """Residents propose and support; the city studies the most popular and most realistic, and answers."""

    name = "ideas"
    verbose_name = "Boîte à idées"

    def ready(self) -> None:
        """Declare what the app writes on the register, holds about people, shows at home and to agents, and lets one follow."""
        # These need the registry of apps, which is ready by now.
        from desk import merging  # noqa: PLC0415
        from ideas import kinds as own_kinds  # noqa: PLC0415
        from ideas import review, supporting  # noqa: PLC0415
        from ideas.models import Support  # noqa: PLC0415
        from moderation import newcomers  # noqa: PLC0415
        from notifications import kinds  # noqa: PLC0415
        from transparency import register  # noqa: PLC0415

        newcomers.declare(review.has_published)
        merging.declare(Support, supporting.absorb)
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

        # The desk, paper and phone; those who sign an idea with its author.
        from desk import keeping, rooms  # noqa: PLC0415
        from ideas import coauthor_data, desk_pages  # noqa: PLC0415
        from mulhouse import personal_data as registry  # noqa: PLC0415
        from mulhouse import who_sees as acts  # noqa: PLC0415

        rooms.declare(desk_pages.IdeasDesk())
        # Whoever lost their fingerprint could support the same idea twice.
        keeping.declare(lambda: Support.objects.filter(person__isnull=False, idea__stage="support").values("person"))
        registry.declare(coauthor_data.HOLDING)
        acts.declare(coauthor_data.ACT)
        register.declare(
            register.Act("idea.assisted", "Un agent a publié une idée pour une personne, avec son accord"),
            register.Act("idea.sheet_entered", "Un agent a compté les soutiens d’une feuille signée"),
            register.Act("idea.coauthor_invited", "L’auteur d’une idée a invité quelqu’un à la signer"),
            register.Act("idea.coauthor_cancelled", "L’auteur d’une idée a annulé une invitation à la signer"),
            register.Act("idea.coauthor_accepted", "Une personne signe une idée avec son auteur"),
            register.Act("idea.coauthor_declined", "Une personne invitée ne signe pas une idée"),
            register.Act("idea.coauthor_left", "Une personne ne signe plus une idée"),
        )
