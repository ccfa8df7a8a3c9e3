"""Every kind of mail of the idea box."""

from django.utils.translation import gettext_lazy as _

from notifications.kinds import Frequency, Kind, services

KINDS = (
    *services(
        "ideas",
        (
            ("published", "Idée publiée", "Votre idée est publiée."),
            ("released", "Texte relu et publié", "Votre texte sur une idée, relu par la modération, est publié."),
            ("coauthor_invited", "Invitation à signer une idée", "L’auteur d’une idée vous propose de la signer."),
            ("coauthor_accepted", "Co-auteur", "Quelqu’un signe votre idée avec vous."),
            ("coauthor_corrected", "Idée corrigée", "L’auteur d’une idée que vous signez l’a corrigée."),
        ),
    ),
    Kind(
        "ideas.threshold",
        _("Seuils de soutien de mes idées"),
        _("Votre idée atteint un seuil de soutiens, ou la moitié du chemin."),
        frequency=Frequency.NOW,
        is_own=True,
        is_put_off=False,
    ),
    Kind(
        "ideas.term",
        _("Délai de mes idées"),
        _("Le délai pour soutenir votre idée se termine dans une semaine, ou il est passé."),
        frequency=Frequency.NOW,
        is_own=True,
        is_put_off=False,
    ),
    Kind(
        "ideas.replies",
        _("Commentaires sur mes idées"),
        _("Quelqu’un commente votre idée, vous pose une question, ou répond à votre commentaire."),
        frequency=Frequency.DAILY,
        is_own=True,
    ),
    Kind(
        "ideas.answer",
        _("Réponse de la Ville à mon idée"),
        _("Ce que la Ville décide de votre idée, et pourquoi."),
        template="ideas/city",
        frequency=Frequency.NOW,
        is_own=True,
        is_put_off=False,
    ),
    Kind(
        "ideas.news",
        _("Nouvelles d’une idée"),
        _("Ce que la Ville fait d’une idée que vous suivez\u00a0: étude, réponse, réalisation."),
        template="ideas/city",
        frequency=Frequency.NOW,
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
        "ideas.author_news",
        _("Nouvelles des auteurs d’idées"),
        _("L’auteur d’une idée que vous suivez en donne des nouvelles, une fois par semaine au plus."),
        frequency=Frequency.DAILY,
    ),
)
