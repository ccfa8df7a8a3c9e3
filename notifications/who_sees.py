"""Who sees what of the acts of this room: read by the pages and by the published table."""

from django.utils.translation import gettext_lazy as _

from mulhouse.who_sees import Act, Seen

ACTS = (
    Act(
        code="follow",
        label=_("Suivre un sujet"),
        sentence=_(
            "Qui voit quoi\u00a0: personne ne voit ce que vous suivez, ni quand nous vous écrivons. Les agents non plus."
        ),
        name=Seen.NOBODY,
        words=Seen.NOTHING,
        choice=Seen.NOBODY,
        stored=_("Les sujets et la fréquence, avec votre compte\u00a0; chaque nouvelle, six mois."),
    ),
)
