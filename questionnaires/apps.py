"""Questionnaires as an app."""

from django.apps import AppConfig


class QuestionnairesConfig(AppConfig):
    """Questions asked to many, answered once by each, reported without names."""

    name = "questionnaires"
    verbose_name = "Questionnaires"

    def ready(self) -> None:
        """Declare what the app writes on the register and what it holds about people."""
        # These need the registry of apps, which is ready by now.
        from mulhouse import personal_data as registry  # noqa: PLC0415
        from mulhouse import who_sees as acts  # noqa: PLC0415
        from questionnaires import personal_data, who_sees  # noqa: PLC0415
        from transparency import register  # noqa: PLC0415

        registry.declare(*personal_data.HOLDINGS)
        acts.declare(*who_sees.ACTS)
        register.declare(
            register.Act("questionnaire.answered", "Une personne a répondu à un questionnaire"),
            register.Act("questionnaire.answer_changed", "Une personne a changé sa réponse à un questionnaire"),
            register.Act("questionnaire.draft", "Un agent a travaillé sur un questionnaire non publié"),
            register.Act("questionnaire.published", "Un questionnaire a été publié"),
            register.Act("questionnaire.amended", "Une formulation d’un questionnaire publié a été corrigée"),
            register.Act("questionnaire.extended", "Le dernier jour d’un questionnaire a été repoussé"),
            register.Act("questionnaire.text_shown", "Un texte libre de questionnaire est montré, sans nom"),
            register.Act("questionnaire.text_hidden", "Un texte libre de questionnaire n’est plus montré"),
            register.Act("questionnaire.cancelled", "Un questionnaire a été annulé"),
        )
