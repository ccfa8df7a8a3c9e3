"""Commitments in the staff space: a list, the words of each, and the gestures that are public."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone

from commitments import actions, forms, photos, presentation, rules
from commitments.models import Commitment
from mulhouse.access import staff
from mulhouse.errors import DomainError, require
from mulhouse.staff import Button, ShownAdmin

WRITE = "commitments.change_commitment"
PUBLISH = "commitments.publish_commitment"


def _publish(actor: Any, commitment: Commitment, answers: dict[str, Any]) -> str:
    actions.publish(actor=actor, commitment=commitment, at=timezone.now())
    return "Publié. Tout le monde le voit, et ceux qui suivent sa source reçoivent un courriel."


def _add_news(actor: Any, commitment: Commitment, answers: dict[str, Any]) -> str:
    photo = photos.store(answers["photo"], alt=answers["alt"]) if answers["photo"] else None
    try:
        actions.add_news(
            actor=actor,
            commitment=commitment,
            text=answers["text"],
            state=answers["state"],
            happened_on=answers["happened_on"],
            photo=photo,
            at=timezone.now(),
        )
    except DomainError:
        photos.discard(photo)
        raise
    return "Nouvelle publiée. Les personnes qui suivent cet engagement reçoivent un courriel."


def _change_due_date(actor: Any, commitment: Commitment, answers: dict[str, Any]) -> str:
    actions.change_due_date(
        actor=actor, commitment=commitment, due_on=answers["due_on"], reason=answers["reason"], at=timezone.now()
    )
    return "Échéance changée. L’ancienne reste affichée, avec votre raison."


def _delete(actor: Any, commitment: Commitment, answers: dict[str, Any]) -> str:
    actions.delete_draft(actor=actor, commitment=commitment)
    return "Brouillon supprimé."


def _opens(actor: Any, commitment: Commitment, answers: dict[str, Any]) -> str:
    """Stand for a link that leads to a page of its own: nothing is done here."""
    raise DomainError("page", "Ce geste a sa propre page.")


def _is_draft(commitment: Commitment) -> bool:
    return commitment.published_at is None


class FollowFilter(admin.SimpleListFilter):
    """What waits: drafts, late ones, those without news."""

    title = "suivi"
    parameter_name = "suivi"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Name what waits."""
        return [("brouillon", "Non publié"), ("retard", "En retard"), ("silence", "Sans nouvelle depuis 90 jours")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep one sort."""
        at = timezone.now()
        kept: dict[str, QuerySet[Commitment]] = {
            "brouillon": Commitment.objects.filter(published_at=None),
            "retard": Commitment.objects.published().late(on=timezone.localdate(at)),
            "silence": Commitment.objects.silent(at=at),
        }
        found = kept.get(self.value() or "")
        return queryset if found is None else queryset.filter(pk__in=found.values("pk"))


@admin.register(Commitment)
class CommitmentAdmin(ShownAdmin):
    """The commitments, and the gestures on each."""

    navigation = "Engagements"
    navigation_rank = 15
    list_display = ("title", "where", "service", "due_on", "news_at")
    list_select_related = ("service",)
    list_filter = (FollowFilter, "state", "service", "theme")
    list_intro = (
        "Ce que la Ville a promis. Un retard se calcule d’après la date\u00a0: il se voit ici comme sur le site."
    )
    search_fields = ("title", "reference")
    search_label = "un titre ou une référence"
    ordering = ("-pk",)
    fields = (
        "reference",
        "title",
        "description",
        "where",
        "due_on",
        "first_due_on",
        "service",
        "theme",
        "district",
        "source_title",
        "published_at",
        "news_at",
    )
    readonly_fields = ("where",)
    buttons = (
        Button(
            name="publier",
            label="Publier",
            permission=PUBLISH,
            run=_publish,
            question="L’engagement devient visible de tous, avec son échéance. Il ne pourra plus être supprimé\u00a0: il se réalise ou "
            "il s’abandonne, avec ses raisons.",
            shown=_is_draft,
        ),
        Button(
            name="nouvelle",
            label="Donner des nouvelles",
            permission=PUBLISH,
            run=_add_news,
            form=forms.NewsForm,
            shown=lambda row: row.published_at is not None,
        ),
        Button(
            name="echeance",
            label="Changer l’échéance",
            permission=PUBLISH,
            run=_change_due_date,
            form=forms.DueDateForm,
            shown=lambda row: row.published_at is not None and row.is_running,
        ),
        Button(
            name="supprimer",
            label="Supprimer ce brouillon",
            permission=WRITE,
            run=_delete,
            question="Le brouillon disparaît. Rien ne permet de le retrouver.",
            shown=_is_draft,
            danger=True,
        ),
    )

    @admin.display(description="état", ordering="state")
    def where(self, commitment: Commitment) -> str:
        """Say its state, and its lateness."""
        if commitment.published_at is None:
            return "Enregistré, non publié"
        late = presentation.late_tag(presentation.clock(commitment, today=timezone.localdate()))
        state = commitment.get_state_display()
        return f"{state}, {str(late.label).lower()}" if late else state

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave drafts to those who write, and the long column out."""
        rows = super().get_queryset(request).defer("search")
        return rows if request.user.has_perm(WRITE) else rows.filter(published_at__isnull=False)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Show « Ajouter » to those who write."""
        return rules.write_refusal(request.user) is None

    def buttons_for(self, request: HttpRequest, row: Any) -> list[tuple[Button, str]]:
        """Add the way to the words of the commitment."""
        found = super().buttons_for(request, row)
        if rules.change_refusal(request.user, row) is not None:
            return found
        words = Button(name="modifier", label="Modifier le texte", permission=WRITE, run=_opens, question="…")
        return [*found, (words, reverse("admin:commitments_commitment_edit", args=[row.pk]))]

    def view_on_site(self, obj: Commitment) -> str | None:
        """Lead to the public page."""
        return obj.get_absolute_url() if obj.published_at else None

    def get_urls(self) -> list[URLPattern]:
        """Put our pages at the addresses of Django's forms."""
        opened = self.admin_site.admin_view
        return [
            path("add/", opened(create), name="commitments_commitment_add"),
            path("<int:pk>/modifier/", opened(edit), name="commitments_commitment_edit"),
            *super().get_urls(),
        ]


def address(commitment: Commitment) -> str:
    """Give the page of a commitment, where its gestures are."""
    return reverse("admin:commitments_commitment_change", args=[commitment.pk])


@staff(WRITE)
def create(request: HttpRequest) -> HttpResponse:
    """Begin a commitment that comes from none of the site's pages."""
    form = forms.CommitmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        commitment = actions.create(actor=request.user, values=form.values())
        messages.success(request, "Enregistré, non publié\u00a0: personne ne le voit.")
        return redirect(address(commitment))
    return _form_page(request, form, "Nouvel engagement")


@staff(WRITE)
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the words of a commitment."""
    commitment = get_object_or_404(Commitment.objects.defer("search"), pk=pk)
    require(rules.change_refusal(request.user, commitment))
    form = forms.CommitmentForm(request.POST or None, instance=commitment)
    if request.method == "POST" and form.is_valid():
        fresh = Commitment.objects.defer("search").get(pk=pk)
        try:
            actions.save(
                actor=request.user,
                commitment=fresh,
                values=form.values(),
                seen=form.cleaned_data["seen"],
                at=timezone.now(),
                reason=form.cleaned_data.get("reason", ""),
            )
        except DomainError as error:
            form.add_error("reason" if error.code == "reason" else None, error.message)
        else:
            messages.success(request, "Enregistré.")
            return redirect(address(commitment))
    return _form_page(request, form, commitment.title, commitment=commitment)


def _form_page(
    request: HttpRequest, form: forms.CommitmentForm, title: str, *, commitment: Commitment | None = None
) -> TemplateResponse:
    context = {
        **admin.site.each_context(request),
        "title": title,
        "form": form,
        "row_url": address(commitment) if commitment else "",
    }
    status = 422 if form.is_bound and form.errors else 200
    return TemplateResponse(request, "admin/commitments/form.html", context, status=status)
