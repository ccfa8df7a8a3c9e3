"""The staff's tables about the rights of people. What a person wrote, and who they are, shows on a POST, and is written down."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.views.decorators.http import require_GET

from mulhouse.errors import DomainError
from mulhouse.staff import NOT_YOURS, Button, ShownAdmin, run
from mulhouse.typography import local_day
from privacy import actions, archives, eliminations
from privacy.forms import (
    AnswerForm,
    BreachFollowForm,
    BreachForm,
    IdentityForm,
    NoNoticeForm,
    NotifyForm,
    PeopleForm,
    ProposalForm,
    RefusedForm,
    VisaForm,
    WhyForm,
)
from privacy.models import Breach, DataRequest, EliminationProposal, Limitation
from transparency.forms import PauseForm

if TYPE_CHECKING:
    from django import forms

State = EliminationProposal.State
READ = "ouvrir"
ANSWER = "repondre"


class BegunAdmin(ShownAdmin):
    """A table in which staff begin a row: with a form of ours, through an action."""

    begin: ClassVar[Button]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Beginning has its permission."""
        return bool(request.user.has_perm(self.begin.permission))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask, then call the action.

        Raises: PermissionDenied without the permission.
        """
        if not self.has_add_permission(request):
            raise PermissionDenied(NOT_YOURS)
        sent = request.method == "POST"
        form: forms.Form | None = self.begin.form(request.POST if sent else None) if self.begin.form else None
        if sent and (form is None or form.is_valid()) and run(request, self.begin, None, form):
            return HttpResponseRedirect(self.list_url())
        context = {
            **self.admin_site.each_context(request),
            "title": self.begin.label,
            "subtitle": "",
            "opts": self.opts,
            "row_title": "",
            "row_url": self.list_url(),
            "button": self.begin,
            "form": form,
            "multipart": False,
        }
        return TemplateResponse(request, "admin/button.html", context, status=422 if form and form.errors else 200)


# --- Requests --------------------------------------------------------------------------------------------------------------


class RequestState(admin.SimpleListFilter):
    """Where a request stands."""

    title = "état"
    parameter_name = "etat"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Give the states."""
        return [
            ("attente", "En attente"),
            ("retard", "En retard"),
            ("repondues", "Répondues"),
            ("code", "Code attendu"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DataRequest]) -> QuerySet[DataRequest]:
        """Keep one state."""
        rows = DataRequest.objects
        kept: dict[str, QuerySet[DataRequest]] = {
            "attente": rows.waiting(),
            "retard": rows.late(on=local_day(timezone.now())),
            "repondues": rows.filter(answered_at__isnull=False),
            "code": rows.filter(received_at__isnull=True),
        }
        chosen = kept.get(self.value() or "")
        return queryset if chosen is None else queryset.filter(pk__in=chosen.values("pk"))


