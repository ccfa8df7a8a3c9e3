"""What this room tells people: what always leaves, and what one may have less often or not at all."""

from django.utils.translation import gettext_lazy as _

from consultations import deadlines
from notifications.kinds import Frequency, Kind, services

KINDS = (
    *services(
        "consultations",
        (
            ("published", "Contribution publiée", "Votre contribution est en ligne, avec sa référence."),
            ("released", "Texte relu et publié", "Votre texte, relu par la modération, est publié."),
            (
                "questionnaire",
                "Réponses reçues",
                "Vos réponses à un questionnaire sont arrivées, avec leur référence.",
            ),
            ("promise", "Réponse promise", "La Ville doit une réponse\u00a0: rappel aux agents."),
            (
                "amendment",
                "Règle changée",
                "Une règle change dans une consultation où vous participez ou que vous suivez.",
            ),
        ),
    ),
    Kind(
        "consultations.outcomes",
        _("Réponses de la Ville à ce que j’ai écrit"),
        _("Ce que la Ville fait de vos contributions, de vos commentaires, de vos réponses, et pourquoi."),
        frequency=Frequency.NOW,
        is_own=True,
        is_put_off=False,
    ),
    Kind(
        "consultations.replies",
        _("Commentaires sur ce que j’ai écrit"),
        _("Quelqu’un commente votre contribution, ou répond à votre commentaire."),
        frequency=Frequency.DAILY,
        is_own=True,
    ),
    Kind(
        "consultations.opened",
        _("Nouvelles consultations"),
        _("Une consultation s’ouvre sur un thème ou dans un quartier que vous suivez."),
        frequency=Frequency.NOW,
    ),
    Kind(
        "consultations.phase",
        _("Étapes d’une consultation"),
        _("Une nouvelle étape commence dans une consultation que vous suivez."),
        frequency=Frequency.NOW,
    ),
    Kind(
        "consultations.deadline",
        _("Derniers jours pour participer"),
        _("Une consultation que vous suivez se termine dans trois jours, et vous n’y avez pas encore participé."),
        frequency=Frequency.NOW,
        is_put_off=False,
        settled=deadlines.settled,
    ),
)
