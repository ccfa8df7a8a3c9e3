"""Who sees what of the acts of this room: read by the pages and by the published table."""

from django.utils.translation import gettext_lazy as _

from mulhouse.who_sees import Act, Seen

ACTS = (
    Act(
        code="answer",
        label=_("Répondre à un questionnaire"),
        sentence=_(
            "Qui voit quoi\u00a0: les résultats sont publiés en chiffres, sans nom. Des agents lisent les textes libres, "
            "sans savoir qui les a écrits. Un texte n’est rendu public qu’après leur relecture, et sans nom."
        ),
        name=Seen.NOBODY,
        words=Seen.AGENTS,
        choice=Seen.NOBODY,
        stored=_(
            "La réponse, liée à votre compte tant qu’il est ouvert, pour vous la rendre et ne la compter qu’une fois."
        ),
    ),
)