class RequestRight(admin.SimpleListFilter):
    """Which right is exercised: its column is named for the person who asks."""

    title = "droit exercé"
    parameter_name = "droit"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Give the rights."""
        return [(str(value), str(label)) for value, label in DataRequest.Kind.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[DataRequest]) -> QuerySet[DataRequest]:
        """Keep one right."""
        return queryset.filter(kind=self.value()) if self.value() else queryset


def _read(actor: Any, row: DataRequest, answers: dict[str, Any]) -> str:
    raise Http404  # Its answer is a page: `DataRequestAdmin.press`.


def _identify(actor: Any, row: DataRequest, answers: dict[str, Any]) -> str:
    actions.establish_identity(actor=actor, request=row, identity=answers["identity"], at=timezone.now())
    return "L’identité est établie."


def _pause(actor: Any, row: DataRequest, answers: dict[str, Any]) -> str:
    actions.pause(actor=actor, request=row, reason=answers["reason"], at=timezone.now())
    return "Le délai est arrêté. La personne a reçu le motif, et il est public."


def _resume(actor: Any, row: DataRequest, answers: dict[str, Any]) -> str:
    actions.resume(actor=actor, request=row, at=timezone.now())
    return "Le délai court de nouveau."


def _extend(actor: Any, row: DataRequest, answers: dict[str, Any]) -> str:
    actions.extend(actor=actor, request=row, reason=answers["reason"], at=timezone.now())
    return "Deux mois de plus. La personne a reçu le motif."


def _answer(actor: Any, row: DataRequest, answers: dict[str, Any]) -> str:
    outcome, text = answers["outcome"], answers["answer"]
    actions.answer(actor=actor, request=row, outcome=outcome, text=text, at=timezone.now())
    return "La réponse est partie."


def _limit(actor: Any, row: DataRequest, answers: dict[str, Any]) -> str:
    actions.limit(actor=actor, person=row.user, reason=answers["reason"], at=timezone.now())
    return "Les données de la personne sont mises de côté. Elle est prévenue."


def _is_waiting(row: DataRequest) -> bool:
    return row.received_at is not None and row.answered_at is None


@admin.register(DataRequest)
class DataRequestAdmin(ShownAdmin):
    """Requests about personal data, by their last day. Who asks, and what, is opened by a button."""

    navigation = "Données personnelles"
    navigation_rank = 75
    list_intro = (
        "Un mois pour répondre. Le nom et le texte s’ouvrent par un geste\u00a0: la personne voit qu’ils ont été lus."
    )
    search_label = "par référence"
    empty_title = "Aucune demande"
    empty_words = "Ce que les personnes demandent sur leurs données arrive ici."
    list_display = ("reference", "right", "asked_at", "due_on", "lateness", "answered_at")
    list_filter = (RequestState, RequestRight)
    search_fields = ("=reference",)
    ordering = ("-asked_at", "-pk")
    fields = (
        "reference",
        "right",
        "source",
        "asked_at",
        "received_at",
        "due_on",
        "lateness",
        "identity",
        "extended_at",
        "answered_at",
        "outcome",
    )
    readonly_fields = ("right", "source", "lateness")
    buttons = (
        Button(name=READ, label="Ouvrir la demande", permission="privacy.handle_datarequest", run=_read),
        Button(
            name="identite",
            label="Établir l’identité",
            permission="privacy.handle_datarequest",
            run=_identify,
            form=IdentityForm,
            question="Ne demandez une pièce d’identité qu’en cas de doute, et ne la gardez pas.",
            shown=lambda row: _is_waiting(row) and not row.identity,
        ),
        Button(
            name="arreter-le-delai",
            label="Arrêter le délai",
            permission="privacy.handle_datarequest",
            run=_pause,
            form=PauseForm,
            question="Tant que la personne n’a pas montré qui elle est (RGPD, art. 12.6). Un retard déjà pris ne s’efface pas.",
            shown=lambda row: _is_waiting(row) and not row.identity and not row.is_paused,
        ),
        Button(
            name="reprendre-le-delai",
            label="Reprendre le délai",
            permission="privacy.handle_datarequest",
            run=_resume,
            shown=lambda row: _is_waiting(row) and not row.identity and row.is_paused,
        ),
        Button(
            name="prolonger",
            label="Prolonger le délai",
            permission="privacy.handle_datarequest",
            run=_extend,
            form=WhyForm,
            question="Deux mois de plus, une fois, pour une demande complexe (RGPD, art. 12.3).",
            shown=lambda row: _is_waiting(row) and row.extended_at is None,
        ),
        Button(
            name="mettre-de-cote",
            label="Mettre les données de côté",
            permission="privacy.limit_person",
            run=_limit,
            form=WhyForm,
            question="Tout ce que la personne a publié cesse d’être visible. Rien n’est effacé (RGPD, art. 18).",
            shown=lambda row: _is_waiting(row) and row.user_id is not None,
            danger=True,
        ),
        Button(
            name=ANSWER,
            label="Répondre",
            permission="privacy.handle_datarequest",
            run=_answer,
            form=AnswerForm,
            shown=_is_waiting,
        ),
    )

    def list_links(self, request: HttpRequest) -> list[tuple[str, str]]:
        """Lead to the other tables of the room."""
        found: list[tuple[str, str]] = []
        for model in (Limitation, Breach, EliminationProposal):
            if self.admin_site.get_model_admin(model).has_view_permission(request):
                name = f"admin:privacy_{model._meta.model_name}_changelist"
                found.append((capfirst(str(model._meta.verbose_name_plural)), reverse(name)))
        return found

    @admin.display(description="droit exercé", ordering="kind")
    def right(self, row: DataRequest) -> str:
        """Name the right; its column is named for the person who asks."""
        return str(row.get_kind_display())

    @admin.display(description="faite")
    def source(self, row: DataRequest) -> str:
        """Say from where it came, not from whom."""
        return "depuis un compte" if row.user_id else "sans compte"

    @admin.display(description="délai")
    def lateness(self, row: Any) -> str:
        """Say where the clock stands."""
        if row.received_at is None or row.due_on is None:
            return "Code attendu"
        if row.answered_at is not None:
            return "En retard" if local_day(row.answered_at) > row.due_on else "Dans les délais"
        if row.is_paused:
            return "Arrêté"
        left = (row.due_on - local_day(timezone.now())).days
        if left < 0:
            return f"En retard de {-left} jour{'s' if left < -1 else ''}"
        return f"Encore {left} jour{'s' if left > 1 else ''}"

    def get_queryset(self, request: HttpRequest) -> QuerySet[DataRequest]:
        """Read with each request whether its clock stands still."""
        rows: Any = super().get_queryset(request)
        found: QuerySet[DataRequest] = rows.with_clock()
        return found

    def press(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Open the request on a page of its own: it names somebody."""
        row = self.get_object(request, unquote(object_id)) if name == READ and request.method == "POST" else None
        if row is None:
            return super().press(request, object_id, name)
        try:
            shown = actions.read_request(actor=request.user, request=row)
        except DomainError as error:
            raise PermissionDenied(error.message) from error
        context = {
            **self.admin_site.each_context(request),
            "title": f"Demande {row.reference}",
            "opts": self.opts,
            "row": shown,
            "row_url": self.row_url(row),
            "answer_url": next((url for button, url in self.buttons_for(request, row) if button.name == ANSWER), ""),
            "who": str(shown.user) if shown.user else shown.name,
            "address": "" if shown.user else shown.email,
        }
        response = TemplateResponse(request, "admin/privacy/request.html", context)
        response["Cache-Control"] = "private, no-store"
        return response


