"""Modération as an app."""

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    """One queue for everything residents write: reports, reasoned decisions, appeals, blocks."""

    name = "moderation"
    verbose_name = "Modération"

    def ready(self) -> None:
        """Declare what is moderated here, what waits for moderators, what the register is told, what is known of people."""
        # These need the registry of apps, which is ready by now.
        from django.utils.translation import gettext_lazy as _  # noqa: PLC0415

        from accounts import rules as accounts  # noqa: PLC0415
        from moderation import (  # noqa: PLC0415
            actions,
            cases,
            kinds,
            letters,
            personal_data,
            profiles,
            queues,
            rules,
            who_sees,
        )
        from moderation import datasets as own_datasets  # noqa: PLC0415
        from mulhouse import personal_data as registry  # noqa: PLC0415
        from mulhouse import who_sees as acts  # noqa: PLC0415
        from mulhouse import work  # noqa: PLC0415
        from notifications import kinds as mails  # noqa: PLC0415
        from opendata import datasets  # noqa: PLC0415
        from transparency import promising, register  # noqa: PLC0415

        kinds.register(profiles.KIND)
        accounts.ask_of_names(rules.name_refusal)
        mails.declare(*letters.KINDS)
        acts.declare(*who_sees.ACTS)
        registry.declare(*personal_data.HOLDINGS)
        promising.declare(
            promising.Kind(code=actions.APPEAL_PROMISE, label=_("Contestations de modération"), days=rules.ANSWER_DAYS),
            promising.Kind(code=cases.REPORT, label=_("Signalements"), days=cases.DAYS),
            promising.Kind(code=cases.URGENT, label=_("Signalements urgents"), days=1),
            promising.Kind(code=cases.REVIEW, label=_("Relectures avant publication"), days=cases.DAYS),
        )
        work.register(work.WorkQueue(None, queues.waiting))
        register.declare(
            register.Act("moderation.reported", "Une personne a signalé un contenu"),
            register.Act("moderation.reports_read", "La modération a lu ce que disent des signalements"),
            register.Act("moderation.opened", "La modération a ouvert un dossier sans signalement"),
            register.Act("moderation.kept", "La modération a laissé un contenu en ligne"),
            register.Act("moderation.hidden", "La modération a retiré un contenu, au titre d’un article de la charte"),
            register.Act("moderation.masked", "La modération a masqué des données personnelles dans un texte"),
            register.Act("moderation.appealed", "Une personne a contesté une décision de modération"),
            register.Act("moderation.upheld", "Une autre personne a confirmé une décision de modération"),
            register.Act("moderation.overturned", "Une autre personne a annulé une décision de modération"),
            register.Act("moderation.blocked", "La modération a suspendu les publications d’une personne"),
            register.Act("moderation.forgotten", "Le texte retiré a été effacé, le délai de contestation passé"),
        )
        datasets.declare(*own_datasets.DATASETS)
        datasets.harmless(
            *(
                f"moderation.{step}"
                for step in ("reported", "reports_read", "opened", "kept", "appealed", "upheld", "blocked", "forgotten")
            )
        )
