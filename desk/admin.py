"""Where residents live, verified by an agent: the same gesture takes their identity, so that they count once by any channel.

What is typed about an identity is never kept.
"""

from pathlib import PurePosixPath
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from accounts import actions as accounts
from accounts import documents
from accounts.admin import ReasonForm
from accounts.models import Residency
from desk import actions
from desk.forms import IDENTITY, AddressForm, SeenForm, VerifyForm
from desk.models import Person, Receipt
from desk.pages import LINKED, DeskAdmin
from mulhouse.errors import DomainError
from mulhouse.staff import NOT_YOURS, Button, ShownAdmin
from mulhouse.typography import local_day

OPEN_DOCUMENT = "ouvrir-le-justificatif"
BY_ADDRESS = Button(
    name="par-adresse",
    label="Chercher par adresse",
    permission="accounts.verify_residency",
    run=lambda _actor, _row, _answers: "",
    question="La personne est au guichet et vous donne son adresse. Elle verra que vous l’avez cherchée.",
)
admin.site.register(Receipt, DeskAdmin)


class ResidencyState(admin.SimpleListFilter):
    """Where a declaration stands."""

    title = "état"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Give the states."""
        return [
            ("waiting", "À vérifier"),
            ("verified", "Vérifiées"),
            ("unseen", "Vérifiées, identité à voir"),
            ("refused", "Refusées"),
            ("ended", "Terminées"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Residency]) -> QuerySet[Residency]:
        """Keep one state."""
        today = local_day(timezone.now())
        standing = Residency.objects.standing()
        verified = standing.filter(verified_on__isnull=False, expires_on__gt=today)
        kept: dict[str, QuerySet[Residency]] = {
            "waiting": Residency.objects.waiting(),
            "verified": verified,
            "unseen": verified.filter(~Exists(_seen().filter(user=OuterRef("user")))),
            "refused": standing.filter(refused_at__isnull=False),
            "ended": Residency.objects.filter(ended_on__isnull=False),
        }
        chosen = kept.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(pk__in=chosen.values("pk"))


def _verify(actor: Any, row: Residency, answers: dict[str, Any]) -> str:
    actions.verify_residency(
        actor=actor,
        residency=row,
        method=answers["method"],
        fingerprint=answers["fingerprint"],
        at=timezone.now(),
    )
    return "La résidence est vérifiée pour un an. La personne est prévenue, le document est effacé."


def _link(actor: Any, row: Residency, answers: dict[str, Any]) -> str:
    actions.link_account(actor=actor, user=row.user, fingerprint=answers["fingerprint"])
    return LINKED


def _refuse(actor: Any, row: Residency, answers: dict[str, Any]) -> str:
    accounts.refuse_residency(actor=actor, residency=row, reason=answers["reason"], at=timezone.now())
    return "La demande est refusée. La personne a reçu le motif, le document est effacé."


def _unlock(actor: Any, row: Residency, answers: dict[str, Any]) -> str:
    accounts.unlock_verification(actor=actor, person=row.user)
    return "La personne peut faire une nouvelle demande tout de suite."


def _has_document(row: Residency) -> bool:
    return row.is_waiting and bool(row.document)


def _open(actor: Any, row: Residency, answers: dict[str, Any]) -> str:
    raise Http404  # The document is an answer of its own: `ResidencyAdmin.press`.


def _is_open(row: Residency) -> bool:
    return row.ended_on is None and row.verified_on is None


def _is_unseen(row: Residency) -> bool:
    """Tell whether a residency is verified and no agent has tied its account to an identity."""
    return row.ended_on is None and row.verified_on is not None and not _seen().filter(user=row.user_id).exists()


def _seen() -> QuerySet[Person]:
    return Person.objects.filter(identity_hash__isnull=False)


@admin.register(Residency)
class ResidencyAdmin(ShownAdmin):
    """Where people say they live, and what an agent answered."""

    navigation = "Résidences"
    navigation_rank = 40
    list_intro = "Une déclaration par personne. Les demandes de vérification ont une réponse sous sept jours."
    search_label = "par nom public"
    list_display = ("person", "district", "declared_at", "requested_at", "verified_on", "expires_on", "refused_at")
    list_select_related = ("user", "district")
    list_filter = (ResidencyState,)
    search_fields = ("user__public_name",)
    search_addresses = ("=user__email",)
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
            name=OPEN_DOCUMENT,
            label="Ouvrir le justificatif",
            permission="accounts.verify_residency",
            run=_open,
            shown=_has_document,
        ),
        Button(
            name="verifier",
            label="Vérifier la résidence",
            permission="accounts.verify_residency",
            run=_verify,
            form=VerifyForm,
            question="Au guichet, écrivez ce que dit la pièce d’identité\u00a0: la personne compte une fois, et peut voter en ligne. Rien "
            "n’en est gardé qu’une empreinte. Sur un document envoyé, laissez ces lignes vides si vous n’avez pas vu de pièce d’identité.",
            shown=_is_open,
        ),
        Button(
            name="identite",
            label="Rattacher le compte à une identité",
            permission="accounts.verify_residency",
            run=_link,
            form=SeenForm,
            question="La personne est au guichet\u00a0: écrivez ce que dit sa pièce d’identité. Elle compte alors une fois, en ligne et "
            "ici, et peut voter en ligne. Rien n’en est gardé qu’une empreinte.",
            shown=_is_unseen,
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
        """Add the page that finds a residency by the address its person gives."""
        view = self.admin_site.admin_view(self.by_address)
        return [path("par-adresse/", view, name="accounts_residency_by_address"), *super().get_urls()]

    def list_links(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Lead to it."""
        if not request.user.has_perm(BY_ADDRESS.permission):
            return []
        return [(BY_ADDRESS.label, reverse("admin:accounts_residency_by_address"))]

    @method_decorator(sensitive_post_parameters("email"))
    def by_address(self, request: HttpRequest) -> HttpResponse:
        """Find the residency of who stands at the desk: the address is typed in a POST, and they see that it was looked up.

        Raises: PermissionDenied for anybody else.
        """
        if not request.user.has_perm(BY_ADDRESS.permission):
            raise PermissionDenied(NOT_YOURS)
        form = AddressForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                person = accounts.find_by_address(actor=request.user, address=form.cleaned_data["email"])  # type: ignore[arg-type] # signed in: the admin asks it
            except DomainError as error:
                form.add_error("email", error.message)
            else:
                row = Residency.objects.filter(user=person).order_by("-declared_at", "-pk").first() if person else None
                if row is not None:
                    return HttpResponseRedirect(self.row_url(row))
                form.add_error("email", "Aucune résidence n’est déclarée avec cette adresse.")
        context = {
            **self.admin_site.each_context(request),
            "title": BY_ADDRESS.label,
            "subtitle": "",
            "opts": self.opts,
            "row_title": "par adresse",
            "row_url": self.list_url(),
            "button": BY_ADDRESS,
            "form": form,
            "multipart": False,
        }
        return TemplateResponse(request, "admin/button.html", context, status=422 if form.errors else 200)

    @method_decorator(sensitive_post_parameters(*IDENTITY))
    def press(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Keep what is typed of an identity out of any report of error; the document is an answer of its own."""
        if name == OPEN_DOCUMENT and request.method == "POST":
            return self.document(request, object_id)
        return super().press(request, object_id, name)

    @admin.display(description="personne", ordering="user__public_name")
    def person(self, residency: Residency) -> str:
        """Name the person as everybody sees them."""
        return str(residency.user)

    @admin.display(description="justificatif")
    def proof(self, residency: Residency) -> str:
        """Say whether there is a document: it is opened by the button, and its person sees that it was."""
        return "Envoyé, à ouvrir par le bouton" if residency.document else "Aucun"

    def document(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Hand the document over to who verifies, as a download: it is never opened by this site.

        Raises: PermissionDenied for anybody else.
        """
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        if not request.user.has_perm("accounts.verify_residency"):
            raise PermissionDenied(NOT_YOURS)
        try:
            held = accounts.open_document(actor=request.user, residency=row)  # type: ignore[arg-type] # signed in: the admin asks it
        except DomainError as error:
            messages.error(request, error.message)
            return HttpResponseRedirect(self.row_url(row))
        suffix = PurePosixPath(held.name or "").suffix
        with held.open("rb") as file:
            content = file.read()
        response = HttpResponse(content, content_type=documents.CONTENT_TYPES.get(suffix, "application/octet-stream"))
        response["Content-Disposition"] = f'attachment; filename="justificatif{suffix}"'
        response["Cache-Control"] = "private, no-store"
        return response
