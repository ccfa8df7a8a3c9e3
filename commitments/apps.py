"""Commitments as an app."""

from django.apps import AppConfig


class CommitmentsConfig(AppConfig):
    """What the city promised, by when, and what became of it."""

    name = "commitments"
    verbose_name = "Engagements"

    def ready(self) -> None:
        """Declare what the app writes on the register, shows at home and to agents, and lets one follow."""
        # These need the registry of apps, which is ready by now.
        from commitments import following, homepage, queues  # noqa: PLC0415
        from commitments import kinds as own_kinds  # noqa: PLC0415
        from mulhouse import home, work  # noqa: PLC0415
        from notifications import kinds, topics  # noqa: PLC0415
        from transparency import register  # noqa: PLC0415

        home.register(homepage.SOURCE)
        work.register(work.WorkQueue("commitments.publish_commitment", queues.commitments))
        topics.declare("commitment", following.topic, many=following.named)
        kinds.declare(own_kinds.NEWS)
        register.declare(
            register.Act("commitment.draft", "Un agent a travaillé sur un engagement non publié"),
            register.Act("commitment.published", "La Ville a pris un engagement"),
            register.Act("commitment.changed", "Le texte d’un engagement a changé"),
            register.Act("commitment.news", "La Ville a donné des nouvelles d’un engagement"),
            register.Act("commitment.due_date_changed", "L’échéance d’un engagement a changé"),
        )

        from commitments import datasets as own_datasets  # noqa: PLC0415
        from opendata import datasets  # noqa: PLC0415

        datasets.declare(*own_datasets.DATASETS)
        datasets.harmless("commitment.draft", "commitment.published", "commitment.news")

        # What the search finds.
        from commitments import searchable  # noqa: PLC0415
        from search import registry as searched  # noqa: PLC0415

        searched.register(*searchable.SOURCES)
