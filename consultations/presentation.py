"""Consultations in words: what the components of the pages are given. Everything here is made from rows already read."""

import datetime as dt
import re
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from django.urls import reverse
from django.utils import formats, timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consultations import game, participation, phases, setting_aside, signatures, steps
from consultations.models import Attachment, Comment, Consultation, Contribution, Document, HeldText, ModerationMode
from desk.models import Channel
from mulhouse import markup, typography
from mulhouse.small_cells import Merged
from mulhouse.templatetags import ui

EXCERPT = 220
CARD_SUMMARY = 180
# What may be folded into one space: not the no-break spaces before « : » and « ? ».
GAP = re.compile(r"[^\S\u00a0]+")
# A capital follows: « 2,5 » or « art. 3 » end nothing.
SENTENCE_END = re.compile(r"[.!?](?= [A-ZÀ-Ý«])")


def open_tag(consultation: Consultation, *, at: dt.datetime) -> ui.Tag:
    """Say in a word where a consultation stands (prefetch `phases`)."""
    if consultation.published_at is None:
        return ui.Tag(_("Brouillon"), "mixed", "pencil")
    if consultation.archived_at is not None:
        return ui.Tag(_("Archivée"), "neutral", "lock")
    spans = consultation.spans()
    span = phases.current(spans, at=at)
    if span is None:
        if any(phases.status(each, at=at) is phases.Status.UPCOMING for each in spans):
            return ui.Tag(_("Bientôt"), "info", "calendar")
        return ui.Tag(_("Terminée"), "neutral", "check")
    words = {
        phases.Kind.INFORM: ui.Tag(_("Bientôt"), "info", "calendar"),
        phases.Kind.CONTRIBUTE: ui.Tag(_("Avis ouverts"), "yes", "message-square"),
        phases.Kind.ANALYSE: ui.Tag(_("Avis en cours d’analyse"), "mixed", "clock"),
        phases.Kind.DECIDE: ui.Tag(_("Décision en préparation"), "mixed", "clock"),
        phases.Kind.FOLLOW: ui.Tag(_("Décision rendue"), "yes", "check"),
    }
    return words[span.kind]


def stepper(consultation: Consultation, *, at: dt.datetime) -> list[ui.Phase]:
    """Say each phase, its dates and its state; a finished phase of contribution says how many it brought."""
    spans = consultation.spans()
    counted = consultation.contribution_count
    words = ngettext("Terminé\u00a0: %(n)s contribution", "Terminé\u00a0: %(n)s contributions", counted)
    return [
        replace(step, state_words=words % {"n": typography.number(counted)})
        if counted and step.state == "done" and span.kind is phases.Kind.CONTRIBUTE
        else step
        for step, span in zip(steps.steps(spans, at=at), spans, strict=True)
    ]


def left_words(span: phases.Span, *, at: dt.datetime) -> str:
    """Say how long a phase still lasts; "" when it has no end."""
    days = phases.days_left(span, at=at)
    if days is None:
        return ""
    if days == 1:
        return _("Dernier jour")
    return ngettext("Encore %(n)s jour", "Encore %(n)s jours", days) % {"n": days}


def places(consultation: Any) -> str:
    """Name the districts of a consultation (read `with_district_names`)."""
    names = consultation.district_names
    if not names:
        return _("Toute la ville")
    return ", ".join(names) if len(names) <= 2 else _("%(n)s quartiers") % {"n": len(names)}  # noqa: PLR2004 (what fits)


