"""The mails of moderation: all of them service messages, about oneself. Their names are read by staff: plain French."""

from notifications import kinds

KINDS = kinds.services(
    "moderation",
    (
        ("report_received", "Signalement reçu", "Votre signalement est arrivé, avec sa référence."),
        ("report_answered", "Suite d’un signalement", "Ce que la modération a décidé de ce que vous avez signalé."),
        ("decided", "Décision sur un texte", "Une décision touche un de vos textes, avec ses motifs."),
        ("blocked", "Publications suspendues", "Vous ne pouvez plus publier pendant un temps, et pourquoi."),
        ("appeal_received", "Contestation reçue", "Votre contestation est arrivée."),
        ("appeal_answered", "Contestation jugée", "Une autre personne a réexaminé la décision."),
    ),
)
