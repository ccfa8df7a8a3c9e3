"""Who sees what of the acts of the idea box: read by the pages and by the published table."""

from django.utils.translation import gettext_lazy as _

from mulhouse.who_sees import Act, Seen

ACTS = (
    Act(
        code="idea",
        label=_("Déposer une idée"),
        sentence=_(
            "Qui voit quoi\u00a0: tout le monde lit votre idée, ses photos et votre signature. Votre adresse électronique "
            "n’est jamais montrée."
        ),
        name=Seen.EVERYBODY,
        words=Seen.EVERYBODY,
        choice=Seen.NOTHING,
        stored=_("Le texte et ses photos, avec votre compte\u00a0; sans nom après sa fermeture."),
    ),
    Act(
        code="idea_support",
        label=_("Soutenir une idée"),
        sentence=_(
            "Qui voit quoi\u00a0: votre soutien est compté. Personne ne voit qui a soutenu quoi, les agents et l’auteur "
            "non plus."
        ),
        name=Seen.NOBODY,
        words=Seen.NOTHING,
        choice=Seen.NOBODY,
        stored=_(
            "Le soutien et son jour, liés à vous, pour qu’il ne compte qu’une fois. Aucune page ne le montre à d’autres."
        ),
    ),
    Act(
        code="idea_comment",
        label=_("Commenter une idée"),
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
        code="idea_gathering",
        label=_("Dire si votre soutien compte pour une idée qui en réunit d’autres"),
        sentence=_(
            "Qui voit quoi\u00a0: un oui est compté, une fois par personne. Personne ne voit ce que vous avez répondu, les "
            "agents et les auteurs non plus."
        ),
        name=Seen.NOBODY,
        words=Seen.NOTHING,
        choice=Seen.NOBODY,
        stored=_("Votre réponse, liée à vous, tant que les idées restent réunies."),
    ),
    Act(
        code="idea_amendment",
        label=_("Proposer de modifier une idée, ou y répondre"),
        sentence=_(
            "Qui voit quoi\u00a0: tout le monde lit votre texte et votre nom public, ou votre quartier s’il signe votre idée."
        ),
        name=Seen.EVERYBODY,
        words=Seen.EVERYBODY,
        choice=Seen.NOTHING,
        stored=_("Le texte, avec votre compte\u00a0; sans nom après sa fermeture."),
    ),
    Act(
        code="idea_news",
        label=_("Donner des nouvelles de son idée"),
        sentence=_(
            "Qui voit quoi\u00a0: tout le monde lit vos nouvelles, signées comme votre idée. Qui la suit les reçoit."
        ),
        name=Seen.EVERYBODY,
        words=Seen.EVERYBODY,
        choice=Seen.NOTHING,
        stored=_("Le texte, avec votre compte\u00a0; sans nom après sa fermeture."),
    ),
)
