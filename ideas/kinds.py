"""Every kind of mail of the idea box."""

from django.utils.translation import gettext_lazy as _

from notifications.kinds import Frequency, Kind, services

KINDS = (
    *services(
        "ideas",
        (("published", "Idée publiée", "Votre idée est publiée."),),
    ),
    Kind(
        "ideas.replies",
        _("Commentaires sur mes idées"),
        _("Quelqu’un commente votre idée, vous pose une question, ou répond à votre commentaire."),
        frequency=Frequency.DAILY,
        is_own=True,
    ),
)
