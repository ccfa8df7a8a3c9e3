"""The queue of moderation in the staff space: what waits, one case on one screen, appeals, suspensions.

Everything works by Tab, links and buttons; J, K and Enter are a help. Many cases at once are only ever kept, never hidden.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.text import Truncator
from django.views.decorators.http import require_http_methods

from moderation import actions, cases, kinds, rules, telling
from moderation.forms import BlockForm, DecideForm, JudgeForm
from moderation.models import Appeal, Block, Case, Decision, Report
from mulhouse import asking, charter
from mulhouse.access import staff
from mulhouse.errors import DomainError
from mulhouse.paging import Paging
from mulhouse.references import read_reference
from mulhouse.staff import ShownAdmin
from mulhouse.templatetags import ui
from transparency import deadlines

PAGE_SIZE = 30
EXCERPT, HEADING = 280, 80
EARLIER = 8
DECIDED_SHOWN = 40
DECIDED = "decides"
SEEN = "lu-"
READ = "lire"
PREVIEW = "relire"
HELD_STATES: dict[str, str] = {
    Case.State.KEPT: "Publié",
    Case.State.HIDDEN: "Refusé",
    Case.State.MASKED: "Publié, données masquées",
}


@dataclass(frozen=True)
class Letter:
    """What an author would receive."""

    subject: str
    text: str


def _address(name: str, *values: Any) -> str:
    return reverse(f"admin:moderation_case_{name}", args=values)


def _draw(request: HttpRequest, template: str, **context: Any) -> TemplateResponse:
    form = context.get("form")
    failed = bool(form is not None and form.is_bound and form.errors)
    page = {**admin.site.each_context(request), "form": None, "failed": failed, **context}
    return TemplateResponse(request, template, page, status=422 if failed else 200)


def _parts(request: HttpRequest) -> list[ui.Tab]:
    return [
        ui.Tab(
            "À décider",
            _address("changelist"),
            current=request.path == _address("changelist") and not request.GET.get("etat"),
        ),
        ui.Tab("Décidés", _address("changelist") + f"?etat={DECIDED}", current=request.GET.get("etat") == DECIDED),
        ui.Tab("Contestations", _address("appeals"), current=request.path == _address("appeals")),
    ]


# --- The queue -----------------------------------------------------------------------------------------------------------


@staff(rules.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def queue(request: HttpRequest) -> HttpResponse:
    """List what waits, urgent and late ones first; or what was decided, the last opened first."""
    if request.method == "POST":
        _keep_many(request)
        return redirect(request.get_full_path())
    at = timezone.now()
    kind, cause, state = (request.GET.get(name, "") for name in ("sorte", "cause", "etat"))
    rows = (
        Case.objects.exclude(state=Case.State.WAITING).order_by("-pk")
        if state == DECIDED
        else Case.objects.waiting().in_order()
    )
    if kinds.get(kind):
        rows = rows.filter(kind=kind)
    if cause in Case.Cause.values:
        rows = rows.filter(cause=cause)
    paging = Paging(request, size=PAGE_SIZE)
    shown = paging.cut(rows)
    context = {
        "title": "Modération",
        "parts": _parts(request),
        "rows": _rows(shown, decided=_last_decisions(shown) if state == DECIDED else None, at=at),
        "selects": [
            asking.Select(
                "sorte",
                "Sorte",
                [
                    ("", "Toutes", not kind),
                    *((each.code, str(each.label), each.code == kind) for each in kinds.every()),
                ],
            ),
            asking.Select(
                "cause",
                "Cause",
                [
                    ("", "Toutes", not cause),
                    *((value, str(label), value == cause) for value, label in Case.Cause.choices),
                ],
            ),
        ],
        "state": state if state == DECIDED else "",
        "is_narrowed": bool(kind or cause),
        "here": _address("changelist"),
        "can_decide": request.user.has_perm(rules.DECIDE),
        "pages": paging.pages(),
    }
    return _draw(request, "admin/moderation/queue.html", **context)


def _last_decisions(shown: list[Case]) -> dict[int, Decision]:
    """Give the last decision of each case; one query."""
    rows = Decision.objects.filter(case__in=shown).order_by("case_id", "-decided_at", "-pk").distinct("case_id")
    return {row.case_id: row for row in rows.defer("original", "facts")}


def _rows(shown: list[Case], *, decided: dict[int, Decision] | None, at: Any) -> list[dict[str, Any]]:
    """Read what the cases of a page are about: one query for each sort of thing, one for the reports that wait or what was decided."""
    things: dict[tuple[str, str], Any] = {}
    for code in {case.kind for case in shown}:
        known = kinds.of(code)
        things |= {
            (code, key): thing for key, thing in known.many([c.subject for c in shown if c.kind == code]).items()
        }
    reasons = _reasons(shown) if decided is None else {}
    return [
        {
            "case": case,
            "url": _address("change", case.pk),
            **_shown(kinds.of(case.kind), things.get((case.kind, case.subject))),
            "label": kinds.of(case.kind).label,
            "reasons": reasons.get(case.pk, []),
            "decision": (decided or {}).get(case.pk),
            "state_words": _state_words(case),
            "is_late": case.state == Case.State.WAITING and case.due_at < at,
            "is_urgent": case.state == Case.State.WAITING and case.priority == Case.Priority.URGENT,
            # Only what was reported without urgency may be kept with others, at a glance.
            "can_check": case.state == Case.State.WAITING
            and case.cause == Case.Cause.REPORTS
            and case.priority != Case.Priority.URGENT,
            "seen_name": f"{SEEN}{case.pk}",
            "seen": cases.seen_of(case, things.get((case.kind, case.subject))),
        }
        for case in shown
    ]


def _state_words(case: Case) -> str:
    """Say where a case stands, as one says it of what is public, or of what waited to be."""
    found = HELD_STATES.get(case.state) if kinds.of(case.kind).is_held else None
    return found or str(case.get_state_display())


def _reasons(shown: list[Case]) -> dict[int, list[str]]:
    """Give the reasons of the reports that wait for an answer, the most frequent first, by case; one query."""
    found: dict[int, list[str]] = {}
    counted = Report.objects.filter(case__in=shown, decision__isnull=True, is_repeat=False).values_list(
        "case", "reason"
    )
    for case_pk, reason, number in counted.annotate(n=Count("pk")).order_by("case", "-n", "reason"):
        label = str(Report.Reason(reason).label)
        found.setdefault(case_pk, []).append(f"{label} ({number})" if number > 1 else label)
    return found


def _shown(kind: kinds.Kind, thing: Any) -> dict[str, Any]:
    if thing is None:
        return {"heading": "Ce texte n’existe plus", "excerpt": "", "context": ""}
    words = kind.words(thing)
    text = Truncator(" ".join(words.text.split())).chars(EXCERPT)
    heading, excerpt = (words.title, text) if words.title else _begun(text)
    return {"heading": heading or "Sans texte", "excerpt": excerpt, "context": words.context}


def _begun(text: str) -> tuple[str, str]:
    """Cut a text without a title in two, between words: its first words are its heading, the rest is not read twice."""
    if len(text) <= HEADING:
        return text, ""
    end = text.rfind(" ", 0, HEADING)
    end = end if end > 0 else HEADING
    begun, rest = text[:end], text[end:].strip()
    return (begun, rest) if begun[-1] in ".!?…" else (f"{begun}…", f"…{rest}")


def _keep_many(request: HttpRequest) -> None:
    """Keep the cases that were ticked, each in its own transaction; one that changed meanwhile is left for its own page."""
    keys = [int(key) for key in request.POST.getlist("dossier") if key.isascii() and key.isdigit()][:PAGE_SIZE]
    kept = left = 0
    reported = Case.objects.waiting().filter(cause=Case.Cause.REPORTS).exclude(priority=Case.Priority.URGENT)
    for case in reported.filter(pk__in=keys).order_by("pk"):
        try:
            actions.decide(
                actor=request.user,  # type: ignore[arg-type] # the permission asked for an account
                case=case,
                action=Decision.Action.KEEP.value,
                clause="",
                facts="",
                passages=[],
                seen=request.POST.get(f"{SEEN}{case.pk}", ""),
                at=timezone.now(),
            )
            kept += 1
        except DomainError:
            left += 1
    if kept:
        messages.success(
            request,
            f"{kept} laissé{'s' if kept > 1 else ''} en ligne. Les personnes qui les avaient signalés le savent.",
        )
    if left or not kept:
        messages.warning(
            request,
            "Certains dossiers ont changé depuis\u00a0: ouvrez-les un par un."
            if left
            else "Cochez au moins un dossier.",
        )


# --- One case ------------------------------------------------------------------------------------------------------------


@staff(rules.VIEW)
@require_http_methods(["GET", "HEAD", "POST"])
def case_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a case: the text and its context, the reports, what was decided before; and take the decision."""
    case = get_object_or_404(Case.objects.select_related("author"), pk=pk)
    kind, at = kinds.of(case.kind), timezone.now()
    thing = kind.find(case.subject)
    refusal = rules.decide_refusal(request.user, case)
    start = {
        "seen": cases.seen_of(case, thing),
        "passages": "\n".join(case.proposal),
        "action": Decision.Action.MASK if case.proposal and kind.mask else None,
    }
    # What people wrote when they reported shows on a gesture, which those who have an account see.
    is_reading = request.method == "POST" and READ in request.POST
    is_deciding = request.method == "POST" and not is_reading
    form = DecideForm(
        request.POST if is_deciding else None, can_mask=kind.mask is not None, is_held=kind.is_held, initial=start
    )
    is_previewing = is_deciding and PREVIEW in request.POST
    letter = _letter(case, thing, form) if is_previewing and refusal is None and form.is_valid() else None
    if is_deciding and not is_previewing and form.is_valid() and _decide(request, case, form):
        following = Case.objects.waiting().in_order().first()
        return redirect(_address("change", following.pk) if following else _address("changelist"))
    before, after = _around(case)
    decided = _decided(case)
    paging = Paging(request, size=PAGE_SIZE)
    # Those that wait for an answer first.
    reports = paging.cut(case.reports.select_related("reporter").order_by(F("decision").asc(nulls_first=True), "-pk"))
    if is_reading:
        actions.read_reports(actor=request.user, case=case, reports=reports)  # type: ignore[arg-type] # the permission asked for an account
    words = kind.words(thing) if thing is not None else None
    context = {
        "title": f"Dossier {case.reference}",
        "case": case,
        "kind": kind,
        "words": words,
        "heading": words.title if words and words.title else "Le texte",
        "can_mask": kind.mask is not None,
        "state_words": _state_words(case),
        "letter": letter,
        "preview_name": PREVIEW,
        "picture": kind.picture(thing) if thing is not None else "",
        "document": kind.document(thing) if thing is not None else "",
        "is_public": thing is not None and kind.is_public(thing),
        "public_url": kind.url(thing) if thing is not None else "",
        "is_late": case.state == Case.State.WAITING and case.due_at < at,
        "is_urgent": case.priority == Case.Priority.URGENT,
        "reports": reports,
        "is_reading": is_reading,
        "read_name": READ,
        "pages": paging.pages(),
        "decisions": [(row, getattr(row, "appeal", None)) for row in decided if row.case_id == case.pk],
        "earlier": [row for row in decided if row.case_id != case.pk],
        "block_url": _block_url(request, case),
        "blocks": list(Block.objects.filter(person=case.author)[:EARLIER]) if case.author else [],
        "refusal": refusal,
        "form": form,
        "before_url": before,
        "after_url": after,
        "list_url": _address("changelist"),
    }
    response = _draw(request, "admin/moderation/case.html", **context)
    if is_reading:
        response["Cache-Control"] = "private, no-store"
    return response


