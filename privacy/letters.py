"""The mails about people's data: all of them service messages, about oneself. Their names are read by staff: plain French."""

from notifications import kinds

KINDS = kinds.services(
    "privacy",
    (
        ("request_code", "Code d’une demande", "Le code qui confirme votre adresse pour une demande."),
        ("request_received", "Demande reçue", "Votre demande sur vos données est arrivée."),
        (
            "request_paused",
            "Demande en attente",
            "Le délai de votre demande est arrêté, et ce qui est attendu de vous.",
        ),
        ("request_extended", "Demande prolongée", "Votre demande demande plus de temps, et pourquoi."),
        ("request_answered", "Réponse à une demande", "La réponse à votre demande sur vos données."),
        ("limited", "Données mises de côté", "Vos données ne sont plus montrées, le temps de l’examen."),
        ("limit_lifted", "Données montrées de nouveau", "Vos données ne sont plus mises de côté, et pourquoi."),
        ("inactive_first", "Compte inutilisé", "Votre compte n’a pas servi depuis deux ans."),
        ("inactive_second", "Compte inutilisé, un mois", "Votre compte sera fermé dans trente jours."),
        ("inactive_last", "Compte inutilisé, une semaine", "Votre compte sera fermé dans sept jours."),
        ("inactive_closed", "Compte inutilisé fermé", "Votre compte est fermé, et ce qui en reste."),
    ),
)
