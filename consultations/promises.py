"""The promise of an answer: so many days after the last day of opinions, in public; kept when a report is published.

Nothing is stored: the day comes from the phases and `restitution_days`, lateness from the day, keeping it from the report.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, DateField, ExpressionWrapper, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from consultations import phases
from consultations.models import Consultation, Phase, Report
from mulhouse import typography, work
from mulhouse.templatetags import ui
from mulhouse.work import WorkItem
from transparency import clocks, promises
from transparency.clocks import Clock, Standing
from transparency.promises import Promise, PromiseSource

KIND = "consultation"
# Agents see a promise in their queue from this many days before its day.
QUEUE_DAYS = 7


def rows() -> QuerySet[Any]:
    """Give the consultations that promise an answer, with `asked_until` and what `PromiseSource` asks for.

    Shape: published ones whose last phase of contribution has a last day; what was held on another platform promised nothing here.
    """
    return with_answers(Consultation.objects.published()).filter(promise_due_on__isnull=False)


def with_answers(rows: QuerySet[Consultation]) -> QuerySet[Any]:
    """Add the days of `with_days`, the day of the answer, `promise_met_on`, and what else `PromiseSource` asks for."""
    told = Report.objects.filter(consultation=OuterRef("pk"), published_at__isnull=False).order_by("published_at")
    found: QuerySet[Any] = with_days(rows).annotate(
        promise_made_on=F("asked_until"),
        promise_met_on=Subquery(
            told.annotate(day=TruncDate("published_at", tzinfo=phases.PARIS)).values("day")[:1],
            output_field=DateField(),
        ),
        # The day of an answer moves with the phases, by a public amendment: it is never suspended.
        promise_paused_on=Value(None, output_field=DateField()),
    )
    return found


def with_days(rows: QuerySet[Consultation]) -> QuerySet[Any]:
    """Add to each consultation the last day of its opinions, `asked_until`, and the day of its promise, `promise_due_on`.

    Shape: as `asked_until` and `due_on` read them from one consultation; the day is None where nothing was promised.
    """
    asking = Phase.objects.filter(consultation=OuterRef("pk"), kind=phases.Kind.CONTRIBUTE).order_by("-position")
    due = ExpressionWrapper(F("asked_until") + F("restitution_days"), output_field=DateField())
    return rows.annotate(asked_until=Subquery(asking.values("ends_on")[:1], output_field=DateField())).annotate(
        promise_due_on=Case(When(published_at__isnull=False, source_note="", then=due), output_field=DateField())
    )


def read(found: Iterable[Any]) -> list[Promise]:
    """Make promises of rows of `rows` (select `service`)."""
    return [
        Promise(
            kind=KIND,
            key=row.slug,
            title=row.title,
            url=row.get_absolute_url(),
            service=row.service.name,
            due_on=row.promise_due_on,
            met_on=row.promise_met_on,
        )
        for row in found
    ]


SOURCE = PromiseSource(
    kinds=lambda: {KIND: gettext_lazy("Consultations")}, rows=lambda: rows().select_related("service"), read=read
)


# --- On the page of a consultation ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """The promise as the page of a consultation shows it."""

    sentence: str
    detail: str
    tag: ui.Tag
    is_late: bool = False


def asked_until(consultation: Consultation) -> dt.date | None:
    """Give the last day of the last phase of contribution (prefetch `phases`)."""
    asking = [span for span in consultation.spans() if span.kind is phases.Kind.CONTRIBUTE]
    return asking[-1].ends_on if asking else None


def is_asked(consultation: Consultation, *, at: dt.datetime) -> bool:
    """Tell whether the opinions are over, so that the answer is what one waits for (prefetch `phases`)."""
    until = asked_until(consultation)
    return until is not None and day_of(at) > until


def due_on(consultation: Consultation) -> dt.date | None:
    """Give the day by which the city answers, None where it promised nothing (prefetch `phases`)."""
    until = asked_until(consultation)
    if until is None or consultation.published_at is None or consultation.source_note:
        return None
    return until + dt.timedelta(days=consultation.restitution_days)


def met_on(consultation: Consultation) -> dt.date | None:
    """Give the day of the first report, None while there is none; no query when `first_report_at` was read."""
    if hasattr(consultation, "first_report_at"):
        at = consultation.first_report_at
    else:
        told = consultation.reports.filter(published_at__isnull=False).order_by("published_at")
        at = told.values_list("published_at", flat=True).first()
    return day_of(at) if at else None


def day_of(at: dt.datetime) -> dt.date:
    """Give the day in Paris."""
    return at.astimezone(phases.PARIS).date()


def clock(consultation: Consultation, *, at: dt.datetime) -> Clock | None:
    """Read the clock of a consultation (prefetch `phases`): the report is asked for once the opinions are over."""
    due, today = due_on(consultation), day_of(at)
    until = asked_until(consultation)
    if due is None or until is None:
        return None
    met = met_on(consultation) if today > until else None
    return clocks.read(due_on=due, done_on=met, given_up=False, today=today)


def shown(consultation: Consultation, *, at: dt.datetime) -> Shown | None:
    """Say the promise in words: before, soon, late, kept; None where nothing was promised (prefetch `phases`)."""
    read_clock, due = clock(consultation, at=at), due_on(consultation)
    if read_clock is None or due is None:
        return None
    day = typography.day(due)
    promised = _("La Ville a promis de répondre le %(day)s au plus tard.") % {"day": day}
    tag = promises.tag(read_clock)
    if read_clock.standing in {Standing.KEPT, Standing.KEPT_LATE}:
        met = due + dt.timedelta(days=read_clock.days * (1 if read_clock.standing is Standing.KEPT_LATE else -1))
        return Shown(_("La Ville a répondu le %(day)s.") % {"day": typography.day(met)}, promised, tag)
    if read_clock.standing is Standing.LATE:
        return Shown(promised, _("La réponse n’est pas encore publiée."), tag, is_late=True)
    sentence = _("La Ville répondra le %(day)s au plus tard.") % {"day": day}
    words = ngettext(
        "C’est %(n)s jour après la fin des avis.",
        "C’est %(n)s jours après la fin des avis.",
        consultation.restitution_days,
    )
    return Shown(sentence, words % {"n": consultation.restitution_days}, tag)


def waiting_words(consultations: Collection[int], *, at: dt.datetime) -> dict[int, str]:
    """Say to whoever waits for an answer by when it comes, or that it is late; one query.

    Shape: by consultation; one that promised nothing, or has its report already, is left out.
    """
    today = day_of(at)
    found = rows().filter(pk__in=list(consultations), promise_met_on__isnull=True)
    return {
        key: _waiting(asked, due, today)
        for key, asked, due in found.order_by("pk").values_list("pk", "asked_until", "promise_due_on")
    }


def _waiting(asked: dt.date, due: dt.date, today: dt.date) -> str:
    day = {"day": typography.day(due)}
    if today > due:
        return _("La Ville devait répondre le %(day)s au plus tard. Elle est en retard.") % day
    if today > asked:
        return _("La Ville répondra le %(day)s au plus tard.") % day
    return _("Les avis sont encore ouverts. La Ville répondra le %(day)s au plus tard.") % day


# --- For agents ----------------------------------------------------------------------------------------------------


def is_owed(today: dt.date) -> Q:
    """Find, among rows read `with_answers`, the promises that are late, and those whose day comes within a week."""
    soon = today + dt.timedelta(days=QUEUE_DAYS)
    return Q(promise_due_on__lte=soon, asked_until__lt=today, promise_met_on__isnull=True)


def waiting(owed: Sequence[Any], *, at: dt.datetime) -> list[WorkItem]:
    """Count the promises that are late, and those that come, among rows that `is_owed` found (select `service`).

    Shape: no line where nothing waits.
    """
    today = promises.today(at)
    late = [row for row in owed if row.promise_due_on < today]
    soon = [row for row in owed if row not in late]
    return [
        WorkItem(
            one if len(group) == 1 else several,
            len(group),
            _address(group),
            late=len(group) if group is late else 0,
            detail=", ".join(f"«\u00a0{row.title}\u00a0»" for row in group[:3]),
            shares=work.shares((row.service.name, group is late) for row in group),
        )
        for one, several, group in (
            ("Réponse promise, en retard", "Réponses promises, en retard", late),
            ("Réponse promise dans la semaine", "Réponses promises dans la semaine", soon),
        )
        if group
    ]


def _address(group: list[Consultation]) -> str:
    if len(group) == 1:
        return reverse("admin:consultations_consultation_publication", args=[group[0].pk])
    return reverse("admin:consultations_consultation_changelist")
