"""Every kind of mail of the idea box."""

from notifications.kinds import services

KINDS = (
    *services(
        "ideas",
        (
            ("published", "Idée publiée", "Votre idée est publiée."),
            ("coauthor_invited", "Invitation à signer une idée", "L’auteur d’une idée vous propose de la signer."),
            ("coauthor_accepted", "Co-auteur", "Quelqu’un signe votre idée avec vous."),
            ("coauthor_corrected", "Idée corrigée", "L’auteur d’une idée que vous signez l’a corrigée."),
        ),
    ),
)