def _letter(case: Case, thing: Any, form: DecideForm) -> Letter:
    """Write what the author would receive, were this decided; nothing is kept."""
    given = form.cleaned_data
    if given["action"] == Decision.Action.KEEP:
        words = "Son texte paraît tel quel." if kinds.of(case.kind).is_held else "Rien ne change pour lui."
        return Letter("Aucun courriel pour l’auteur", words)
    if thing is None or case.author is None or not case.author.is_active:
        return Letter("Aucun courriel", "Ce texte n’a pas d’auteur à prévenir.")
    decision = Decision(
        case=case,
        author=case.author,
        action=given["action"],
        clause=given["clause"],
        charter_version=charter.CURRENT.number,
        facts=given["facts"].strip(),
    )
    subject, text = telling.reasons_preview(decision, words=kinds.of(case.kind).words(thing))
    return Letter(subject, text)


def _decide(request: HttpRequest, case: Case, form: DecideForm) -> bool:
    given = form.cleaned_data
    try:
        made = actions.decide(
            actor=request.user,  # type: ignore[arg-type] # the permission asked for an account
            case=case,
            action=given["action"],
            clause=given["clause"],
            facts=given["facts"],
            passages=form.given_passages(),
            seen=given["seen"],
            at=timezone.now(),
        )
    except DomainError as error:
        form.add_error(error.code if error.code in form.fields else None, error.message)
        return False
    messages.success(
        request,
        f"Dossier {case.reference}\u00a0: {_state_words(made.case).lower()}. Les personnes concernées sont prévenues.",
    )
    return True


