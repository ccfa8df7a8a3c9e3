"""Every kind of mail of the idea box."""

from django.utils.translation import gettext_lazy as _

from notifications.kinds import Frequency, Kind, services

KINDS = (
    *services(
        "ideas",
        (("published", "Idée publiée", "Votre idée est publiée."),),
    ),
    Kind(
        "ideas.answer",
        _("Réponse de la Ville à mon idée"),
        _("Ce que la Ville décide de votre idée, et pourquoi."),
        template="ideas/city",
        frequency=Frequency.NOW,
        is_own=True,
        is_put_off=False,
    ),
    Kind(
        "ideas.news",
        _("Nouvelles d’une idée"),
        _("Ce que la Ville fait d’une idée que vous suivez\u00a0: étude, réponse, réalisation."),
        template="ideas/city",
        frequency=Frequency.NOW,
    ),
)
