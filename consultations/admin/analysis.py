"""The analysis in the workspace: the work list of opinions, one opinion on one screen, themes and the answers to publish."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.contrib import messages
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Value, prefetch_related_objects
from django.db.models.functions import JSONObject
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.text import Truncator

from city.models import District
from consultations import analysis, asking, coverage, neighbours, outcomes, presentation, signatures
from consultations import analysis_rules as may
from consultations.admin import analysis_forms as forms
from consultations.admin.workspace import address, draw, seen_by
from consultations.models import (
    AnalysisTheme,
    Comment,
    Consultation,
    ConsultationQuestionnaire,
    Contribution,
    Item,
    ItemTheme,
    Note,
    Outcome,
)
from mulhouse import lists, typography
from mulhouse.access import staff
from mulhouse.errors import DomainError
from mulhouse.markup import render_markdown
from mulhouse.templatetags import ui

ORDER = lists.Order("received_at")
PAGE_SIZE = 30
# A page of work stays light: what is longer is cut, and read whole on the site.
COMMENTS = 12
LONGEST_TEXT, LONGEST_COMMENT = 12_000, 700
# « Tous les avis de cette recherche », however many, go by so many: one transaction and one line of the register each.
BATCH = 5000
QUESTIONS = ("q", "theme", "place", "partie", "sorte", "canal", "quartier")
EXCERPT = 280
TONES: dict[str, ui.Tone] = {
    Item.Place.WAITING: "mixed",
    Item.Place.ANSWERED: "yes",
    Item.Place.GROUPED: "info",
    Item.Place.WITHDRAWN: "neutral",
    Item.Place.HIDDEN: "no",
}


def addresses(opened: Callable[[Any], Any]) -> list[URLPattern]:
    """Give the addresses of the analysis, under those of the workspace."""
    name = "consultations_consultation_{}".format
    return [
        path("<int:pk>/analyse/", opened(work_list), name=name("analysis")),
        path("<int:pk>/analyse/themes/", opened(themes), name=name("analysis_themes")),
        path("<int:pk>/analyse/themes/<slug:reference>/", opened(theme), name=name("analysis_theme")),
        path("<int:pk>/analyse/avis/<slug:reference>/", opened(item), name=name("analysis_item")),
    ]


def _draw(request: HttpRequest, consultation: Consultation, template: str, **context: Any) -> HttpResponse:
    """Draw a page of the analysis, with its two parts and its meter."""
    pk = consultation.pk
    parts = [
        ui.Tab("Avis", address("analysis", pk), current="/themes/" not in request.path),
        ui.Tab("Thèmes et réponses", address("analysis_themes", pk), current="/themes/" in request.path),
    ]
    found = coverage.of(consultation)
    return draw(
        request,
        consultation,
        template,
        parts=parts,
        found=found,
        meter=f"{typography.number(found.with_outcome)} avis sur {typography.number(found.owed)} ont une réponse",
        analyse_refusal=may.analyse_refusal(request.user, consultation),
        publish_refusal=may.publish_refusal(request.user, consultation),
        **context,
    )


def _fetch(request: HttpRequest, pk: int, *with_rows: str) -> Any:
    """Fetch a consultation with what the top of these pages counts."""
    asked = Exists(ConsultationQuestionnaire.objects.filter(consultation=OuterRef("pk")))
    return get_object_or_404(
        coverage.with_counts(seen_by(request, *with_rows)).annotate(has_questionnaire=asked), pk=pk
    )


def _themes(consultation: Consultation) -> list[Any]:
    """Read the themes, by title, each with the `number` of its opinions."""
    found = AnalysisTheme.objects.filter(consultation=consultation).annotate(number=Count("links"))
    themes: list[Any] = list(found.order_by("title", "pk"))
    for row in themes:
        row.consultation = consultation
    return themes


# --- The work list -------------------------------------------------------------------------------------------------------


@staff(may.ANALYSE)
def work_list(request: HttpRequest, pk: int) -> HttpResponse:
    """Search and filter opinions, and put many of them in a theme or a group at once."""
    consultation = _fetch(request, pk, "sections")
    known = _themes(consultation)
    if request.method == "POST":
        _do_bulk(request, consultation, known)
        return redirect(address("analysis", pk) + lists.address(_asked(request)))
    asked = _filter(request.GET, consultation, known)
    page = lists.read(
        _with_themes(asked.qs).select_related("section", "district", "grouped_with").defer("search"),
        ORDER,
        size=PAGE_SIZE,
        at=lists.place(request.GET),
        anchor_of=lambda reference: Item.objects.filter(consultation=consultation, reference=reference).first(),
    )
    here = address("analysis", pk)
    names = [name for name in QUESTIONS if asked.chosen(name)]
    within = _question(request.GET)
    return _draw(
        request,
        consultation,
        "admin/consultations/analysis.html",
        rows=[_row(row, known, within) for row in page.rows],
        count=lists.bounded_count(asked.qs),
        count_limit=lists.COUNT_LIMIT,
        themes=known,
        searched=asked.chosen("q"),
        selects=[asked.select(name) for name in ("theme", "place")],
        more_selects=[asked.select(name) for name in ("partie", "sorte", "canal", "quartier")],
        has_more=any(name in names for name in ("partie", "sorte", "canal", "quartier")),
        chosen=[ui.ActiveFilter(asked.words(name), here + lists.address(request.GET, **{name: ""})) for name in names],
        all_checked="tout" in request.GET,
        all_url=here + _at_page(request, tout="" if "tout" in request.GET else "oui"),
        query=request.GET.urlencode(),
        previous_url=here + _at_page(request, avant=page.previous, apres="") if page.previous else "",
        next_url=here + _at_page(request, apres=page.next, avant="") if page.next else "",
        here=here,
    )


def _at_page(request: HttpRequest, **changes: str) -> str:
    """Write the query with some parameters changed, the page staying where it is unless they say otherwise."""
    written = request.GET.copy()
    for name, value in changes.items():
        written.pop(name, None)
        if value:
            written[name] = value
    return f"?{written.urlencode()}" if written else ""


def _question(query: QueryDict) -> str:
    """Write what was asked of the list alone, wherever its page stands: the page of an opinion keeps it."""
    kept = QueryDict(mutable=True)
    for name in QUESTIONS:
        if value := query.get(name):
            kept[name] = value
    return f"?{kept.urlencode()}" if kept else ""


def _around(query: QueryDict, consultation: Consultation, known: list[AnalysisTheme], row: Item) -> dict[str, str]:
    """Give the addresses of the opinions before and after one, in the list that it was opened from; one query."""
    rows = Item.objects.filter(consultation=consultation)
    if any(query.get(name) for name in QUESTIONS):
        # Choices that were not asked are not read.
        rows = forms.ItemFilter(
            query,
            rows,
            themes=known,
            sections=list(consultation.sections.all()) if query.get("partie") else [],
            districts=list(District.objects.order_by("name")) if query.get("quartier") else [],
        ).qs
    sides = [
        ORDER.of(ORDER.beyond(rows, row, backwards=backwards), backwards=backwards)
        .annotate(side=Value(side))
        .values_list("side", "reference")[:1]
        for side, backwards in (("before", True), ("after", False))
    ]
    within = _question(query)
    found = dict(sides[0].union(sides[1], all=True))
    return {
        side: address("analysis_item", consultation.pk, found[side]) + within if side in found else ""
        for side in ("before", "after")
    }


def _filter(query: QueryDict, consultation: Consultation, known: list[AnalysisTheme]) -> forms.ItemFilter:
    return forms.ItemFilter(
        query,
        Item.objects.filter(consultation=consultation),
        themes=known,
        sections=list(consultation.sections.all()),
        districts=list(District.objects.order_by("name")),
    )


def _with_themes(found: QuerySet[Item]) -> QuerySet[Item]:
    """Add to each opinion the keys of its themes: the page has read the themes themselves."""
    return found.annotate(theme_keys=ArraySubquery(ItemTheme.objects.filter(item=OuterRef("pk")).values("theme")))


def _held(row: Any, known: list[AnalysisTheme]) -> list[AnalysisTheme]:
    """Give the themes of an opinion read `_with_themes`, by title."""
    return [theme for theme in known if theme.pk in row.theme_keys]


def _row(row: Item, known: list[AnalysisTheme], within: str) -> dict[str, Any]:
    text = "" if row.title and row.words.startswith(row.title[:40]) else row.words
    return {
        "item": row,
        "url": address("analysis_item", row.consultation_id, row.reference) + within,
        "title": row.title or "Texte retiré",
        "excerpt": presentation.shortened(text or row.words, EXCERPT),
        "tone": TONES[row.place],
        "themes": _held(row, known),
    }


def _asked(request: HttpRequest) -> QueryDict:
    """Read the question of the list back from the form of a gesture."""
    return QueryDict(request.POST.get("question", ""))


def _do_bulk(request: HttpRequest, consultation: Consultation, known: list[AnalysisTheme]) -> None:
    gesture, actor, at = request.POST.get("geste", ""), request.user, timezone.now()
    keys = _chosen_keys(request, consultation, known)
    if not keys:
        messages.error(request, "Cochez d’abord un avis.")
        return
    try:
        if gesture == "regrouper":
            head = _head(request, consultation, keys)
            count = sum(analysis.group(actor=actor, root=head, keys=part, at=at) for part in _batches(keys))
            messages.success(request, f"{_opinions(count)} regroupé{'s' if count > 1 else ''} avec {head.reference}.")
            return
        chosen = _chosen_theme(request, consultation, known)
        if gesture == "detacher":
            count = sum(analysis.detach(actor=actor, theme=chosen, keys=part, at=at) for part in _batches(keys))
            messages.success(
                request, f"{_opinions(count)} sorti{'s' if count > 1 else ''} de «\u00a0{chosen.title}\u00a0»."
            )
        else:
            count = sum(analysis.attach(actor=actor, theme=chosen, keys=part) for part in _batches(keys))
            messages.success(
                request, f"{_opinions(count)} ajouté{'s' if count > 1 else ''} à «\u00a0{chosen.title}\u00a0»."
            )
    except DomainError as error:
        messages.error(request, error.message)


def _opinions(count: int) -> str:
    return f"{typography.number(count)} avis"


def _chosen_keys(request: HttpRequest, consultation: Consultation, known: list[AnalysisTheme]) -> list[int]:
    """Give the opinions that are ticked, or all those of the search."""
    if request.POST.get("tous"):
        rows = _filter(_asked(request), consultation, known).qs
    else:
        rows = Item.objects.filter(consultation=consultation, reference__in=request.POST.getlist("avis"))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _batches(keys: list[int]) -> Iterator[list[int]]:
    return (keys[start : start + BATCH] for start in range(0, len(keys), BATCH))


def _chosen_theme(request: HttpRequest, consultation: Consultation, known: list[AnalysisTheme]) -> AnalysisTheme:
    """Find the theme that was chosen, or begin the one that was named.

    Raises: DomainError.
    """
    if title := request.POST.get("nouveau", "").strip():
        same = [theme for theme in known if theme.title.casefold() == title.casefold()]
        words = analysis.Words(title=title[: forms.TITLE_LENGTH])
        return same[0] if same else analysis.create_theme(actor=request.user, consultation=consultation, words=words)
    for theme in known:
        if theme.reference == request.POST.get("theme"):
            return theme
    raise DomainError("theme", "Choisissez un thème, ou nommez-en un nouveau.")


def _head(request: HttpRequest, consultation: Consultation, keys: list[int]) -> Item:
    """Find the opinion with which others are grouped: the one that was named, else the oldest of them.

    Raises: DomainError.
    """
    rows = Item.objects.filter(consultation=consultation).select_related("consultation")
    if reference := request.POST.get("tete", "").strip().upper():
        head = rows.filter(reference=reference).first()
        if head is None:
            raise DomainError("head", f"Aucun avis de cette consultation n’a la référence {reference[:12]}.")
        return head
    oldest = rows.standing().filter(pk__in=keys).order_by("received_at", "pk").first()
    if oldest is None:
        raise DomainError("gone", "Ces avis sont retirés ou masqués.")
    return oldest


# What an agent types on the page of an opinion or a theme.
TYPED = (
    ("title", "Titre de travail"),
    ("public_title", "Titre public"),
    ("public_summary", "Ce qui est demandé"),
    ("forwarded_to", "Transmis à"),
    ("explanation", "Explication"),
    ("note-body", "Note"),
)


# --- One opinion ---------------------------------------------------------------------------------------------------------


@staff(may.ANALYSE)
def item(request: HttpRequest, pk: int, reference: str) -> HttpResponse:
    """Show an opinion with everything that helps to answer it, on one page; save its themes and its own decision."""
    consultation = _fetch(request, pk)
    here = Item.objects.filter(consultation=consultation, reference=reference.upper())
    if request.method == "POST" and not here.exists():
        return _lost(request, consultation)
    row = _item(consultation, reference)
    known = _themes(consultation)
    held = _held(row, known)
    initial = {
        "seen": row.version,
        "themes": [str(each.pk) for each in held],
        "decision": row.draft_decision,
        "forwarded_to": row.draft_forwarded_to,
        "explanation": row.draft_explanation,
    }
    form, note = forms.ItemForm(initial=initial, themes=known), forms.NoteForm(prefix="note")
    returning = forms.ReturnForm(prefix="retour")
    stale = False
    if request.method == "POST":
        gesture = request.POST.get("geste", "")
        if gesture == "enregistrer":
            form = forms.ItemForm(request.POST, initial=initial, themes=known)
            stale = form.is_valid() and _save_item(request, row, form)
            done = form.is_valid() and not stale
        elif gesture == "revenir":
            returning = forms.ReturnForm(request.POST, prefix="retour")
            done = returning.is_valid() and _returned(request, row, returning)
        elif gesture == "noter":
            note = forms.NoteForm(request.POST, prefix="note")
            done = note.is_valid() and _noted(request, row, note)
        else:
            _do_one(request, consultation, row, held, gesture)
            done = True
        if done:
            return redirect(address("analysis_item", pk, reference) + _question(request.GET))
    return _draw(
        request,
        consultation,
        "admin/consultations/analysis_item.html",
        **_item_context(consultation, row, held),
        list_url=address("analysis", pk) + _question(request.GET),
        around=_around(request.GET, consultation, known, row),
        form=next((each for each in (form, note, returning) if each.is_bound), form),
        item_form=form,
        note_form=note,
        return_form=returning,
        can_return=may.return_refusal(request.user, row) is None,
        stale=_theirs(row, held) if stale else None,
    )


def _item(consultation: Consultation, reference: str) -> Any:
    found = (
        Item.objects.with_answers()
        .filter(consultation=consultation)
        .select_related(
            "section",
            "district",
            "grouped_with",
            "contribution__author",
            "contribution__district",
            "comment__author",
            "comment__contribution",
            "answer__question",
        )
    )
    # As one value of its row, as its themes and its words: no query more on this page.
    members = Item.objects.filter(grouped_with=OuterRef("pk")).order_by("received_at", "pk")
    found = found.annotate(grouped=ArraySubquery(members.values(data=JSONObject(reference="reference", title="title"))))
    rows = neighbours.with_words(_with_themes(found))
    row = get_object_or_404(rows.defer("search"), reference=reference.upper())
    # The consultation was read for the frame: everything that leads to it leads there.
    row.consultation = consultation
    for voice in (row.contribution, row.comment.contribution if row.comment else None):
        if voice is not None:
            voice.consultation = consultation
    return row


def _save_item(request: HttpRequest, row: Item, form: forms.ItemForm) -> bool:
    """Save; tell whether somebody else did meanwhile."""
    try:
        analysis.save_item(
            actor=request.user,
            item=row,
            themes=[int(key) for key in form.cleaned_data["themes"]],
            decided=form.decided(),
            seen=form.cleaned_data["seen"],
            at=timezone.now(),
        )
    except DomainError as error:
        form.add_error(error.code if error.code in form.fields else None, error.message)
        return error.code == analysis.STALE.code
    messages.success(request, "Enregistré. Rien n’est public avant la publication des réponses.")
    return False


def _theirs(row: Item, held: list[AnalysisTheme]) -> dict[str, Any]:
    """Say what the opinion holds now: what the other agent did; `version` lets the next try go through."""
    return {
        "version": row.version,
        "title": "",
        "themes": [each.title for each in held],
        "decision": row.get_draft_decision_display() if row.draft_decision else "",
        "forwarded_to": row.draft_forwarded_to,
        "explanation": row.draft_explanation,
        "place": row.get_place_display(),
    }


def _returned(request: HttpRequest, row: Item, form: forms.ReturnForm) -> bool:
    try:
        outcomes.give_back(actor=request.user, item=row, reason=form.cleaned_data["reason"], at=timezone.now())
    except DomainError as error:
        form.add_error("reason" if error.code == "reason" else None, error.message)
        return False
    messages.success(request, "C’est public\u00a0: cet avis a de nouveau la réponse de ses thèmes.")
    return True


def _noted(request: HttpRequest, about: Item | AnalysisTheme, form: forms.NoteForm) -> bool:
    try:
        analysis.add_note(actor=request.user, about=about, body=form.cleaned_data["body"], at=timezone.now())
    except DomainError as error:
        form.add_error("body", error.message)
        return False
    messages.success(request, "Note ajoutée.")
    return True


def _do_one(
    request: HttpRequest, consultation: Consultation, row: Item, held: list[AnalysisTheme], gesture: str
) -> None:
    """Do one of the small gestures of the page, and say how it went."""
    actor, at = request.user, timezone.now()
    try:
        if gesture == "comme":
            other = get_object_or_404(Item, consultation=consultation, reference=request.POST.get("avis", ""))
            _same_themes(request, held, other)
        elif gesture == "regrouper":
            rows = Item.objects.filter(consultation=consultation)
            other = get_object_or_404(rows, reference=request.POST.get("avis", "").strip().upper())
            analysis.group(actor=actor, root=row, keys=[other.pk], at=at)
            messages.success(request, f"{other.reference} est regroupé avec cet avis.")
        elif gesture == "degrouper":
            analysis.ungroup(actor=actor, item=row, at=at)
            messages.success(request, "Cet avis est sorti du groupe.")
        elif gesture in {"proposition", "simple"}:
            comments = Comment.objects.select_related("contribution__consultation")
            here = comments.filter(contribution__consultation=consultation)
            comment = get_object_or_404(here, reference=request.POST.get("commentaire", ""))
            analysis.mark_proposal(actor=actor, comment=comment, is_proposal=gesture == "proposition")
            messages.success(request, f"Commentaire {comment.reference}\u00a0: c’est noté.")
        elif gesture in {"montrer", "taire"}:
            asking.show_text(actor=actor, item=row, is_shown=gesture == "montrer", at=at)
            messages.success(request, "Montré sans nom." if gesture == "montrer" else "Plus personne ne lit ce texte.")
        else:
            raise PermissionDenied
    except DomainError as error:
        messages.error(request, error.message)


def _same_themes(request: HttpRequest, held: list[AnalysisTheme], other: Item) -> None:
    """Put a neighbour in the themes of the opinion on the screen."""
    if not held:
        messages.error(request, "Donnez d’abord un thème à cet avis.")
        return
    for each in held:
        analysis.attach(actor=request.user, theme=each, keys=[other.pk])
    titles = " et ".join(f"«\u00a0{each.title}\u00a0»" for each in held)
    messages.success(request, f"{other.reference} rejoint {titles}.")


def _item_context(consultation: Consultation, row: Any, held: list[AnalysisTheme]) -> dict[str, Any]:
    contribution = row.contribution
    around = contribution or (row.comment.contribution if row.comment else None)
    found = neighbours.of_item(row) if row.words else []
    is_gone = row.place in {Item.Place.WITHDRAWN, Item.Place.HIDDEN}
    whole = _html(row)
    # What is hidden has no page on the site.
    shown = whole if is_gone else _cut(whole, LONGEST_TEXT)
    return {
        "item": row,
        "tone": TONES[row.place],
        "is_gone": is_gone,
        "shown_title": row.title or "Texte retiré par son auteur",
        "html": shown,
        "is_cut": shown != whole,
        "signed": _signed(row),
        "public_url": _public_url(row),
        "figures": contribution,
        "question": row.answer.question.label if row.answer else (row.section.question if row.section else ""),
        "held": held,
        "comments": _comments(around) if around else [],
        "debate_url": around.get_absolute_url() if around and around.comment_count > COMMENTS else "",
        "neighbours": [(each, address("analysis_item", consultation.pk, each.reference)) for each in found],
        "members": row.grouped,
        "head_url": address("analysis_item", consultation.pk, row.grouped_with.reference) if row.grouped_with else "",
        "notes": _notes(Note.objects.filter(item=row).select_related("author")),
        "given": [(each, presentation.resident_html(each.outcome.explanation_html)) for each in outcomes.history(row)],
    }


def _html(row: Item) -> str:
    if row.contribution:
        return presentation.resident_html(row.contribution.body_html) if row.words else ""
    if row.comment:
        return presentation.resident_html(row.comment.body_html) if row.words else ""
    return presentation.resident_html(render_markdown(row.words))


def _signed(row: Item) -> str:
    if row.contribution:
        return str(signatures.of_contribution(row.contribution))
    if row.comment:
        return str(signatures.of_comment(row.comment))
    return "Une réponse sans nom"


def _public_url(row: Item) -> str:
    if row.contribution:
        return row.contribution.get_absolute_url()
    if row.comment:
        return f"{row.comment.contribution.get_absolute_url()}commentaires/{row.comment.reference}/"
    return ""


def _comments(around: Contribution) -> list[tuple[Comment, str, str, str]]:
    """Give the last comments: each with who wrote it, its text, and where the whole of it is when it is cut."""
    rows = (
        Comment.objects.visible().filter(contribution=around).select_related("author").order_by("-published_at", "-pk")
    )
    found = []
    for row in rows[:COMMENTS]:
        html = presentation.resident_html(row.body_html)
        shown = _cut(html, LONGEST_COMMENT)
        url = f"{around.get_absolute_url()}commentaires/{row.reference}/" if shown != html else ""
        found.append((row, str(signatures.of_comment(row)), shown, url))
    return found


def _cut(html: str, length: int) -> str:
    """Cut a text after so many signs, its tags closed."""
    return presentation.resident_html(Truncator(html).chars(length, html=True))


def _notes(rows: Iterable[Note]) -> list[tuple[str, Any, str]]:
    """Give who wrote each note (select `author`), when, and what."""
    return [
        (
            str(note.author) if note.author else "Compte supprimé",
            note.written_at,
            note.body,
        )
        for note in rows
    ]


# --- Themes and answers --------------------------------------------------------------------------------------------------


@staff(may.ANALYSE)
def themes(request: HttpRequest, pk: int) -> HttpResponse:
    """List the themes with where each stands, see what publishing would do, and publish."""
    consultation = _fetch(request, pk)
    form = forms.NewThemeForm()
    if request.method == "POST":
        gesture = request.POST.get("geste", "")
        if gesture == "publier":
            _publish(request, consultation, None)
            return redirect(address("analysis_themes", pk))
        if gesture == "recueillir":
            _collect(request, consultation)
            return redirect(address("analysis_themes", pk))
        form = forms.NewThemeForm(request.POST)
        if form.is_valid() and (new := _created(request, consultation, form)):
            return redirect(address("analysis_theme", pk, new.reference))
    found = AnalysisTheme.objects.filter(consultation=consultation).annotate(
        number=Count("links"), waiting=Count("links", filter=Q(links__item__place=Item.Place.WAITING))
    )
    known = list(found.order_by("-number", "title"))
    answers = outcomes.of_themes(known)
    lacking = coverage.lacking(consultation)
    return _draw(
        request,
        consultation,
        "admin/consultations/analysis_themes.html",
        form=form,
        rows=[(row, address("analysis_theme", pk, row.reference), next(iter(answers[row.pk]), None)) for row in known],
        preview=outcomes.preview(consultation, known=known),
        lacking=[(each, address("analysis_item", pk, each.reference)) for each in lacking.defer("search")[:10]],
        lacking_url=address("analysis", pk) + f"?place={Item.Place.WAITING}",
        loose_url=address("analysis", pk) + f"?theme={forms.WITHOUT}",
        has_questionnaire=consultation.has_questionnaire,
    )


def _created(request: HttpRequest, consultation: Consultation, form: forms.NewThemeForm) -> AnalysisTheme | None:
    try:
        words = analysis.Words(title=form.cleaned_data["title"])
        return analysis.create_theme(actor=request.user, consultation=consultation, words=words)
    except DomainError as error:
        form.add_error("title", error.message)
        return None


def _collect(request: HttpRequest, consultation: Consultation) -> None:
    try:
        count = analysis.collect_answers(actor=request.user, consultation=consultation, at=timezone.now())
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, f"{_opinions(count)} de plus à traiter." if count else "Rien de nouveau.")


def _publish(request: HttpRequest, consultation: Consultation, theme: AnalysisTheme | None) -> None:
    try:
        done = outcomes.publish(
            actor=request.user,
            consultation=consultation,
            at=timezone.now(),
            themes=[theme.pk] if theme else None,
        )
    except DomainError as error:
        messages.error(request, error.message)
    else:
        messages.success(
            request,
            f"Publié\u00a0: {typography.number(done.outcomes)} réponse{'s' if done.outcomes > 1 else ''}, "
            f"pour {_opinions(done.given)}. Leurs auteurs reçoivent un courriel.",
        )


@staff(may.ANALYSE)
def theme(request: HttpRequest, pk: int, reference: str) -> HttpResponse:
    """Say a theme, prepare its decision, see what would join it and who would be told, and publish."""
    consultation = _fetch(request, pk)
    known = _themes(consultation)
    row = next((each for each in known if each.reference == reference.upper()), None)
    if row is None:
        return _lost(request, consultation)
    others = [each for each in known if each.pk != row.pk]
    initial = {
        "seen": row.version,
        "title": row.title,
        "public_title": row.public_title,
        "public_summary": row.public_summary,
        "is_minority": row.is_minority,
        "decision": row.draft_decision,
        "forwarded_to": row.draft_forwarded_to,
        "explanation": row.draft_explanation,
    }
    form, note = forms.ThemeForm(initial=initial), forms.NoteForm(prefix="note")
    stale = False
    if request.method == "POST":
        gesture = request.POST.get("geste", "")
        if gesture == "enregistrer":
            form = forms.ThemeForm(request.POST, initial=initial)
            stale = form.is_valid() and _save_theme(request, row, form)
            done = form.is_valid() and not stale
        elif gesture == "noter":
            note = forms.NoteForm(request.POST, prefix="note")
            done = note.is_valid() and _noted(request, row, note)
        else:
            return _theme_gesture(request, consultation, row, others, gesture)
        if done:
            return redirect(address("analysis_theme", pk, row.reference))
    # Read once: what was given and noted is shown, and says whether the theme may still go away.
    prefetch_related_objects(
        [row], Prefetch("outcomes", Outcome.objects.newest()), Prefetch("notes", Note.objects.select_related("author"))
    )
    return _draw(
        request,
        consultation,
        "admin/consultations/analysis_theme.html",
        theme=row,
        form=form if form.is_bound or not note.is_bound else note,
        theme_form=form,
        note_form=note,
        merge_form=forms.MergeForm(themes=others, prefix="fusion", initial={"seen": row.version}),
        delete_form=forms.DeleteForm(prefix="suppression", initial={"seen": row.version}),
        can_merge=bool(others) and not row.outcomes.all(),
        number=row.number,
        members_url=address("analysis", pk) + f"?theme={row.reference}",
        suggestions=[(each, address("analysis_item", pk, each.reference)) for each in neighbours.of_theme(row)],
        notes=_notes(row.notes.all()),
        given=[(each, presentation.resident_html(each.explanation_html)) for each in row.outcomes.all()],
        preview=outcomes.preview(consultation, row),
        delete_refusal=may.delete_refusal(request.user, row),
        stale=_theirs_theme(row) if stale else None,
    )


def _save_theme(request: HttpRequest, row: AnalysisTheme, form: forms.ThemeForm) -> bool:
    """Save; tell whether somebody else did meanwhile."""
    try:
        analysis.save_theme(
            actor=request.user, theme=row, words=form.words(), decided=form.decided(), seen=form.cleaned_data["seen"]
        )
    except DomainError as error:
        form.add_error(error.code if error.code in form.fields else None, error.message)
        return error.code == analysis.STALE.code
    messages.success(request, "Enregistré. Rien n’est public avant la publication de la réponse.")
    return False


def _theirs_theme(row: AnalysisTheme) -> dict[str, Any]:
    return {
        "version": row.version,
        "place": "",
        "title": row.title,
        "public_title": row.public_title,
        "public_summary": row.public_summary,
        "decision": row.get_draft_decision_display() if row.draft_decision else "",
        "forwarded_to": row.draft_forwarded_to,
        "explanation": row.draft_explanation,
    }


def _theme_gesture(
    request: HttpRequest, consultation: Consultation, row: AnalysisTheme, others: list[AnalysisTheme], gesture: str
) -> HttpResponse:
    """Do one of the gestures of the page of a theme, and lead to where its result is."""
    pk, here = consultation.pk, address("analysis_theme", consultation.pk, row.reference)
    if gesture == "publier":
        _publish(request, consultation, row)
        return redirect(here)
    try:
        if gesture == "ajouter":
            rows = Item.objects.filter(consultation=consultation, reference__in=request.POST.getlist("avis"))
            count = analysis.attach(actor=request.user, theme=row, keys=list(rows.values_list("pk", flat=True)))
            messages.success(request, f"{_opinions(count)} ajouté{'s' if count > 1 else ''}.")
            return redirect(here)
        if gesture == "fusionner":
            merge = forms.MergeForm(request.POST, prefix="fusion", themes=others)
            given = _confirmed(merge)
            into = next(each for each in others if each.reference == given["into"])
            kept = analysis.merge_theme(actor=request.user, theme=row, into=into, seen=given["seen"], at=timezone.now())
            messages.success(request, f"«\u00a0{row.title}\u00a0» est fusionné dans «\u00a0{kept.title}\u00a0».")
            return redirect(address("analysis_theme", pk, kept.reference))
        if gesture == "supprimer":
            given = _confirmed(forms.DeleteForm(request.POST, prefix="suppression"))
            analysis.delete_theme(actor=request.user, theme=row, seen=given["seen"])
            messages.success(request, f"Thème «\u00a0{row.title}\u00a0» supprimé. Ses avis restent.")
            return redirect(address("analysis_themes", pk))
    except DomainError as error:
        messages.error(request, error.message)
        return redirect(here)
    raise PermissionDenied


def _confirmed(form: forms.DeleteForm) -> dict[str, Any]:
    """Give what a form holds that makes a theme go.

    Raises: DomainError when the agent did not confirm.
    """
    if not form.is_valid():
        raise DomainError("unsure", str(next(iter(form.errors.values()))[0]))
    return form.cleaned_data


def _lost(request: HttpRequest, consultation: Consultation) -> HttpResponse:
    """Give back what was typed on a page whose subject went away meanwhile: it is written nowhere else.

    Raises: Http404 when nothing was typed.
    """
    typed = [(label, request.POST.get(name, "").strip()) for name, label in TYPED]
    texts = [(label, text) for label, text in typed if text]
    if not texts:
        raise Http404
    response = _draw(
        request, consultation, "admin/consultations/analysis_lost.html", texts=texts, reason=analysis.GONE.message
    )
    response.status_code = 409
    return response
