"""Every kind of mail of the idea box."""

from notifications.kinds import services

KINDS = (
    *services(
        "ideas",
        (("published", "Idée publiée", "Votre idée est publiée."),),
    ),
)