def _around(case: Case) -> tuple[str, str]:
    """Give the addresses of the cases before and after one in the queue; "" where there is none."""
    keys = list(Case.objects.waiting().in_order().values_list("pk", flat=True)[:500])
    if case.pk not in keys:
        return "", _address("change", keys[0]) if keys else ""
    at = keys.index(case.pk)
    before = _address("change", keys[at - 1]) if at else ""
    return before, _address("change", keys[at + 1]) if at + 1 < len(keys) else ""


def _decided(case: Case) -> Sequence[Decision]:
    """Read in one query what was decided of a text, then of its author's other texts: a decision is about a text, they are its context."""
    others = Q(author=case.author_id) & ~Q(action=Decision.Action.KEEP) if case.author_id else Q(pk__in=())
    rows = Decision.objects.filter(Q(case=case) | others).annotate(is_other=~Q(case=case))
    rows = rows.select_related("decided_by", "appeal").order_by("is_other", "-decided_at", "-pk")
    found: list[Any] = list(rows[:DECIDED_SHOWN])
    return [row for row in found if row.case_id == case.pk] + [row for row in found if row.case_id != case.pk][:EARLIER]


def _block_url(request: HttpRequest, case: Case) -> str:
    if case.author is None or rules.block_refusal(request.user, case.author, at=timezone.now()):
        return ""
    return _address("block", case.pk)


