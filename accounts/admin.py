"""The staff's tables about people: where residents live, to verify; who holds which role, to give and take."""

from pathlib import PurePosixPath
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_GET

from accounts import actions, documents, roles
from accounts.models import Residency, User
from mulhouse.reasons import ReasonField
from mulhouse.staff import NOT_YOURS, Button, ShownAdmin
from mulhouse.typography import local_day


class ReasonForm(forms.Form):
    """Why: kept, and told to the person."""

    reason = ReasonField(help_text="La personne le lira.")


class PurposeForm(forms.Form):
    """Why an address is shown."""

    purpose = forms.ChoiceField(
        label="Motif",
        choices=actions.Purpose.choices,
        widget=forms.RadioSelect,
        help_text="Il est écrit dans le registre public, sans nommer personne.",
    )


class MethodForm(forms.Form):
    """How a residency was checked."""

    method = forms.ChoiceField(label="Vérifiée", choices=Residency.Method.choices, widget=forms.RadioSelect)


class RoleForm(forms.Form):
    """Which role."""

    role = forms.ChoiceField(label="Rôle", choices=[(role.code, role.label) for role in roles.ROLES.values()])


# --- Residencies ----------------------------------------------------------------------------------------------------


class ResidencyState(admin.SimpleListFilter):
    """Where a declaration stands."""

    title = "état"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Give the states."""
        return [("waiting", "À vérifier"), ("verified", "Vérifiées"), ("refused", "Refusées"), ("ended", "Terminées")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Residency]) -> QuerySet[Residency]:
        """Keep one state."""
        today = local_day(timezone.now())
        standing = Residency.objects.standing()
        kept: dict[str, QuerySet[Residency]] = {
            "waiting": Residency.objects.waiting(),
            "verified": standing.filter(verified_on__isnull=False, expires_on__gt=today),
            "refused": standing.filter(refused_at__isnull=False),
            "ended": Residency.objects.filter(ended_on__isnull=False),
        }
        chosen = kept.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(pk__in=chosen.values("pk"))


def _verify(actor: Any, row: Residency, answers: dict[str, Any]) -> str:
    actions.verify_residency(actor=actor, residency=row, method=answers["method"], at=timezone.now())
    return "La résidence est vérifiée pour un an. La personne est prévenue, le document est effacé."


def _refuse(actor: Any, row: Residency, answers: dict[str, Any]) -> str:
    actions.refuse_residency(actor=actor, residency=row, reason=answers["reason"], at=timezone.now())
    return "La demande est refusée. La personne a reçu le motif, le document est effacé."


def _unlock(actor: Any, row: Residency, answers: dict[str, Any]) -> str:
    actions.unlock_verification(actor=actor, person=row.user)
    return "La personne peut faire une nouvelle demande tout de suite."


def _is_open(row: Residency) -> bool:
    return row.ended_on is None and row.verified_on is None


@admin.register(Residency)
class ResidencyAdmin(ShownAdmin):
    """Where people say they live, and what an agent answered."""

    navigation = "Résidences"
    navigation_rank = 40
    list_intro = "Une déclaration par personne. Les demandes de vérification ont une réponse sous sept jours."
    search_label = "par nom public, ou par adresse électronique exacte"
    list_display = ("person", "district", "declared_at", "requested_at", "verified_on", "expires_on", "refused_at")
    list_select_related = ("user", "district")
    list_filter = (ResidencyState,)
    search_fields = ("user__public_name", "=user__email")
    ordering = ("-declared_at", "-pk")
    fields = (
        "person",
        "district",
        "declared_at",
        "requested_at",
        "proof",
        "verified_on",
        "expires_on",
        "method",
        "refused_at",
        "refusal_reason",
        "ended_on",
    )
    buttons = (
        Button(
            name="verifier",
            label="Vérifier la résidence",
            permission="accounts.verify_residency",
            run=_verify,
            form=MethodForm,
            shown=_is_open,
        ),
        Button(
            name="refuser",
            label="Refuser la demande",
            permission="accounts.verify_residency",
            run=_refuse,
            form=ReasonForm,
            shown=lambda row: row.is_waiting,
            danger=True,
        ),
        Button(
            name="debloquer",
            label="Permettre une nouvelle demande",
            permission="accounts.verify_residency",
            run=_unlock,
            question="La personne a-t-elle été reçue au guichet ?",
            shown=lambda row: _is_open(row) and row.user.verification_locked_until is not None,
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the proof."""
        view = self.admin_site.admin_view(require_GET(self.document))
        return [path("<int:pk>/justificatif/", view, name="accounts_residency_document"), *super().get_urls()]

    @admin.display(description="personne", ordering="user__public_name")
    def person(self, residency: Residency) -> str:
        """Name the person as everybody sees them."""
        return str(residency.user)

    @admin.display(description="justificatif")
    def proof(self, residency: Residency) -> SafeString | str:
        """Link to the document while there is one."""
        if not residency.document:
            return "Aucun"
        url = reverse("admin:accounts_residency_document", args=[residency.pk])
        return format_html('<a href="{}">Télécharger le justificatif</a>', url)

    def document(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Hand the document over to who verifies, as a download: it is never opened by this site.

        Raises: PermissionDenied for anybody else.
        """
        if not request.user.has_perm("accounts.verify_residency"):
            raise PermissionDenied(NOT_YOURS)
        residency = Residency.objects.waiting().filter(pk=pk).exclude(document="").first()
        if residency is None:
            raise Http404
        suffix = PurePosixPath(residency.document.name or "").suffix
        response = FileResponse(
            residency.document.open("rb"),
            as_attachment=True,
            filename=f"justificatif{suffix}",
            content_type=documents.CONTENT_TYPES.get(suffix, "application/octet-stream"),
        )
        response["Cache-Control"] = "private, no-store"
        return response


# --- People ---------------------------------------------------------------------------------------------------------


def _grant(actor: Any, row: User, answers: dict[str, Any]) -> str:
    role = roles.ROLES[answers["role"]]
    actions.grant_role(actor=actor, person=row, role=role)
    return f"Le rôle « {role.label} » est donné. La personne est prévenue et devra se reconnecter."


def _revoke(actor: Any, row: User, answers: dict[str, Any]) -> str:
    role = roles.ROLES[answers["role"]]
    actions.revoke_role(actor=actor, person=row, role=role)
    return f"Le rôle « {role.label} » est retiré. La personne est prévenue."


def _show_email(actor: Any, row: User, answers: dict[str, Any]) -> str:
    purpose = actions.Purpose(answers["purpose"])
    return f"Adresse électronique : {actions.show_email(actor=actor, person=row, purpose=purpose)}"


def _suspend(actor: Any, row: User, answers: dict[str, Any]) -> str:
    actions.suspend_account(actor=actor, person=row, reason=answers["reason"])
    return "Le compte est suspendu. La personne a reçu le motif."


def _reopen(actor: Any, row: User, answers: dict[str, Any]) -> str:
    actions.reopen_account(actor=actor, person=row)
    return "Le compte est rouvert. La personne est prévenue."


@admin.register(User)
class UserAdmin(ShownAdmin):
    """People: their public name and their roles. The address is shown on demand only, and that is written down."""

    navigation = "Personnes et rôles"
    navigation_rank = 60
    list_intro = "Les adresses électroniques ne sont pas affichées. Une adresse complète se cherche."
    search_label = "par nom public, ou par adresse électronique exacte"
    list_display = ("__str__", "district", "held_roles", "is_active", "date_joined")
    list_select_related = ("district",)
    list_filter = ("is_active", "is_staff")
    search_fields = ("public_name",)
    ordering = ("-date_joined", "-pk")
    fields = ("public_name", "district", "language", "held_roles", "is_active", "date_joined", "last_login")
    buttons = (
        Button(
            name="donner-un-role",
            label="Donner un rôle",
            permission="accounts.grant_role",
            run=_grant,
            form=RoleForm,
            shown=lambda row: row.is_active,
        ),
        Button(
            name="retirer-un-role",
            label="Retirer un rôle",
            permission="accounts.grant_role",
            run=_revoke,
            form=RoleForm,
            shown=lambda row: row.is_staff,
        ),
        Button(
            name="afficher-l-adresse",
            label="Afficher l’adresse électronique",
            permission="accounts.view_email",
            run=_show_email,
            form=PurposeForm,
        ),
        Button(
            name="suspendre",
            label="Suspendre le compte",
            permission="accounts.deactivate_user",
            run=_suspend,
            form=ReasonForm,
            shown=lambda row: row.is_active,
            danger=True,
        ),
        Button(
            name="rouvrir",
            label="Rouvrir le compte",
            permission="accounts.deactivate_user",
            run=_reopen,
            question="Rouvrir ce compte ?",
            shown=lambda row: not row.is_active,
        ),
    )
    readonly_fields: ClassVar[tuple[str, ...]] = ("held_roles",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Read the roles of a page in one query."""
        people: QuerySet[User] = super().get_queryset(request)
        return people.prefetch_related("groups")

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Let those who may see addresses look one up."""
        return (*self.search_fields, "=email") if request.user.has_perm("accounts.view_email") else self.search_fields

    @admin.display(description="rôles")
    def held_roles(self, user: User) -> str:
        """Name the roles of a person."""
        held = {group.name for group in user.groups.all()}
        named = [role.label for role in roles.ROLES.values() if role.code in held]
        return ", ".join([*named, *(["Compte technique"] if user.is_superuser else [])]) or "Habitant"
