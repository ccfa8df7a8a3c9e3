"""Who sees what of the acts of this room: read by the pages and by the published table."""

from django.utils.translation import gettext_lazy as _

from mulhouse.who_sees import Act, Seen

ACTS = (
    Act(
        code="data_request",
        label=_("Faire une demande sur ses données"),
        sentence=_(
            "Qui voit quoi\u00a0: seuls les agents chargés des données personnelles ouvrent votre demande, et vous voyez quand. "
            "Le registre public dit qu’une demande a été reçue, jamais de qui."
        ),
        name=Seen.AGENTS,
        words=Seen.AGENTS,
        choice=Seen.NOTHING,
        stored=_("La demande et sa réponse, avec votre compte\u00a0; cinq ans après la réponse au plus."),
    ),
)
