"""The staff's table about people: who holds which role, to give and take. Where they live is read at the desk (`desk.admin`)."""

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone

from accounts import actions, matrix, roles
from accounts.models import User
from city.models import Service
from mulhouse.reasons import ReasonField
from mulhouse.staff import Button, ShownAdmin


class ReasonForm(forms.Form):
    """Why: kept, and told to the person."""

    reason = ReasonField(help_text="La personne le lira.")


class DangerForm(forms.Form):
    """What an account is suspended against."""

    danger = forms.ChoiceField(
        label="Motif",
        choices=actions.Danger.choices,
        widget=forms.RadioSelect,
        help_text="La personne le lira. Pour ce qu’elle a écrit, la modération suspend ses publications : elle peut alors contester.",
    )


class PurposeForm(forms.Form):
    """Why an address is shown."""

    purpose = forms.ChoiceField(
        label="Motif",
        choices=actions.Purpose.choices,
        widget=forms.RadioSelect,
        help_text="Il est écrit dans le registre public, sans nommer personne.",
    )


class RoleForm(forms.Form):
    """Which role."""

    role = forms.ChoiceField(label="Rôle", choices=[(role.code, role.label) for role in roles.ROLES.values()])


class GrantForm(RoleForm):
    """Which role, and of which service for the one that has no meaning without."""

    service = forms.ModelChoiceField(
        label="Service",
        queryset=Service.objects.order_by("position", "name"),
        required=False,
        empty_label="Aucun",
        help_text=f"Pour le rôle «\u00a0{roles.SERVICE.label}\u00a0» seulement.",
    )


def _grant(actor: Any, row: User, answers: dict[str, Any]) -> str:
    role = roles.ROLES[answers["role"]]
    actions.grant_role(actor=actor, person=row, role=role, service=answers["service"])
    return f"Le rôle « {role.label} » est donné. La personne est prévenue et devra se reconnecter."


def _revoke(actor: Any, row: User, answers: dict[str, Any]) -> str:
    role = roles.ROLES[answers["role"]]
    actions.revoke_role(actor=actor, person=row, role=role)
    return f"Le rôle « {role.label} » est retiré. La personne est prévenue."


def _show_email(actor: Any, row: User, answers: dict[str, Any]) -> str:
    purpose = actions.Purpose(answers["purpose"])
    return f"Adresse électronique : {actions.show_email(actor=actor, person=row, purpose=purpose)}"


def _suspend(actor: Any, row: User, answers: dict[str, Any]) -> str:
    danger = actions.Danger(answers["danger"])
    actions.suspend_account(actor=actor, person=row, danger=danger, at=timezone.now())
    return "Le compte est suspendu. La personne a reçu le motif, la date de fin et ses recours."


def _reopen(actor: Any, row: User, answers: dict[str, Any]) -> str:
    actions.reopen_account(actor=actor, person=row, at=timezone.now())
    return "Le compte est rouvert. La personne est prévenue."


@admin.register(User)
class UserAdmin(ShownAdmin):
    """People: their public name and their roles. The address is shown on demand only, and that is written down."""

    navigation = "Personnes et rôles"
    navigation_rank = 60
    list_intro = "Les adresses électroniques ne sont pas affichées. Une adresse complète se cherche."
    search_label = "par nom public, ou par adresse électronique exacte"
    list_display = ("__str__", "district", "held_roles", "is_active", "date_joined")
    list_select_related = ("district", "service")
    list_filter = ("is_active", "is_staff")
    search_fields = ("public_name",)
    search_addresses = ("=email",)
    ordering = ("-date_joined", "-pk")
    fields = ("public_name", "district", "language", "held_roles", "is_active", "date_joined")
    buttons = (
        Button(
            name="donner-un-role",
            label="Donner un rôle",
            permission="accounts.grant_role",
            run=_grant,
            form=GrantForm,
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
            form=DangerForm,
            question=f"Pour la sécurité seulement, {actions.SUSPENDED_DAYS} jours au plus. La personne est déconnectée et son mot de passe "
            "est effacé.",
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

    def get_urls(self) -> list[URLPattern]:
        """Add the table of roles, which every member of staff may read."""
        return [path("roles/", self.admin_site.admin_view(self.role_matrix), name="role_matrix"), *super().get_urls()]

    def role_matrix(self, request: HttpRequest) -> HttpResponse:
        """Show who may do what, and how many people hold each role."""
        context = {
            **self.admin_site.each_context(request),
            "title": "Qui peut faire quoi",
            "holders": matrix.holders(),
            "sections": matrix.sections(),
        }
        return TemplateResponse(request, "admin/accounts/role_matrix.html", context)

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Read the roles of a page in one query."""
        people: QuerySet[User] = super().get_queryset(request)
        return people.prefetch_related("groups")

    @admin.display(description="rôles")
    def held_roles(self, user: User) -> str:
        """Name the roles of a person."""
        held = {group.name for group in user.groups.all()}
        named = [
            f"{role.label} ({user.service})" if role.of_service and user.service else role.label
            for role in roles.ROLES.values()
            if role.code in held
        ]
        return ", ".join([*named, *(["Compte technique"] if user.is_superuser else [])]) or "Habitant"
