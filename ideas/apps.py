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
            register.Act(
                "idea.supports_verified", "Des soutiens comptent désormais comme ceux de résidences vérifiées"
            ),
            register.Act("idea.threshold_passed", "Une idée a atteint un seuil de soutiens, ou la moitié du chemin"),
            register.Act("idea.text_held", "Un texte sur une idée attend la relecture de la modération"),
            register.Act("idea.comment_published", "Un commentaire sur une idée a été publié"),
            register.Act("idea.comment_withdrawn", "Un commentaire sur une idée a été retiré par son auteur"),
        )

        # What is known about people, set aside and kept; what acts say of who sees what; what is followed.
        from ideas import eliminating, personal_data, setting_aside, topics, who_sees  # noqa: PLC0415
        from mulhouse import personal_data as registry  # noqa: PLC0415
        from mulhouse import who_sees as acts  # noqa: PLC0415
        from notifications import topics as followed  # noqa: PLC0415
        from privacy import archives, quarantine  # noqa: PLC0415

        registry.declare(*personal_data.HOLDINGS)
        quarantine.declare("ideas", setting_aside.SHELF)
        archives.declare(*eliminating.CATEGORIES)
        acts.declare(*who_sees.ACTS)
        followed.declare(topics.IDEA, many=topics.ideas_named)
        followed.declare(topics.CAMPAIGN, many=topics.campaigns_named)

        # What moderation reads first, takes away, masks and gives back.
        from ideas import hiding, holding  # noqa: PLC0415
        from moderation import kinds as moderated  # noqa: PLC0415

        moderated.register(*hiding.KINDS, *holding.KINDS)

        # Open data, what the search finds, what is counted again at night.
        from ideas import counters, searchable  # noqa: PLC0415
        from ideas import datasets as own_datasets  # noqa: PLC0415
        from opendata import datasets  # noqa: PLC0415
        from search import registry as searched  # noqa: PLC0415
        from transparency import recounting  # noqa: PLC0415

        datasets.declare(*own_datasets.DATASETS)
        datasets.harmless(*own_datasets.HARMLESS)
        searched.register(*searchable.SOURCES)
        recounting.declare(counters.ACT, counters.TABLES)
        register.declare(
            register.Act(counters.ACT, "Des nombres affichés de la boîte à idées ont été recomptés et corrigés")
        )

        # Ideas gathered under one, changes that others propose, news of authors.
        from ideas import gathering, gathering_personal_data, said_hiding  # noqa: PLC0415
        from ideas.models import CarryAnswer  # noqa: PLC0415

        registry.declare(*gathering_personal_data.HOLDINGS)
        quarantine.declare("ideas.said", quarantine.Shelf(hide=said_hiding.set_aside, show=said_hiding.show_again))
        moderated.register(*said_hiding.KINDS)
        merging.declare(CarryAnswer, gathering.absorb)
        datasets.harmless(
            *(f"idea.{act}" for act in ("gathering_proposed", "gathering_answered", "gathering_dropped", "gathered")),
            *(f"idea.{act}" for act in ("separation_asked", "pair_dismissed", "amendment_proposed")),
            *(f"idea.{act}" for act in ("amendment_answered", "author_news", "said_withdrawn")),
        )
        register.declare(
            register.Act("idea.gathering_proposed", "On a proposé de regrouper des idées"),
            register.Act("idea.gathering_answered", "L’auteur d’une idée a répondu à une proposition de regroupement"),
            register.Act("idea.gathering_dropped", "Une proposition de regrouper des idées n’a pas abouti"),
            register.Act("idea.gathered", "Des idées ont été regroupées sous une idée commune"),
            register.Act(
                "idea.separation_asked", "L’auteur d’une idée regroupée a demandé la séparation, ou y a renoncé"
            ),
            register.Act("idea.separated", "Des idées regroupées ont été séparées"),
            register.Act("idea.pair_dismissed", "Un agent a écarté deux idées qui semblaient proches"),
            register.Act("idea.amendment_proposed", "Une personne a proposé de modifier une idée"),
            register.Act("idea.amendment_answered", "L’auteur d’une idée a répondu à une modification proposée"),
            register.Act("idea.author_news", "L’auteur d’une idée en a donné des nouvelles"),
            register.Act(
                "idea.said_withdrawn", "Une modification proposée, ou une nouvelle, a été retirée par son auteur"
            ),
        )
