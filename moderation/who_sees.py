"""Who sees what of the acts of this room: read by the pages and by the published table."""

from django.utils.translation import gettext_lazy as _

from mulhouse.who_sees import Act, Seen

ACTS = (
    Act(
        code="report",
        label=_("Signaler un texte, une image ou un nom"),
        sentence=_(
            "Seule la modération lit votre signalement, et vous voyez quand. L’auteur ne sait jamais qui l’a signalé\u00a0; "
            "s’il y a une décision, il en lit les motifs."
        ),
        name=Seen.AGENTS,
        words=Seen.AGENTS,
        choice=Seen.AGENTS,
        stored=_("Votre nom, votre adresse et vos mots, jusqu’à trente jours après la dernière réponse."),
    ),
    Act(
        code="appeal",
        label=_("Contester une décision de modération"),
        sentence=_(
            "Qui voit quoi\u00a0: seule la modération lit vos raisons. Les chiffres publics comptent les contestations, sans nom."
        ),
        name=Seen.AGENTS,
        words=Seen.AGENTS,
        choice=Seen.NOTHING,
        stored=_("Vos raisons et la réponse, avec votre compte\u00a0; sans lien avec vous après sa fermeture."),
    ),
)
