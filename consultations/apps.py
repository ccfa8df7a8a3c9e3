"""Consultations as an app."""

from django.apps import AppConfig


class ConsultationsConfig(AppConfig):
    """Consultations, contributions, positions, debate."""

    name = "consultations"
    verbose_name = "Consultations"

    def ready(self) -> None:
        """Declare what the app writes on the register, holds about people, shows at home and to agents, and lets one follow."""
        # These need the registry of apps, which is ready by now.
        from consultations import (  # noqa: PLC0415
            announcing,
            eliminating,
            holding,
            homepage,
            participation,
            personal_data,
            queues,
            review,
            setting_aside,
            who_sees,
        )
        from consultations import kinds as own_kinds  # noqa: PLC0415
        from consultations.models import Participation  # noqa: PLC0415
        from desk import merging  # noqa: PLC0415
        from moderation import kinds as moderated  # noqa: PLC0415
        from moderation import newcomers  # noqa: PLC0415
        from mulhouse import home, work  # noqa: PLC0415
        from mulhouse import personal_data as registry  # noqa: PLC0415
        from mulhouse import who_sees as acts  # noqa: PLC0415
        from notifications import kinds, topics  # noqa: PLC0415
        from privacy import archives, quarantine  # noqa: PLC0415
        from transparency import register  # noqa: PLC0415

        # Texts that moderation reads before they are public.
        moderated.register(*holding.KINDS)
        newcomers.declare(review.has_published)
        registry.declare(*personal_data.HOLDINGS)
        quarantine.declare("consultations", setting_aside.SHELF)
        archives.declare(*eliminating.CATEGORIES)
        acts.declare(*who_sees.ACTS)
        merging.declare(Participation, participation.absorb)
        home.register(homepage.SOURCE)
        work.register(work.WorkQueue("consultations.change_consultation", queues.consultations))
        topics.declare("consultation", homepage.topic, many=announcing.consultations_named)
        for kind, named, is_open in (
            (announcing.THEME, announcing.themes_named, True),
            (announcing.DISTRICT, announcing.districts_named, True),
            (announcing.CONTRIBUTION, announcing.contributions_named, False),
            (announcing.COMMENT, announcing.comments_named, False),
        ):
            topics.declare(kind, many=named, is_open=is_open)
        kinds.declare(*own_kinds.KINDS)
        register.declare(
            register.Act("contribution.published", "Une contribution a été publiée"),
            register.Act("contribution.corrected", "Une contribution a été corrigée par son auteur"),
            register.Act("contribution.withdrawn", "Une contribution a été retirée par son auteur"),
            register.Act("text.held", "Un texte déposé attend la relecture de la modération"),
            register.Act("position.taken", "Une personne a pris position sur une contribution"),
            register.Act("position.withdrawn", "Une personne a retiré sa position sur une contribution"),
            register.Act("comment.published", "Un commentaire a été publié"),
            register.Act("comment.withdrawn", "Un commentaire a été retiré par son auteur"),
            register.Act("comment.supported", "Une personne a soutenu un commentaire"),
            register.Act("comment.unsupported", "Une personne a retiré son soutien à un commentaire"),
        )

        register.declare(
            register.Act(
                "contribution.assisted", "Un agent a publié une contribution pour une personne, avec son accord"
            ),
            register.Act("consultation.table_entered", "Un agent a publié les notes d’une table de réunion"),
        )

        # The promise of an answer, what contributors are told, the commitments that follow.
        from consultations import promises as own_promises  # noqa: PLC0415
        from transparency import promises  # noqa: PLC0415

        promises.register(own_promises.SOURCE)
        work.register(work.WorkQueue(None, queues.answers))
        register.declare(
            register.Act("consultation.answer_reminded", "Le site a rappelé à la Ville la réponse qu’elle a promise"),
            register.Act("outcome.told", "Les personnes ont reçu la réponse de la Ville à leurs avis"),
        )

        register.declare(
            register.Act("consultation.draft", "Un agent a travaillé sur une consultation non publiée"),
            register.Act("consultation.published", "Une consultation a été publiée"),
            register.Act("consultation.changed", "La présentation d’une consultation a changé"),
            register.Act("consultation.dates_changed", "Les dates d’une consultation ont changé"),
            register.Act("consultation.question_changed", "Les questions d’une consultation ont changé"),
            register.Act("consultation.document_saved", "Un document a été ajouté ou changé dans une consultation"),
            register.Act("consultation.document_removed", "Un document a été retiré d’une consultation"),
            register.Act("consultation.archived", "Une consultation a été archivée"),
            register.Act("consultation.recounted", "Des nombres affichés ont été recomptés et corrigés"),
            register.Act("consultation.packaged", "Le dossier d’archives d’une consultation a été fait"),
            register.Act("consultation.reopened", "Une consultation est sortie des archives"),
            register.Act("consultation.imported", "Une consultation tenue ailleurs a été reprise"),
            register.Act("consultation.demo", "Des exemples ont été ajoutés pour la démonstration"),
        )

        register.declare(
            register.Act("outcome.published", "La Ville a publié des réponses aux avis"),
            register.Act("outcome.returned", "Un avis est revenu à la réponse de ses thèmes"),
            register.Act("outcome.ended", "Des avis ne tiennent plus une réponse publiée"),
            register.Act("opinion.grouped", "Des avis qui disent la même chose ont été regroupés"),
            register.Act("opinion.ungrouped", "Un avis a été sorti d’un groupe"),
            register.Act("analysis.moved", "Des avis ont changé de place dans le compte des réponses"),
            register.Act(
                "analysis.prepared", "Un agent a préparé l’analyse des avis ou une réponse, sans rien publier"
            ),
            register.Act("consultation.package_asked", "Un agent a demandé le dossier d’archives d’une consultation"),
            register.Act("report.pdf_asked", "Un agent a demandé de nouveau le PDF d’un bilan"),
            register.Act("analysis.collected", "Les textes libres d’un questionnaire ont rejoint les avis à traiter"),
            register.Act("questionnaire.texts_taken", "Un agent a téléchargé les textes libres d’un questionnaire"),
            register.Act("questionnaire.file_taken", "Un agent a téléchargé un fichier joint à une réponse"),
            register.Act("comment.marked", "Un commentaire est compté comme une proposition"),
            register.Act("comment.unmarked", "Un commentaire n’est plus compté comme une proposition"),
        )

        register.declare(
            register.Act("report.draft", "Un agent a travaillé sur un bilan non publié"),
            register.Act("report.published", "Le bilan d’une consultation a été publié"),
            register.Act("report.pdf_made", "Le PDF d’un bilan a été fabriqué"),
        )

        # What moderation may take away, mask and give back.
        from consultations import answer_hiding, hiding  # noqa: PLC0415

        moderated.register(*hiding.KINDS, answer_hiding.KIND)

        # Open data: what a consultation gives, and which acts take nothing away from it.
        from consultations import datasets as own_datasets  # noqa: PLC0415
        from opendata import datasets  # noqa: PLC0415

        datasets.declare(*own_datasets.DATASETS)
        datasets.harmless(*own_datasets.HARMLESS)

        # What the search finds.
        from consultations import searchable  # noqa: PLC0415
        from search import registry as searched  # noqa: PLC0415

        searched.register(*searchable.SOURCES)

        # What is counted again at night.
        from consultations import counters  # noqa: PLC0415
        from transparency import recounting  # noqa: PLC0415

        recounting.declare("consultations", counters.TABLES, counters.record)