def _lift(actor: Any, row: Limitation, answers: dict[str, Any]) -> str:
    actions.lift(actor=actor, limitation=row, reason=answers["reason"], at=timezone.now())
    return "Les données sont de nouveau visibles. La personne est prévenue."


@admin.register(Limitation)
class LimitationAdmin(ShownAdmin):
    """People whose data is set aside, until it is lifted with a reason."""

    list_intro = "Ce que ces personnes ont publié n’est montré nulle part (RGPD, art. 18)."
    empty_title = "Aucune limitation"
    empty_words = "Une mesure se décide depuis la demande d’une personne."
    list_display = ("person", "since", "lifted_at")
    list_select_related = ("user",)
    list_filter = (("lifted_at", admin.EmptyFieldListFilter),)
    ordering = ("-since", "-pk")
    fields = ("person", "since", "reason", "lifted_at", "lifted_reason")
    readonly_fields = ("person",)
    buttons = (
        Button(
            name="lever",
            label="Lever la mesure",
            permission="privacy.limit_person",
            run=_lift,
            form=WhyForm,
            shown=lambda row: row.lifted_at is None,
        ),
    )

    @admin.display(description="personne")
    def person(self, row: Limitation) -> str:
        """Name the person as everybody sees them."""
        return str(row.user)


# --- Breaches --------------------------------------------------------------------------------------------------------------


def _record(actor: Any, _row: Any, answers: dict[str, Any]) -> str:
    row = actions.record_breach(actor=actor, at=timezone.now(), **answers)
    return f"La violation {row.reference} est inscrite. Les 72 heures courent depuis sa découverte."


