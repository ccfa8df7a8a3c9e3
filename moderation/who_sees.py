"""Who sees what of the acts of this room: read by the pages and by the published table."""

from django.utils.translation import gettext_lazy as _

from mulhouse.who_sees import Act, Seen

ACTS = (
    Act(
        code="report",
        label=_("Signaler un texte, une image ou un nom"),
        sentence=_(
            "Seule la modération lit votre signalement. L’auteur n’en connaît ni l’existence ni l’origine\u00a0; s’il y a une "
            "décision, il en lit les motifs."
        ),
        name=Seen.AGENTS,
        words=Seen.AGENTS,
        choice=Seen.AGENTS,
        stored=_("Votre nom, votre adresse et vos mots, jusqu’à trente jours après la dernière réponse."),
    ),
)
