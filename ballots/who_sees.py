"""Who sees what of the acts of this room: read by the pages and by the published table."""

from django.utils.translation import gettext_lazy as _

from mulhouse.who_sees import Act, Seen

ACTS = (
    Act(
        code="vote",
        label=_("Voter à bulletin secret"),
        sentence=_(
            "Qui voit quoi\u00a0: la Ville note que vous avez voté, avec le jour. Votre choix part dans l’urne, sans "
            "nom, sans heure et sans ordre."
        ),
        name=Seen.NOBODY,
        words=Seen.NOTHING,
        choice=Seen.NOBODY,
        stored=_("Le fait d’avoir voté, un mois après le dépouillement. Le bulletin n’est lié à personne."),
    ),
)
