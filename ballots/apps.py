"""Ballots as an app."""

from django.apps import AppConfig


class BallotsConfig(AppConfig):
    """Secret votes: who voted in one table, what was voted in another."""

    name = "ballots"
    verbose_name = "Votes secrets"

    def ready(self) -> None:
        """Declare what the room writes on the register and knows about people."""
        # These need the registry of apps, which is ready by now.
        from ballots import personal_data, who_sees  # noqa: PLC0415
        from ballots.models import RollLine  # noqa: PLC0415
        from desk import keeping  # noqa: PLC0415
        from mulhouse import personal_data as registry  # noqa: PLC0415
        from mulhouse import who_sees as acts  # noqa: PLC0415
        from transparency import register  # noqa: PLC0415

        registry.declare(*personal_data.HOLDINGS)
        acts.declare(*who_sees.ACTS)
        keeping.declare(lambda: RollLine.objects.filter(person__isnull=False).values("person"))
        register.declare(
            register.Act("vote.draft", "Un agent a préparé un vote non publié"),
            register.Act("vote.published", "Un vote secret a été annoncé, avec ses règles"),
            register.Act("vote.extended", "Le dernier jour d’un vote secret a été repoussé"),
            register.Act("vote.cancelled", "Un vote secret a été annulé, son urne détruite sans être ouverte"),
            register.Act("vote.turnout", "Le nombre de votants d’un vote secret, en fin de journée"),
            register.Act("vote.paper_counted", "Un agent a compté les bulletins papier d’un vote"),
            register.Act("vote.counted", "Un vote secret a été dépouillé"),
        )
