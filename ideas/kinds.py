"""Every kind of mail of the idea box."""

from django.utils.translation import gettext_lazy as _

from notifications.kinds import Frequency, Kind, services

KINDS = (
    *services(
        "ideas",
        (
            ("published", "Idée publiée", "Votre idée est publiée."),
            ("released", "Texte relu et publié", "Votre texte sur une idée, relu par la modération, est publié."),
        ),
    ),
    *services(
        "ideas", (("gathering", "Regroupement de votre idée", "On propose de regrouper votre idée, ou c’est fait."),)
    ),
    Kind(
        "ideas.gathered",
        _("Idées que je soutiens, regroupées"),
        _("Une idée que vous soutenez est regroupée\u00a0: dites si votre soutien compte pour l’idée commune."),
        frequency=Frequency.NOW,
        is_own=True,
    ),
    Kind(
        "ideas.amendments",
        _("Modifications d’une idée"),
        _("Quelqu’un propose de modifier votre idée, ou l’auteur d’une idée répond à votre proposition."),
        frequency=Frequency.DAILY,
        is_own=True,
    ),
    Kind(
        "ideas.news",
        _("Nouvelles des auteurs d’idées"),
        _("L’auteur d’une idée que vous suivez en donne des nouvelles, une fois par semaine au plus."),
        frequency=Frequency.DAILY,
    ),
)
