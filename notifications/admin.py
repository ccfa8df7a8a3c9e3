"""The outbox and the addresses that refuse, in the staff space. Never what a mail says: codes and links open accounts."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from mulhouse.staff import Button, ShownAdmin
from notifications import actions, kinds
from notifications.forms import ReopeningForm
from notifications.models import AddressState, OutboundMail


def _retry(actor: Any, mail: OutboundMail, answers: dict[str, Any]) -> str:
    actions.retry(actor=actor, mail=mail, at=timezone.now())
    return "Ce courriel repart dans l’instant."


def masked(address: str) -> str:
    """Show enough of an address to recognise one that is known, too little to learn it."""
    name, _, domain = address.partition("@")
    return f"{name[:1]}…@{domain}"


def _label(code: str) -> str:
    """Name a sort of mail; by its code when no version of the site declares it any more."""
    try:
        return str(kinds.find(code).label)
    except kinds.UnknownKindError:
        return code


class SortFilter(admin.SimpleListFilter):
    """One sort of mail."""

    title = "sorte"
    parameter_name = "sorte"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Name the sorts."""
        return sorted(((kind.code, str(kind.label)) for kind in kinds.everything()), key=lambda one: one[1])

    def queryset(self, request: HttpRequest, queryset: QuerySet[OutboundMail]) -> QuerySet[OutboundMail]:
        """Keep one."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


@admin.register(OutboundMail)
class OutboundMailAdmin(ShownAdmin):
    """Mails, the most recent first; those that failed can leave again."""

    navigation = "Courriels"
    navigation_rank = 70
    list_intro = "Ce que le site a envoyé. Le texte n’est pas montré\u00a0: il peut contenir un code."
    search_label = "une adresse entière"
    list_display = ("subject_line", "sort", "recipient", "state", "attempts", "created_at", "sent_at")
    list_filter = ("state", SortFilter)
    search_addresses = ("=to",)
    ordering = ("-created_at",)
    fields = (
        "subject_line",
        "sort",
        "recipient",
        "state",
        "attempts",
        "last_error",
        "created_at",
        "send_after",
        "sent_at",
    )
    readonly_fields = ("subject_line", "sort", "recipient")
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

    @admin.display(description="sorte", ordering="kind")
    def sort(self, mail: OutboundMail) -> str:
        """Name its sort."""
        return _label(mail.kind)

    @admin.display(description="destinataire")
    def recipient(self, mail: OutboundMail) -> str:
        """Show to whom it goes, masked."""
        return masked(mail.to)


def _reopen(actor: Any, state: AddressState, answers: dict[str, Any]) -> str:
    actions.reopen_address(actor=actor, state=state, reason=answers["reason"], at=timezone.now())
    return "Le site écrit de nouveau à cette adresse. Si elle refuse encore, elle reviendra ici."


@admin.register(AddressState)
class AddressStateAdmin(ShownAdmin):
    """What mail servers said of addresses; the whole address is shown to nobody."""

    list_intro = (
        "Ce que les serveurs de courriel et le fournisseur ont dit. Une adresse qui refuse ne reçoit plus que les codes et ce qui "
        "touche au compte\u00a0; une plainte a arrêté la sorte de courriel nommée."
    )
    search_label = "une adresse entière"
    list_display = ("recipient", "bounced_at", "bounce_code", "complained_at", "sort", "reported_by", "updated_at")
    empty_title = "Aucune adresse ne refuse"
    empty_words = "Les refus et les plaintes que le fournisseur rapporte arrivent ici."
    list_filter = (
        ("bounced_at", admin.EmptyFieldListFilter),
        ("complained_at", admin.EmptyFieldListFilter),
        "reported_by",
    )
    search_addresses = ("=address",)
    ordering = ("-updated_at", "-pk")
    fields = ("recipient", "bounced_at", "bounce_code", "complained_at", "sort", "reported_by", "updated_at")
    readonly_fields = ("recipient", "sort")
    buttons = (
        Button(
            name="reprendre",
            label="Écrire de nouveau à cette adresse",
            permission="notifications.change_addressstate",
            run=_reopen,
            form=ReopeningForm,
            shown=lambda state: state.is_refusing,
        ),
    )

    def row_title(self, row: AddressState) -> str:
        """Name an address, masked."""
        return masked(row.address)

    @admin.display(description="adresse")
    def recipient(self, row: AddressState) -> str:
        """Show the address, masked."""
        return masked(row.address)

    @admin.display(description="plainte sur la sorte", ordering="complained_of")
    def sort(self, row: AddressState) -> str:
        """Name the kind of mail that was called unwanted."""
        return _label(row.complained_of) if row.complained_of else ""