@staff(rules.BLOCK)
@require_http_methods(["GET", "HEAD", "POST"])
def block(request: HttpRequest, pk: int) -> HttpResponse:
    """Suspend the author of a case from publishing."""
    case = get_object_or_404(Case.objects.select_related("author"), pk=pk)
    person: Any = case.author
    if person is None:
        raise Http404
    if refusal := rules.block_refusal(request.user, person, at=timezone.now()):
        raise PermissionDenied(refusal.message)
    form = BlockForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.block(actor=request.user, person=person, at=timezone.now(), **form.cleaned_data)  # type: ignore[arg-type] # the permission asked for an account
        except DomainError as error:
            form.add_error(error.code if error.code in form.fields else None, error.message)
        else:
            messages.success(request, "Publications suspendues. La personne est prévenue, et peut contester.")
            return redirect(_address("change", pk))
    return _draw(
        request, "admin/moderation/block.html", title="Suspendre les publications", case=case, person=person, form=form
    )


# --- Appeals -------------------------------------------------------------------------------------------------------------


@staff(rules.JUDGE)
@require_http_methods(["GET", "HEAD"])
def appeals(request: HttpRequest) -> HttpResponse:
    """List the appeals: those that wait, due first, then those that were answered, the last one first."""
    rows = Appeal.objects.select_related(
        "decision__case", "block", "person", "decision__decided_by", "block__decided_by"
    )
    at = timezone.now()
    paging = Paging(request, size=PAGE_SIZE)
    context = {
        "title": "Contestations",
        "parts": _parts(request),
        "waiting": [
            {
                "row": row,
                "is_late": deadlines.is_late(row.due_at, None, at=at),
                "is_ours": rules.judge_refusal(request.user, row) is None,
            }
            for row in paging.cut(rows.filter(outcome="").order_by("due_at", "pk"))
        ],
        "appeal_days": rules.APPEAL_DAYS,
        "answered": paging.cut(rows.exclude(outcome="").order_by("-decided_at", "-pk")),
        "pages": paging.pages(),
    }
    return _draw(request, "admin/moderation/appeals.html", **context)


@staff(rules.JUDGE)
@require_http_methods(["GET", "HEAD", "POST"])
def appeal_page(request: HttpRequest, reference: str) -> HttpResponse:
    """Show an appeal beside what it contests, and take the answer of somebody who did not decide."""
    rows = Appeal.objects.select_related("decision__case", "decision__decided_by", "block__decided_by", "person")
    row = get_object_or_404(rows, reference=read_reference(reference))
    refusal = rules.judge_refusal(request.user, row)
    form = JudgeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.judge(actor=request.user, appeal=row, at=timezone.now(), **form.cleaned_data)  # type: ignore[arg-type] # the permission asked for an account
        except DomainError as error:
            form.add_error(error.code if error.code in form.fields else None, error.message)
        else:
            messages.success(request, "Réponse envoyée à la personne.")
            return redirect(_address("appeals"))
    return _draw(
        request,
        "admin/moderation/appeal.html",
        title=f"Contestation {row.reference}",
        appeal=row,
        contested=row.decision or row.block,
        label=kinds.of(row.decision.case.kind).label if row.decision else "",
        case_url=_address("change", row.decision.case_id) if row.decision else "",
        refusal=refusal,
        form=form,
    )


@admin.register(Case)
class CaseAdmin(ShownAdmin):
    """The door of moderation in the menu of the staff space."""

    navigation = "Modération"
    navigation_rank = 25

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the queue."""
        return queue(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show one case."""
        if not (object_id.isascii() and object_id.isdigit()):
            raise Http404
        return case_page(request, int(object_id))

    def get_urls(self) -> list[URLPattern]:
        """Add appeals and suspensions to the addresses of the table."""
        opened = self.admin_site.admin_view
        name = "moderation_case_{}".format
        return [
            path("contestations/", opened(appeals), name=name("appeals")),
            path("contestations/<slug:reference>/", opened(appeal_page), name=name("appeal")),
            path("<int:pk>/suspendre/", opened(block), name=name("block")),
            *super().get_urls(),
        ]
