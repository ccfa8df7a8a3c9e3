"""Every kind of mail of the idea box."""

from notifications.kinds import services

KINDS = (
    *services(
        "ideas",
        (
            ("published", "Idée publiée", "Votre idée est publiée."),
            ("released", "Texte relu et publié", "Votre texte sur une idée, relu par la modération, est publié."),
        ),
    ),
)