def card(consultation: Consultation, *, at: dt.datetime) -> ui.ProcessCard:
    """Make the card of a consultation (select `theme`, prefetch `phases`, read `with_district_names`)."""
    spans = consultation.spans()
    rank = next(
        (rank for rank, span in enumerate(spans, 1) if phases.status(span, at=at) is phases.Status.CURRENT), None
    )
    step_words = left = ""
    if rank is None:
        coming = [span for span in spans if phases.status(span, at=at) is phases.Status.UPCOMING]
        done = len(spans) - len(coming)
        if coming:
            step_words = _("%(name)s, à partir du %(day)s") % {
                "name": coming[0].name,
                "day": typography.day(coming[0].starts_on),
            }
        elif spans:
            step_words = _("Toutes les étapes sont terminées")
        step = done if coming else len(spans) + 1
        if coming and not done:
            step = 0
    else:
        step = rank
        step_words = _("Étape %(step)s sur %(steps)s\u00a0: %(name)s") % {
            "step": rank,
            "steps": len(spans),
            "name": spans[rank - 1].name,
        }
        left = left_words(spans[rank - 1], at=at)
    meta = [ui.Meta(places(consultation), "map-pin")]
    if consultation.contribution_count:
        count = consultation.contribution_count
        words = ngettext("%(n)s contribution", "%(n)s contributions", count) % {"n": typography.number(count)}
        meta.insert(0, ui.Meta(words, "message-square"))
    return ui.ProcessCard(
        title=consultation.title,
        url=consultation.get_absolute_url(),
        summary=shortened(consultation.summary, CARD_SUMMARY),
        tag=open_tag(consultation, at=at),
        motif=consultation.theme.motif,
        image_url=image_url(consultation),
        image_alt=consultation.image_alt,
        step=step,
        steps=len(spans),
        step_words=step_words,
        left_words=left,
        meta=meta,
    )


def image_url(consultation: Consultation, *, key: str = "") -> str:
    """Give the address of the picture of a consultation, "" without one; its name changes with the file."""
    if not consultation.image:
        return ""
    name = PurePosixPath(str(consultation.image.name)).name
    return reverse("consultations:image", args=[consultation.slug, name]) + (f"?apercu={key}" if key else "")


def meta(consultation: Consultation) -> list[ui.Meta]:
    """Give the line under the title: where, about what, how many took part."""
    found = [ui.Meta(places(consultation), "map-pin"), ui.Meta(consultation.theme.name, "tag")]
    if count := consultation.contribution_count:
        words = ngettext("%(n)s contribution", "%(n)s contributions", count) % {"n": typography.number(count)}
        found.append(ui.Meta(words, "message-square"))
    return found


def tabs(consultation: Consultation, *, current: str, documents: int | None = None) -> list[ui.Tab]:
    """Give the navigation inside a consultation."""
    home = consultation.get_absolute_url()
    asked = getattr(consultation, "has_questionnaire", False) or current == "questionnaire"
    questionnaires = ui.Tab(
        _("Questionnaire"),
        reverse("consultations:questionnaires", args=[consultation.slug]),
        current=current == "questionnaire",
    )
    voted = getattr(consultation, "has_votes", False) or current == "votes"
    votes = ui.Tab(_("Vote"), reverse("consultations:votes", args=[consultation.slug]), current=current == "votes")
    reported = getattr(consultation, "first_report_at", None) is not None or current == "report"
    restitution = ui.Tab(
        _("Bilan"), reverse("consultations:report", args=[consultation.slug]), current=current == "report"
    )
    plan = ui.Tab(_("Carte"), reverse("consultations:map", args=[consultation.slug]), current=current == "map")
    return [
        ui.Tab(_("Présentation"), home, current=current == "detail"),
        ui.Tab(
            _("Contributions"),
            reverse("consultations:contributions", args=[consultation.slug]),
            count=consultation.contribution_count,
            current=current == "contributions",
        ),
        *([restitution] if reported else []),
        *([questionnaires] if asked else []),
        *([votes] if voted else []),
        # Said by the query that fetches the consultation of a page.
        *([plan] if current == "map" or getattr(consultation, "has_places", False) else []),
        ui.Tab(
            _("Réponses de la Ville"),
            reverse("consultations:outcomes", args=[consultation.slug]),
            current=current == "outcomes",
        ),
        ui.Tab(_("Documents"), f"{home}#documents", count=documents),
    ]


