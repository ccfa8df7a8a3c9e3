"""Who sees what of the acts of this room: read by the pages and by the published table."""

from django.utils.translation import gettext_lazy as _

from mulhouse.who_sees import Act, Seen

ACTS = (
    Act(
        code="take_part",
        label=_("Prendre part à une consultation"),
        sentence=_(
            "Qui voit quoi\u00a0: vos textes sont publics, sous votre nom public ou «\u00a0un habitant de votre "
            "quartier\u00a0». Vos positions sont comptées, jamais montrées."
        ),
        name=Seen.EVERYBODY,
        words=Seen.EVERYBODY,
        choice=Seen.NOBODY,
        stored=_("Ce que vous publiez, avec votre compte tant qu’il est ouvert."),
    ),
    Act(
        code="contribution",
        label=_("Publier une contribution"),
        sentence=_(
            "Qui voit quoi\u00a0: tout le monde lit votre texte, ses photos et votre signature. Votre adresse "
            "électronique n’est jamais montrée."
        ),
        name=Seen.EVERYBODY,
        words=Seen.EVERYBODY,
        choice=Seen.NOTHING,
        stored=_("Le texte et ses fichiers, avec votre compte\u00a0; sans nom après sa fermeture."),
    ),
    Act(
        code="position",
        label=_("Prendre position sur une contribution"),
        sentence=_(
            "Qui voit quoi\u00a0: votre position est comptée. Personne ne voit laquelle est la vôtre, les agents non "
            "plus."
        ),
        name=Seen.NOBODY,
        words=Seen.NOTHING,
        choice=Seen.NOBODY,
        stored=_(
            "La position, liée à votre compte, pour qu’elle ne compte qu’une fois. Aucune page ne la montre à d’autres."
        ),
    ),
    Act(
        code="comment",
        label=_("Commenter une contribution"),
        sentence=_(
            "Qui voit quoi\u00a0: tout le monde lit votre commentaire et votre nom public. Vous pouvez le retirer à tout "
            "moment."
        ),
        name=Seen.EVERYBODY,
        words=Seen.EVERYBODY,
        choice=Seen.EVERYBODY,
        stored=_("Le texte, avec votre compte\u00a0; sans nom après sa fermeture."),
    ),
    Act(
        code="support",
        label=_("Soutenir un commentaire"),
        sentence=_(
            "Qui voit quoi\u00a0: votre soutien est compté. Personne ne voit qui a soutenu quoi, les agents non plus."
        ),
        name=Seen.NOBODY,
        words=Seen.NOTHING,
        choice=Seen.NOBODY,
        stored=_("Le soutien, lié à votre compte, pour qu’il ne compte qu’une fois."),
    ),
    Act(
        code="open_data",
        label=_("Ce qui va dans les fichiers ouverts"),
        sentence=_(
            "Ni adresse électronique, ni brouillon, ni texte retiré. Les positions et les soutiens sont des "
            "totaux\u00a0: personne ne sait qui a pris quelle position."
        ),
        name=Seen.EVERYBODY,
        words=Seen.EVERYBODY,
        choice=Seen.NOBODY,
        stored=_("Les textes publiés et leur signature, jamais votre compte."),
    ),
)
