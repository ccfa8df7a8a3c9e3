"""The register and the accessibility faults, in the staff space."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from mulhouse.staff import Button, ShownAdmin
from transparency import actions, register
from transparency.forms import AnswerForm, PauseForm
from transparency.models import AccessibilityFault, RegisterLine

ANSWER = "transparency.answer_accessibilityfault"


def _answer(actor: Any, fault: AccessibilityFault, answers: dict[str, Any]) -> str:
    actions.answer_fault(actor=actor, fault=fault, answer=answers["answer"], at=timezone.now())
    return "La réponse est publiée. Elle part aussi par courriel si une adresse a été laissée."


def _pause(actor: Any, fault: AccessibilityFault, answers: dict[str, Any]) -> str:
    actions.pause_fault(actor=actor, fault=fault, reason=answers["reason"], at=timezone.now())
    return "Le délai est arrêté. Le motif est public."


def _resume(actor: Any, fault: AccessibilityFault, answers: dict[str, Any]) -> str:
    actions.resume_fault(actor=actor, fault=fault, at=timezone.now())
    return "Le délai court de nouveau."


@admin.register(AccessibilityFault)
class AccessibilityFaultAdmin(ShownAdmin):
    """Faults, those without an answer first by their due date."""

    navigation = "Accessibilité"
    list_intro = "Chaque signalement reçoit une réponse publique sous une semaine."
    search_label = "une référence ou une page"
    list_display = ("reference", "page", "received_at", "due_at", "answered_at")
    list_filter = (("answered_at", admin.EmptyFieldListFilter),)
    search_fields = ("reference", "page")
    ordering = ("-received_at", "-pk")
    # The address is used by the site to answer; agents do not need it.
    exclude = ("email",)
    buttons = (
        Button(
            name="repondre",
            label="Répondre",
            permission=ANSWER,
            run=_answer,
            form=AnswerForm,
            shown=lambda fault: fault.answered_at is None,
        ),
        Button(
            name="arreter-le-delai",
            label="Arrêter le délai",
            permission=ANSWER,
            run=_pause,
            form=PauseForm,
            question="Le temps que la personne précise ce qui la bloque. Un retard déjà pris ne s’efface pas.",
            shown=lambda fault: fault.answered_at is None and not fault.is_paused,
        ),
        Button(
            name="reprendre-le-delai",
            label="Reprendre le délai",
            permission=ANSWER,
            run=_resume,
            shown=lambda fault: fault.answered_at is None and fault.is_paused,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessibilityFault]:
        """Read with each fault whether its clock stands still."""
        rows: Any = super().get_queryset(request)
        found: QuerySet[AccessibilityFault] = rows.with_clock()
        return found


@admin.register(RegisterLine)
class RegisterLineAdmin(ShownAdmin):
    """The register as everybody reads it; who stood behind a line is asked for on another page, and that is on the register."""

    navigation = "Registre"
    navigation_rank = 60
    list_intro = "Les actes publics, du plus récent au plus ancien. Aucune ligne ne se change ni ne s’efface."
    search_label = "une référence ou l’adresse d’une consultation"
    rows_name = "lignes du registre"
    list_display = ("what", "number", "at", "role", "subject")
    search_fields = ("=subject",)
    list_filter = ("role",)
    ordering = ("-number",)
    fields = ("number", "at", "what", "role", "subject", "content", "previous", "seal")
    readonly_fields = ("what",)

    def row_title(self, row: RegisterLine) -> str:
        """Name a line by its number and its act in words."""
        return f"n°\u00a0{row.number}\u00a0· {self.what(row)}"

    @admin.display(description="acte", ordering="act")
    def what(self, line: RegisterLine) -> str:
        """Say the act in words."""
        return str(register.label(line.act))