def staff_html(source: str) -> SafeString:
    """Show what staff wrote in the editor, cleaned when it was saved and once more here."""
    return mark_safe(markup.clean_html(source, staff=True))  # noqa: S308 (cleaned on this line)


def resident_html(cleaned: str) -> SafeString:
    """Show the copy of a resident's text that was cleaned when it was saved."""
    return mark_safe(cleaned)  # noqa: S308 (cleaned by the action or the import that stored it)


def facts(consultation: Consultation) -> list[ui.Fact]:
    """Give the box « Repères »: who decides, the budget, what may change and what may not."""
    found = []
    if getattr(consultation, "first_report_at", None) is not None:
        address = reverse("consultations:report", args=[consultation.slug])
        found.append(
            ui.Fact(_("Bilan"), _("Lire le bilan\u00a0: qui a participé, ce qui est décidé, pourquoi"), address)
        )
    if consultation.decider:
        found.append(ui.Fact(_("Qui décide\u00a0?"), consultation.decider))
    if consultation.budget_euros is not None:
        amount = typography.amount(consultation.budget_euros * 100)
        note = consultation.budget_note
        found.append(ui.Fact(_("Budget"), f"{amount} ({note})" if note else amount))
    elif consultation.budget_note:
        found.append(ui.Fact(_("Budget"), consultation.budget_note))
    who = consultation.get_residency_level_display()
    if consultation.minimum_age:
        who = _("%(who)s, à partir de %(age)s\u00a0ans") % {"who": who, "age": consultation.minimum_age}
    found.append(ui.Fact(_("Qui peut participer\u00a0?"), who[:1].upper() + who[1:]))
    if consultation.takes_contributions or consultation.takes_comments:
        words = game.reviewed(consultation.moderation, consultation.review_hours)
        found.append(ui.Fact(_("Relecture"), words[:1].upper() + words[1:]))
    service = consultation.service.name
    if consultation.service_function:
        service = f"{service} ({consultation.service_function})"
    found.append(ui.Fact(_("Service responsable"), service))
    place = ", ".join(filter(None, (consultation.place_name, consultation.place_address)))
    if place:
        found.append(ui.Fact(_("Lieu"), place))
    if consultation.published_at is not None:
        found.append(
            ui.Fact(
                _("Règles du jeu"),
                _("Voir ce qui est fixé, et ce qui a changé"),
                reverse("consultations:rules", args=[consultation.slug]),
            )
        )
    return found


def review_promise(consultation: Consultation) -> str:
    """Say beside a form that what is written will be read first, and how soon; "" when it is published at once."""
    if consultation.moderation != ModerationMode.PRIOR:
        return ""
    return _("Votre texte paraîtra après relecture, sous %(hours)s\u00a0heures ouvrées.") % {
        "hours": consultation.review_hours
    }


def coordinates(consultation: Consultation) -> str:
    """Write where a consultation is on the globe, "" where nobody said it: « 47,74890° nord, 7,33590° est »."""
    if consultation.latitude is None or consultation.longitude is None:
        return ""
    return _("%(latitude)s° nord, %(longitude)s° est") % {
        "latitude": formats.number_format(consultation.latitude, decimal_pos=5, use_l10n=True),
        "longitude": formats.number_format(consultation.longitude, decimal_pos=5, use_l10n=True),
    }


def document(item: Document, *, key: str = "") -> ui.Document:
    """Give a document of the city as a line to download; `key` opens those of a draft to who holds its preview."""
    query = f"?apercu={key}" if key else ""
    return ui.Document(
        title=item.title,
        url=reverse("consultations:document_file", args=[item.key]) + query,
        kind=file_kind(item.content_type, item.file.name),
        size_bytes=item.size,
        html_url=reverse("consultations:document", args=[item.key]) + query if item.html_body else "",
        accessible=item.is_accessible,
    )


