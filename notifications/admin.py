"""The outbox in the staff space: what left, what did not and why. Never what it says: codes and links open accounts."""

from typing import Any

from django.contrib import admin
from django.utils import timezone

from mulhouse.staff import Button, ShownAdmin
from notifications import actions
from notifications.models import OutboundMail


def _retry(actor: Any, mail: OutboundMail, answers: dict[str, Any]) -> str:
    actions.retry(actor=actor, mail=mail, at=timezone.now())
    return "Ce courriel repart dans l’instant."


def masked(address: str) -> str:
    """Show enough of an address to recognise one that is known, too little to learn it."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}…@{domain}"


@admin.register(OutboundMail)
class OutboundMailAdmin(ShownAdmin):
    """Mails, the most recent first; those that failed can leave again."""

    navigation = "Courriels"
    navigation_rank = 70
    list_intro = "Ce que le site a envoyé. Le texte n’est pas montré\u00a0: il peut contenir un code."
    search_label = "une sorte"
    list_display = ("subject_line", "kind", "recipient", "state", "attempts", "created_at", "sent_at")
    list_filter = ("state", "kind")
    search_fields = ("=kind",)
    search_addresses = ("=to",)
    ordering = ("-created_at",)
    fields = (
        "subject_line",
        "kind",
        "recipient",
        "state",
        "attempts",
        "last_error",
        "created_at",
        "send_after",
        "sent_at",
    )
    readonly_fields = ("subject_line", "recipient")
    buttons = (
        Button(
            name="renvoyer",
            label="Renvoyer",
            permission="notifications.retry_outboundmail",
            run=_retry,
            shown=lambda mail: mail.state == OutboundMail.State.FAILED and not mail.secret,
        ),
    )

    def row_title(self, row: OutboundMail) -> str:
        """Name a mail without what it may give away."""
        return self.subject_line(row)

    @admin.display(description="sujet", ordering="subject")
    def subject_line(self, mail: OutboundMail) -> str:
        """Show the subject, but of what is confidential."""
        return "Confidentiel" if mail.secret else mail.subject

    @admin.display(description="destinataire")
    def recipient(self, mail: OutboundMail) -> str:
        """Show to whom it goes, masked."""
        return masked(mail.to)
