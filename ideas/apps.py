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
        from ideas import homepage, queues, review, supporting  # noqa: PLC0415
        from ideas import kinds as own_kinds  # noqa: PLC0415
        from ideas.demo import seeding  # noqa: PLC0415
        from ideas.models import Support  # noqa: PLC0415
        from moderation import newcomers  # noqa: PLC0415
        from mulhouse import demo, home, work  # noqa: PLC0415
        from notifications import kinds  # noqa: PLC0415
        from transparency import register  # noqa: PLC0415

        newcomers.declare(review.has_published)
        merging.declare(Support, supporting.absorb)
        kinds.declare(*own_kinds.KINDS)
        home.register(homepage.SOURCE)
        demo.declare("boîte à idées", seeding.seed)
        work.register(work.WorkQueue("ideas.view_idea", queues.ideas))
        work.register(work.WorkQueue("ideas.change_studypart", queues.own_parts))
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
            register.Act("idea.demo", "Une campagne d’idées de démonstration a été chargée"),
            register.Act("idea.imported", "Les projets d’une autre ville ont été repris"),
            register.Act("idea.text_held", "Un texte sur une idée attend la relecture de la modération"),
            register.Act("idea.comment_published", "Un commentaire sur une idée a été publié"),
            register.Act("idea.comment_withdrawn", "Un commentaire sur une idée a été retiré par son auteur"),
            register.Act("idea.campaign_draft", "Un agent a travaillé sur une campagne d’idées non publiée"),
            register.Act("idea.campaign_published", "Une campagne d’idées a été publiée, avec ses règles"),
            register.Act("idea.read", "La Ville a publié la première lecture d’une idée"),
            register.Act("idea.study_opened", "La Ville a ouvert l’étude d’une idée"),
            register.Act("idea.study_part_asked", "La Ville a demandé la part d’un service dans une étude"),
            register.Act("idea.study_part_given", "Un service a rendu sa part dans l’étude d’une idée"),
            register.Act("idea.study_worked", "Un agent a travaillé sur l’étude d’une idée"),
            register.Act("idea.study_paused", "Le délai d’une étude est arrêté, pour un motif public"),
            register.Act("idea.study_resumed", "Le délai d’une étude court de nouveau"),
            register.Act("idea.answered", "La Ville a répondu à une idée"),
            register.Act("idea.answer_corrected", "La Ville a corrigé sa réponse à une idée"),
            register.Act("idea.reacted", "L’auteur d’une idée a réagi à la réponse de la Ville"),
            register.Act("idea.reaction_withdrawn", "L’auteur d’une idée a retiré sa réaction à la réponse"),
            register.Act("idea.planned", "La Ville a annoncé le calendrier d’une réalisation"),
            register.Act("idea.step_done", "Une étape d’une réalisation est faite"),
            register.Act("idea.date_changed", "La date d’une étape d’une réalisation a changé"),
            register.Act("idea.realisation_news", "La Ville a donné des nouvelles d’une réalisation"),
            register.Act("idea.promise_kept", "La Ville a tenu la promesse d’un seuil atteint par une idée"),
            register.Act("idea.abandoned", "La Ville a renoncé à une idée, avec ses raisons"),
        )
        self._declare_data()
        self._declare_desk()
        self._declare_gathering()

    def _declare_data(self) -> None:
        """Declare what is known about people and who sees it, what is followed, moderated, given, found, promised and counted again."""
        from ideas import eliminating, personal_data, replying, setting_aside, topics, who_sees  # noqa: PLC0415
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
        followed.declare(replying.COMMENT, many=replying.comments_named)
        followed.declare(topics.AMENDMENT, many=topics.amendments_named)
        followed.declare(topics.AUTHOR_NEWS, many=topics.author_news_named)

        # What moderation reads first, takes away, masks and gives back.
        from ideas import hiding, holding  # noqa: PLC0415
        from moderation import kinds as moderated  # noqa: PLC0415

        moderated.register(*hiding.KINDS, *holding.KINDS)

        # Open data, what the search finds, what is counted again at night.
        from ideas import clocks, counters, searchable  # noqa: PLC0415
        from ideas import datasets as own_datasets  # noqa: PLC0415
        from opendata import datasets  # noqa: PLC0415
        from search import registry as searched  # noqa: PLC0415
        from transparency import promising, recounting, register  # noqa: PLC0415

        datasets.declare(*own_datasets.DATASETS)
        datasets.harmless(*own_datasets.HARMLESS)
        searched.register(*searchable.SOURCES)
        promising.declare(*clocks.KINDS)
        recounting.declare("ideas", counters.TABLES, counters.record)
        register.declare(
            register.Act("idea.recounted", "Des nombres affichés de la boîte à idées ont été recomptés et corrigés")
        )

    def _declare_desk(self) -> None:
        """Declare the desk, paper and phone, and those who sign an idea with its author."""
        from desk import keeping, rooms  # noqa: PLC0415
        from ideas import coauthor_data, desk_pages  # noqa: PLC0415
        from ideas.models import Support  # noqa: PLC0415
        from mulhouse import personal_data as registry  # noqa: PLC0415
        from mulhouse import who_sees as acts  # noqa: PLC0415
        from transparency import register  # noqa: PLC0415

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

    def _declare_gathering(self) -> None:
        """Declare ideas gathered under one, changes that others propose, news of authors."""
        from desk import merging  # noqa: PLC0415
        from ideas import gathering, gathering_personal_data, said_hiding  # noqa: PLC0415
        from ideas.models import CarryAnswer  # noqa: PLC0415
        from moderation import kinds as moderated  # noqa: PLC0415
        from mulhouse import personal_data as registry  # noqa: PLC0415
        from opendata import datasets  # noqa: PLC0415
        from privacy import quarantine  # noqa: PLC0415
        from transparency import register  # noqa: PLC0415

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