def file_kind(content_type: str, name: str | None) -> str:
    """Name the type of a file as people know it: « PDF », « ODT »."""
    known = {"application/pdf": "PDF", "application/vnd.oasis.opendocument.text": "ODT", "text/csv": "CSV"}
    return known.get(content_type) or PurePosixPath(name or "").suffix.lstrip(".").upper() or _("Fichier")


def shortened(text: str, length: int, *, mark: str = "") -> str:
    """Cut a text after a sentence when one ends in its second half, else after a word, which an ellipsis says.

    A cut after a sentence shows nothing where the rest is one link away; `mark` says it where the text must not pass for whole.
    """
    words = GAP.sub(" ", text).strip()
    if len(words) <= length:
        return words
    ends = [end.end() for end in SENTENCE_END.finditer(words, length // 2, length)]
    if ends:
        return words[: ends[-1]] + mark
    return words[:length].rsplit(" ", 1)[0].rstrip(" ,;:.!?\u00a0") + "…"


def participants(shown: participation.Shown) -> list[ui.Fact]:
    """Give the box « Qui a participé »: people by the channel of their first gesture, small counts merged; [] for nobody."""
    found = []
    if shown.people:
        words = _("%(people)s, jusqu’à hier soir") if shown.until_yesterday else "%(people)s"
        found.append(ui.Fact(_("En tout"), words % {"people": _people(shown.people)}))
    found += [ui.Fact(label, _people(number)) for label, number in channels(shown.channels)]
    if shown.seated:
        words = _("%(people)s, comptées sur place\u00a0: certaines ont pu participer aussi autrement")
        found.append(ui.Fact(_("Aux tables des réunions"), words % {"people": _people(shown.seated)}))
    return found


def channels(counted: Merged) -> list[tuple[str, int]]:
    """Name the channels of a line of counts; those that are merged are one line with their sum."""
    named = {str(Channel(channel).label): number for channel, number in counted.shown.items()}
    if counted.hidden:
        named[", ".join(str(Channel(channel).label) for channel in counted.hidden)] = counted.rest
    return [(label[:1].upper() + label[1:], number) for label, number in named.items()]


def _people(number: int) -> str:
    return ngettext("%(n)s personne", "%(n)s personnes", number) % {"n": typography.number(number)}


# --- Contributions -------------------------------------------------------------------------------------------------


def place_of_author(contribution: Contribution) -> str:
    """Name the district beside a public name; it is already in the other signature."""
    is_named = contribution.signature == Contribution.Signature.NAME and contribution.author is not None
    return contribution.district.name if is_named and contribution.district else ""


class Words:
    """The words of one page, each written once: twenty cards share a handful of dates and small numbers."""

    def __init__(self) -> None:
        self._days: dict[dt.date, str] = {}
        self._counts: dict[tuple[str, int], str] = {}
        self._kinds = {kind.value: ui.tag(label=kind.label, tone="info") for kind in Contribution.Kind}

    def kind_tag(self, kind: str) -> SafeString:
        """Name the kind of a contribution, in its pill."""
        return self._kinds[kind]

    def day(self, at: dt.datetime) -> str:
        """Write the day of an instant."""
        day = typography.local_day(at)
        if day not in self._days:
            self._days[day] = typography.day(day)
        return self._days[day]

    def agreeing(self, count: int) -> str:
        """Say how many agree."""
        return self._counted("agree", count) or self._keep(
            "agree", count, ngettext("%(n)s personne d’accord", "%(n)s personnes d’accord", count)
        )

    def comments(self, count: int) -> str:
        """Say how many comments."""
        return self._counted("comments", count) or self._keep(
            "comments", count, ngettext("%(n)s commentaire", "%(n)s commentaires", count)
        )

    def _counted(self, what: str, count: int) -> str:
        return self._counts.get((what, count), "")

    def _keep(self, what: str, count: int, sentence: str) -> str:
        self._counts[what, count] = sentence % {"n": typography.number(count)}
        return self._counts[what, count]


@dataclass(frozen=True)
class Row:
    """A contribution in a list: everything its card shows, in words."""

    title: str
    url: str
    kind_tag: SafeString
    section: str
    excerpt: str
    author: str
    day: str
    iso_day: str
    district: str
    support_words: str
    comment_words: str
    place: str = ""


def row(contribution: Contribution, *, words: Words, base: str) -> Row:
    """Make the card of a contribution (select `author`, `district`, `section`); `base` is the address of the list."""
    agree, comments = contribution.agree, contribution.comment_count
    published = contribution.published_at or contribution.saved_at
    return Row(
        title=contribution.title,
        url=f"{base}{contribution.reference}/",
        kind_tag=words.kind_tag(contribution.kind),
        section=contribution.section.title if contribution.section else "",
        excerpt=shortened(markup.to_text(_beginning(contribution.body_html)), EXCERPT),
        author=signatures.of_contribution(contribution),
        day=words.day(published),
        iso_day=typography.local_day(published).isoformat(),
        district=place_of_author(contribution),
        support_words=words.agreeing(agree),
        comment_words=words.comments(comments),
        place=contribution.place,
    )


def _beginning(html: str) -> str:
    """Keep enough of a text for an excerpt, without half a tag: an imported article may fill pages."""
    kept = html[: 6 * EXCERPT]
    return kept[: kept.rindex("<")] if kept.rfind("<") > kept.rfind(">") else kept


@dataclass(frozen=True)
class File:
    """A photo or document of a contribution, with its address."""

    url: str
    name: str
    alt: str
    is_photo: bool
    kind: str
    size: int
    width: int | None
    height: int | None
    report_url: str = ""


def file(attachment: Attachment) -> File:
    """Make what the page shows of a joined file."""
    return File(
        url=reverse("consultations:attachment", args=[attachment.key]),
        report_url=reverse("moderation:report", args=["fichier", str(attachment.key)]),
        name=attachment.name,
        alt=attachment.alt,
        is_photo=attachment.kind == Attachment.Kind.PHOTO,
        kind=file_kind(attachment.content_type, attachment.name),
        size=attachment.size,
        width=attachment.width,
        height=attachment.height,
    )


def place_words(contribution: Contribution) -> str:
    """Name the place of a contribution and its district (select `place_district`), "" where neither was said."""
    district = contribution.place_district.name if contribution.place_district else ""
    if contribution.place and district:
        return _("%(place)s (quartier %(district)s)") % {"place": contribution.place, "district": district}
    return contribution.place or (_("quartier %(district)s") % {"district": district} if district else "")


def lived_facts(contribution: Contribution) -> list[ui.Fact]:
    """Give the facts of a lived experience: when, how often, as whom; only those that were said."""
    pairs = (
        (_("Quand\u00a0?"), contribution.usage_when),
        (_("À quel rythme\u00a0?"), contribution.usage_frequency),
        (_("En tant que"), contribution.usage_role),
    )
    return [ui.Fact(label, value) for label, value in pairs if value]


# --- One's own -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OwnLine:
    """A line of « Mes contributions »: what it is, its state in words, and what can be done with it."""

    title: str
    url: str
    tag: ui.Tag
    context: str
    when: str
    reference: str = ""
    counts: str = ""
    discard_url: str = ""


def own_contribution(row: Contribution, *, waits: bool = True) -> OwnLine:
    """Make the line of a draft, of a published contribution or of one that was withdrawn (select `consultation`).

    `waits`: what was handed in is still to be read; else moderation did not publish it.
    """
    slug, title = row.consultation.slug, row.title or _("Sans titre")
    if row.published_at is None and row.submitted_at is not None:
        return OwnLine(
            title=title,
            url=reverse("consultations:contribution", args=[slug, row.reference]),
            tag=_held_tag(waits=waits),
            context=row.consultation.title,
            when=_("Déposée le %(day)s") % {"day": typography.instant(row.submitted_at)},
        )
    if row.published_at is None:
        return OwnLine(
            title=title,
            url=reverse("consultations:draft", args=[slug, row.reference]),
            tag=ui.Tag(_("Brouillon, non publié"), "mixed", "pencil"),
            context=row.consultation.title,
            when=_("Enregistré le %(day)s") % {"day": typography.instant(row.saved_at)},
            discard_url=reverse("consultations:discard", args=[slug, row.reference]),
        )
    if row.hidden_at is not None and row.withdrawn_at is None:
        tag, when = _hidden(row)
    elif row.withdrawn_at is not None:
        tag, when = (
            ui.Tag(_("Retirée"), "neutral", "x"),
            _("Retirée le %(day)s") % {"day": typography.day(row.withdrawn_at)},
        )
    else:
        tag, when = (
            ui.Tag(_("Publiée"), "yes", "check"),
            _("Publiée le %(day)s") % {"day": typography.day(row.published_at)},
        )
    agree, comments = row.agree, row.comment_count
    return OwnLine(
        title=title,
        url=reverse("consultations:contribution", args=[slug, row.reference]),
        tag=tag,
        context=row.consultation.title,
        when=when,
        reference=row.reference,
        counts=", ".join(
            (
                ngettext("%(n)s personne d’accord", "%(n)s personnes d’accord", agree)
                % {"n": typography.number(agree)},
                ngettext("%(n)s commentaire", "%(n)s commentaires", comments) % {"n": typography.number(comments)},
            )
        ),
    )


def _hidden(row: Contribution | Comment) -> tuple[ui.Tag, str]:
    """Say that moderation took a text away, when, and on which clause; or that it is set aside with the rest of its author's."""
    if row.hidden_reason == setting_aside.REASON:
        return ui.Tag(_("Mis de côté"), "neutral", "lock"), _("Non visible pour le moment")
    words = {"day": typography.day(row.hidden_at or timezone.now()), "clause": row.hidden_reason}
    known = _("Le %(day)s, article %(clause)s de la charte") if row.hidden_reason else _("Le %(day)s")
    return ui.Tag(_("Retiré par la modération"), "no", "x"), known % words


def own_comment(row: Comment) -> OwnLine:
    """Make the line of a comment (select `contribution` and its consultation)."""
    tag, when = ui.Tag(_("Publié"), "yes", "check"), _("Publié le %(day)s") % {"day": typography.day(row.published_at)}
    if row.withdrawn_at is not None:
        tag = ui.Tag(_("Retiré"), "neutral", "x")
    elif row.hidden_at is not None:
        tag, when = _hidden(row)
    return OwnLine(
        title=shortened(markup.to_text(row.body_html), EXCERPT) or _("Commentaire retiré"),
        url=f"{row.contribution.get_absolute_url()}commentaires/{row.reference}/",
        tag=tag,
        context=row.contribution.title_for_others,
        when=when,
        reference=row.reference,
    )


def _held_tag(*, waits: bool) -> ui.Tag:
    return ui.Tag(_("En attente de relecture"), "mixed", "clock") if waits else ui.Tag(_("Non publié"), "no", "x")


def own_held(held: HeldText) -> OwnLine:
    """Make the line of a comment or a correction that waits, or was refused (select `contribution`, `consultation`)."""
    return OwnLine(
        title=shortened(" ".join(str(held.words.get("title") or held.words.get("body", "")).split()), EXCERPT),
        url=reverse("consultations:held", args=[held.reference]),
        tag=_held_tag(waits=held.refused_at is None),
        context=held.contribution.title_for_others,
        when=_("Déposé le %(day)s") % {"day": typography.instant(held.submitted_at)},
    )
