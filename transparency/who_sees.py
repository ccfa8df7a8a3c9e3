"""Who sees what of the acts of this room: read by the pages and by the published table."""

from django.utils.translation import gettext_lazy as _

from mulhouse.who_sees import Act, Seen

ACTS = (
    Act(
        code="report_fault",
        label=_("Signaler un défaut d’accessibilité"),
        sentence=_(
            "L’équipe du portail lit votre message. La date de la réponse et la réponse sont publiques\u00a0; ni votre "
            "message ni votre adresse ne le sont."
        ),
        name=Seen.NOTHING,
        words=Seen.AGENTS,
        choice=Seen.NOTHING,
        stored=_("Le texte, un an après la réponse\u00a0; l’adresse, un mois."),
    ),
)