def _complete(actor: Any, row: Breach, answers: dict[str, Any]) -> str:
    actions.complete_breach(actor=actor, breach=row, **answers)
    return "C’est complété."


def _notify(actor: Any, row: Breach, answers: dict[str, Any]) -> str:
    actions.notify_breach(actor=actor, breach=row, at=timezone.now(), **answers)
    return "La notification à la CNIL est inscrite."


def _leave(actor: Any, row: Breach, answers: dict[str, Any]) -> str:
    actions.leave_unnotified(actor=actor, breach=row, reason=answers["reason"])
    return "Le motif est inscrit."


def _people(actor: Any, row: Breach, answers: dict[str, Any]) -> str:
    actions.settle_people(actor=actor, breach=row, **answers)
    return "C’est inscrit."


@admin.register(Breach)
class BreachAdmin(BegunAdmin):
    """The register of breaches: kept for ever, never deleted, closed to all but those in charge."""

    list_intro = (
        "Toute violation s’inscrit, même sans risque. La CNIL est prévenue sous 72 heures, sauf absence de risque."
    )
    search_label = "par référence"
    empty_title = "Aucune violation inscrite"
    empty_words = "Chacune s’inscrit ici, dès qu’on la découvre."
    list_display = ("reference", "data_kinds", "people_count", "discovered_at", "due_at", "notified_at")
    search_fields = ("=reference",)
    list_filter = (("notified_at", admin.EmptyFieldListFilter),)
    ordering = ("-discovered_at", "-pk")
    fields = (
        *("reference", "nature", "data_kinds", "people_count", "consequences", "measures", "discovered_at", "due_at"),
        *("recorded_at", "notified_at", "delay_reason", "not_notified_reason", "told_at", "not_told_reason"),
    )
    begin = Button(
        name="inscrire",
        label="Inscrire une violation",
        permission="privacy.record_breach",
        run=_record,
        form=BreachForm,
    )
    buttons = (
        Button(
            name="notifier",
            label="Inscrire la notification à la CNIL",
            permission="privacy.record_breach",
            run=_notify,
            form=NotifyForm,
            shown=lambda row: row.notified_at is None,
        ),
        Button(
            name="completer",
            label="Compléter",
            permission="privacy.record_breach",
            run=_complete,
            form=BreachFollowForm,
            start=lambda row: {
                "people_count": row.people_count,
                "consequences": row.consequences,
                "measures": row.measures,
            },
        ),
        Button(
            name="ne-pas-notifier",
            label="Dire pourquoi la CNIL n’est pas prévenue",
            permission="privacy.record_breach",
            run=_leave,
            form=NoNoticeForm,
            shown=lambda row: row.notified_at is None,
        ),
        Button(
            name="personnes",
            label="Les personnes concernées",
            permission="privacy.record_breach",
            run=_people,
            form=PeopleForm,
            start=lambda row: {"told_at": row.told_at, "reason": row.not_told_reason},
        ),
    )

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show it to those who keep it only."""
        return bool(request.user.has_perm("privacy.view_breach") and request.user.has_perm("privacy.record_breach"))


# --- Eliminations ------------------------------------------------------------------------------------------------------------


def _propose(actor: Any, _row: Any, answers: dict[str, Any]) -> str:
    category = archives.category(answers["category"])
    row = eliminations.propose(actor=actor, category=category, at=timezone.now())
    return f"La liste {row.reference} est établie. Envoyez-la aux Archives\u00a0; rien n’est détruit sans leur visa."


def _approve(actor: Any, row: EliminationProposal, answers: dict[str, Any]) -> str:
    slip = answers["slip"]
    eliminations.approve(
        actor=actor,
        proposal=row,
        function=answers["function"],
        signed_on=answers["signed_on"],
        reference=answers["reference"],
        slip=slip.read(),
        file_name=".pdf",
        at=timezone.now(),
    )
    return "Le visa est inscrit. L’élimination peut être exécutée."


def _refuse(actor: Any, row: EliminationProposal, answers: dict[str, Any]) -> str:
    eliminations.refuse(actor=actor, proposal=row, reason=answers["reason"])
    return "Le refus est inscrit. Rien n’est détruit."


def _execute(actor: Any, row: EliminationProposal, answers: dict[str, Any]) -> str:
    eliminations.execute(actor=actor, proposal=row, at=timezone.now())
    return "La destruction commence. Le bordereau se date ligne par ligne."


@admin.register(EliminationProposal)
class EliminationProposalAdmin(BegunAdmin):
    """Lists of public archives past their time: proposed, approved, destroyed; the slips are kept for ever."""

    list_intro = (
        "Détruire des archives publiques demande le visa du directeur des Archives départementales, fichiers compris."
    )
    search_label = "par référence"
    empty_title = "Aucune liste"
    empty_words = "Une liste se propose quand des archives ont passé leur délai."
    list_display = ("reference", "named", "state", "proposed_at", "visa_reference", "executed_at")
    search_fields = ("=reference",)
    list_filter = ("state",)
    ordering = ("-proposed_at", "-pk")
    fields = (
        *("reference", "named", "source", "state", "proposed_at", "slip", "refusal_reason"),
        *("visa_by", "visa_on", "visa_reference", "signed", "begun_at", "executed_at"),
    )
    readonly_fields = ("named", "slip", "signed")
    begin = Button(
        name="proposer",
        label="Proposer une élimination",
        permission="privacy.propose_elimination",
        run=_propose,
        form=ProposalForm,
        question="La liste se calcule du tableau de conservation. Rien n’est détruit à cette étape.",
    )
    buttons = (
        Button(
            name="viser",
            label="Inscrire le visa",
            permission="privacy.approve_elimination",
            run=_approve,
            form=VisaForm,
            shown=lambda row: row.state == State.PROPOSED,
        ),
        Button(
            name="refuser",
            label="Inscrire un refus",
            permission="privacy.approve_elimination",
            run=_refuse,
            form=RefusedForm,
            shown=lambda row: row.state == State.PROPOSED,
        ),
        Button(
            name="executer",
            label="Exécuter",
            permission="privacy.execute_elimination",
            run=_execute,
            question="La destruction est définitive. Le visa est inscrit, la liste est celle du bordereau.",
            shown=lambda row: row.state == State.APPROVED,
            danger=True,
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        """Add the address of the signed slip."""
        view = self.admin_site.admin_view(require_GET(self.signed_file))
        return [path("<int:pk>/bordereau/", view, name="privacy_elimination_slip"), *super().get_urls()]

    @admin.display(description="catégorie")
    def named(self, row: EliminationProposal) -> str:
        """Name the category; its code when no version of the site declares it any more."""
        known = {one.code: one.label for one in archives.categories()}
        return known.get(row.category, row.category)

    @admin.display(description="bordereau")
    def slip(self, row: EliminationProposal) -> SafeString:
        """Show the lines of the slip, the first hundred."""
        lines = list(row.lines.all()[:100])
        words = [
            f"{line.label} ({line.rows}) · jusqu’au {line.last_on:%d/%m/%Y}"
            + (f" · détruit le {line.destroyed_at:%d/%m/%Y}" if line.destroyed_at else "")
            for line in lines
        ]
        more = row.lines.count() - len(lines)
        return format_html("{}", "\n".join([*words, *([f"… et {more} autres"] if more > 0 else [])]))

    @admin.display(description="bordereau signé")
    def signed(self, row: EliminationProposal) -> SafeString | str:
        """Link to the signed slip."""
        if not row.visa_file:
            return "Pas encore"
        return format_html('<a href="{}">Télécharger</a>', reverse("admin:privacy_elimination_slip", args=[row.pk]))

    def signed_file(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Hand the signed slip over.

        Raises: PermissionDenied without the permission.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied(NOT_YOURS)
        row = EliminationProposal.objects.filter(pk=pk).exclude(visa_file="").first()
        if row is None:
            raise Http404
        name = f"bordereau-{row.reference}.pdf"
        response = FileResponse(
            row.visa_file.open("rb"), as_attachment=True, filename=name, content_type="application/pdf"
        )
        response["Cache-Control"] = "private, no-store"
        return response
