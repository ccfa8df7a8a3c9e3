"""Who sees what of the acts of this room: read by the pages and by the published table."""

from django.utils.translation import gettext_lazy as _

from mulhouse.who_sees import Act, Seen

ACTS = (
    Act(
        code="sign_up",
        label=_("Ouvrir un compte"),
        sentence=_(
            "Votre adresse reste entre vous et la Ville\u00a0: un agent ne l’affiche que pour un motif, et vous le voyez. "
            "Vous choisirez ensuite le nom que tout le monde voit."
        ),
        name=Seen.NOTHING,
        words=Seen.AGENTS,
        choice=Seen.NOTHING,
        stored=_("L’adresse et le mot de passe chiffré, jusqu’à la fermeture du compte."),
    ),
    Act(
        code="profile",
        label=_("Choisir un nom public"),
        sentence=_(
            "Tout le monde voit votre nom public et, à côté de vos contributions, votre quartier. Votre adresse "
            "électronique et votre année de naissance ne sont jamais publiées."
        ),
        name=Seen.EVERYBODY,
        words=Seen.EVERYBODY,
        choice=Seen.NOTHING,
        stored=_("Avec votre compte."),
    ),
    Act(
        code="residency_document",
        label=_("Envoyer un justificatif de domicile"),
        sentence=_("Seul l’agent qui vérifie ouvre votre document. Il est effacé dès sa réponse."),
        name=Seen.AGENTS,
        words=Seen.AGENTS,
        choice=Seen.NOTHING,
        stored=_("Le document, jusqu’à la réponse de l’agent."),
    ),
)
