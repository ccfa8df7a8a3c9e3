"""The components of the design system, as template tags with keyword-only arguments.

A wrong or missing argument fails when the template is parsed. Components take plain values and the small
dataclasses below; none makes a query. They are loaded everywhere (TEMPLATES["OPTIONS"]["builtins"]).
The gallery page shows each of them in each of its states.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, Literal

from django import template
from django.conf import settings
from django.forms import BaseForm, Textarea
from django.forms.boundfield import BoundField
from django.forms.models import ModelChoiceIteratorValue
from django.http import HttpRequest
from django.template import Context
from django.template.loader import get_template
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _

from mulhouse import navigation, typography
from mulhouse import who_sees as registry_of_acts
from mulhouse.masked_forms import MaskingForm, MaskingWarning

register = template.Library()

Text = str | Promise
Tone = Literal["neutral", "yes", "mixed", "no", "info"]
State = Literal["done", "current", "next"]
ButtonKind = Literal["primary", "secondary", "danger", "light", "outline", "link"]

TONE_CLASSES = {"neutral": "", "yes": "oui", "mixed": "mi", "no": "non", "info": "info"}
STATE_CLASSES = {"done": "fait", "current": "cours", "next": ""}
KIND_CLASSES = {
    "primary": "",
    "secondary": "bouton--2",
    "danger": "bouton--danger",
    "light": "bouton--clair",
    "outline": "bouton--contour",
    "link": "bouton--lien",
}
NOTICE_CLASSES = {"info": "", "success": "avis--ok", "warning": "avis--alerte", "error": "avis--erreur"}
NOTICE_ICONS = {"info": "info", "success": "circle-check", "warning": "triangle-alert", "error": "circle-alert"}
SELECTED = SafeString(" selected")
FIRST_OF_MONTH = re.compile(r"\b1er(?=[ \u00a0])")
FULL_RATE, HALF_RATE = 100, 50


# --- Shapes the views fill -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Crumb:
    """A step of the breadcrumb; the last one has no address."""

    label: Text
    url: str = ""


@dataclass(frozen=True)
class Tag:
    """A word in a pill; `icon` is a name of the sprite."""

    label: Text
    tone: Tone = "neutral"
    icon: str = ""


@dataclass(frozen=True)
class Meta:
    """A fact of a meta line, with or without an icon."""

    text: Text
    icon: str = ""


@dataclass(frozen=True)
class Phase:
    """A phase of a procedure. `state_words` says the state in full: « Terminé : 312 contributions »."""

    name: Text
    when: Text
    state: State
    state_words: Text


@dataclass(frozen=True)
class ProcessCard:
    """A consultation in a list: what it is, where it stands, how much it was used.

    `image_url` replaces the motif. `step` of `steps` is the current phase (0: not begun; more than `steps`: over), `step_words`
    says it in full, `left_words` says what is left of it.
    """

    title: Text
    url: str
    summary: Text
    tag: Tag
    motif: str = "eau"
    image_url: str = ""
    image_alt: str = ""
    step: int = 0
    steps: int = 0
    step_words: Text = ""
    left_words: Text = ""
    meta: Sequence[Meta] = ()


@dataclass(frozen=True)
class Document:
    """A file to download: always with its type and size; `html_url` leads to the same content as a page."""

    title: Text
    url: str
    kind: str
    size_bytes: int
    pages: int = 0
    html_url: str = ""
    accessible: bool = True


@dataclass(frozen=True)
class Fact:
    """A term and its value, in a fact box or a summary list; `foreign` marks a value that exists in French only."""

    label: Text
    value: Text
    url: str = ""
    action: Text = ""
    foreign: bool = False


@dataclass(frozen=True)
class Tab:
    """A link of an in-page navigation or a chip of a filter, with its count when it has one."""

    label: Text
    url: str
    count: int | None = None
    current: bool = False


@dataclass(frozen=True)
class ActiveFilter:
    """A filter in force, and the address of the list without it."""

    label: Text
    remove_url: str


@dataclass(frozen=True)
class Milestone:
    """A dated step of a timeline; `when` replaces the date where it is less precise (« Mars 2027 »)."""

    title: Text
    state: State
    at: date | None = None
    when: Text = ""
    text: Text = ""
    url: str = ""


@dataclass(frozen=True)
class Choice:
    """An option of a group of radio buttons."""

    value: str
    label: Text
    icon: str = ""
    checked: bool = False


@dataclass(frozen=True)
class PageLink:
    """A page of a paginated list: number 0 stands for pages left out."""

    number: int
    url: str = ""
    current: bool = False


@dataclass(frozen=True)
class Pages:
    """What the pagination shows; `pages_of` makes the links of a list whose pages are numbered.

    A list read from row to row has no links: `words` says which page this is, between the previous and the next one.
    """

    links: Sequence[PageLink] = field(default_factory=tuple)
    previous_url: str = ""
    next_url: str = ""
    words: Text = ""


# --- Icons, tags, dates ----------------------------------------------------------------------------------------


@cache
def icon_names() -> frozenset[str]:
    """Give the names the sprite holds."""
    source = get_template("components/sprite.html").render({})
    return frozenset(part.split('"', 1)[0] for part in source.split('<symbol id="i-')[1:])


@register.simple_tag
@cache
def icon(*, name: str, classes: str = "") -> SafeString:
    """Show an icon of the sprite, hidden from screen readers: words always stand beside it."""
    if name not in icon_names():
        raise ValueError(f"No icon {name!r} in the sprite.")
    return format_html(
        '<svg class="ic{}" aria-hidden="true" focusable="false"><use href="#i-{}"/></svg>',
        f" {classes}" if classes else "",
        name,
    )


@register.simple_tag
def wheel() -> SafeString:
    """Show the wheel of the site's mark."""
    return mark_safe('<svg class="roue" aria-hidden="true" focusable="false"><use href="#roue"/></svg>')


def _optional_icon(name: str) -> SafeString:
    return icon(name=name) if name else SafeString("")


@register.simple_tag
def tag(*, label: Text, tone: Tone = "neutral", icon: str = "") -> SafeString:
    """Show a word in a pill. Tones: neutral, yes, mixed, no, info; the word says it, the colour only helps."""
    modifier = TONE_CLASSES[tone]
    return format_html(
        '<span class="etiquette{}">{}{}</span>',
        f" etiquette--{modifier}" if modifier else "",
        _optional_icon(icon),
        label,
    )


@register.simple_tag
def meta_item(*, text: Text, icon: str = "") -> SafeString:
    """Show one fact inside a `<p class="meta">`."""
    return format_html("<span>{}{}</span>", _optional_icon(icon), text)


def _raise_first(words: str) -> SafeString:
    """« 1er » with its letters raised; every other character is escaped."""
    parts = FIRST_OF_MONTH.split(words)
    return format_html_join(SafeString("1<sup>er</sup>"), "{}", ((part,) for part in parts))


@register.filter
def first_raised(words: Text) -> SafeString:
    """Raise the letters of « 1er » in a written date."""
    return _raise_first(str(words))


@register.filter
def long_day(moment: date) -> SafeString:
    """Write a day in full: « 12 décembre 2026 »."""
    return _raise_first(typography.day(moment))


@register.simple_tag
def moment(*, at: date | datetime, hour: bool = False, weekday: bool = False) -> SafeString:
    """Write a date in a <time>, in full; `hour` adds the hour of an instant."""
    if isinstance(at, datetime):
        words = typography.instant(at, weekday=weekday) if hour else typography.day(at, weekday=weekday)
        machine = timezone.localtime(at).isoformat(timespec="minutes") if hour else typography.local_day(at).isoformat()
    else:
        words, machine = typography.day(at, weekday=weekday), at.isoformat()
    return format_html('<time datetime="{}">{}</time>', machine, _raise_first(words))


@register.simple_tag
def period(*, start: date | None, end: date | None, year: bool = True) -> SafeString:
    """Write a period: « du 2 au 22 mars 2026 »; `end` is the last day included."""
    return _raise_first(typography.date_range(start, end, year=year))


@register.filter
def grouped(value: float) -> str:
    """Write a number with its thousands apart."""
    return typography.number(value)


@register.filter
def euros(cents: int) -> str:
    """Write an amount given in cents."""
    return typography.amount(cents)


@register.filter
def file_size(size_bytes: int) -> str:
    """Write the size of a file."""
    return typography.file_size(size_bytes)


# --- Buttons and links -----------------------------------------------------------------------------------------


def _button_classes(kind: ButtonKind, *, small: bool, wide: bool) -> str:
    parts = ["bouton", KIND_CLASSES[kind], "bouton--p" if small else "", "bouton--plein" if wide else ""]
    return " ".join(part for part in parts if part)


@register.simple_tag
def button(  # noqa: PLR0913 (a button has that many faces)
    *,
    label: Text,
    kind: ButtonKind = "primary",
    small: bool = False,
    wide: bool = False,
    icon: str = "",
    name: str = "",
    value: str = "",
    about: Text = "",
    novalidate: bool = False,
) -> SafeString:
    """Show a submit button. `about` ends its name for screen readers (« Retirer : Un four à pain »)."""
    return format_html(
        '<button type="submit" class="{}"{}{}>{}{}{}</button>',
        _button_classes(kind, small=small, wide=wide),
        format_html(' name="{}" value="{}"', name, value) if name else "",
        SafeString(" formnovalidate") if novalidate else "",
        _optional_icon(icon),
        label,
        _about(about),
    )


@register.simple_tag
def link_button(
    *,
    label: Text,
    url: str,
    kind: ButtonKind = "primary",
    small: bool = False,
    wide: bool = False,
    icon: str = "",
    about: Text = "",
) -> SafeString:
    """Show a link that looks like a button."""
    return format_html(
        '<a class="{}" href="{}">{}{}{}</a>',
        _button_classes(kind, small=small, wide=wide),
        url,
        _optional_icon(icon),
        label,
        _about(about),
    )


@register.simple_tag
def arrow_link(*, label: Text, url: str, about: Text = "") -> SafeString:
    """Show a link that leads on, with its arrow."""
    return format_html('<a class="fleche" href="{}">{}{}{}</a>', url, label, _about(about), icon(name="arrow-right"))


def _about(words: Text) -> SafeString:
    return format_html('<span class="sr"> : {}</span>', words) if words else SafeString("")


# --- The frame of the page -------------------------------------------------------------------------------------


@register.simple_tag(takes_context=True)
def languages(context: Context) -> list[dict[str, Any]]:
    """Give the languages with the address of this page in each: code, name, url, current."""
    request = context.get("request")
    current = (get_language() or settings.LANGUAGE_CODE).split("-")[0]
    return [
        {"code": code, "name": name, "url": _in_language(request, code), "current": code == current}
        for code, name in settings.LANGUAGES
    ]


def _in_language(request: HttpRequest | None, code: str) -> str:
    """Write the address of this page in a language; what a form sent has none, and leads to the home page."""
    with override(code):
        if request is None or request.method not in {"GET", "HEAD"}:
            return reverse("home")
        match, (path, _mark, query) = request.resolver_match, request.get_full_path().partition("?")
        try:
            # The way that led to this page was found when it was asked for: it is not looked for again.
            address = reverse(match.view_name, args=match.args, kwargs=match.kwargs) if match else path
        except NoReverseMatch:
            address = path
    return f"{address}?{query}" if query else address


@register.simple_tag(takes_context=True)
def main_navigation(context: Context) -> list[tuple[navigation.Entry, str]]:
    """Give the main entries with their aria-current."""
    request = context.get("request")
    return list(navigation.main(request.path if request else ""))


@register.simple_tag
def navigation_entries(*, group: Literal["TAKE_PART", "UNDERSTAND", "LEGAL", "ACCOUNT"]) -> Sequence[navigation.Entry]:
    """Give a group of links declared in mulhouse/navigation.py."""
    return list(navigation.present(getattr(navigation, group)))


@register.simple_tag(takes_context=True)
def page_address(context: Context) -> str:
    """Give the whole address of this page, without its query."""
    request = context.get("request")
    return f"{settings.SITE_URL}{request.path}" if request else settings.SITE_URL


@register.simple_tag
def absolute(*, url: str) -> str:
    """Make an address of this site whole, for metadata and feeds."""
    return url if url.startswith(("http://", "https://")) else f"{settings.SITE_URL}{url}"


@register.simple_tag
def site_name() -> str:
    """Give the site's name, also where no request is at hand (error pages)."""
    return settings.SITE_NAME


@register.simple_tag
def accessibility_words() -> str:
    """Give the only three declarations the law allows; without a dated audit, « non conforme »."""
    if not settings.ACCESSIBILITY_AUDIT_ON:
        return _("Accessibilité\u00a0: non conforme")
    if settings.ACCESSIBILITY_RATE == FULL_RATE:
        return _("Accessibilité\u00a0: totalement conforme")
    if settings.ACCESSIBILITY_RATE >= HALF_RATE:
        return _("Accessibilité\u00a0: partiellement conforme")
    return _("Accessibilité\u00a0: non conforme")


@register.simple_tag(takes_context=True)
def color_scheme(context: Context) -> SafeString:
    """Mark <html> with the colours a person chose on their account page; visitors follow their device."""
    scheme = getattr(context.get("user"), "scheme", "")
    return format_html(' data-theme="{}"', scheme) if scheme else SafeString("")


@register.simple_tag
def french() -> SafeString:
    """Mark an element whose words are French whatever the language of the page: `<div{% french %}>`."""
    return SafeString("") if (get_language() or "fr").startswith("fr") else SafeString(' lang="fr"')


@register.filter
def in_french(words: Text) -> SafeString | str:
    """Mark a few French words inside a sentence of the page's language: a title in a button's name, a section in a tag."""
    mark = french()
    return format_html("<span{}>{}</span>", mark, words) if mark else str(words)


@register.simple_tag
def error_prefix(*, form: BaseForm) -> str:
    """Begin the page's title with « Erreur : » when the form came back with errors."""
    return _("Erreur\u00a0: ") if form.is_bound and form.errors else ""


@register.inclusion_tag("components/breadcrumb.html")
def breadcrumb(*, crumbs: Iterable[Crumb]) -> dict[str, Any]:
    """Show the way from the home page; the home page itself is added."""
    return {"crumbs": list(crumbs)}


@register.simple_block_tag
def page_header(  # noqa: PLR0913 (the parts of a page's title)
    content: str,
    *,
    title: Text,
    lead: Text = "",
    crumbs: Iterable[Crumb] = (),
    tags: Iterable[Tag] = (),
    meta: Iterable[Meta] = (),
    motif: str = "",
    image_url: str = "",
    image_alt: str = "",
    foreign: bool = False,
) -> str:
    """Show the band of a page's title; the block's content is its row of actions.

    `motif` or `image_url` adds a picture; `foreign` marks the title as French on a page in another language.
    """
    return get_template("components/page_header.html").render(
        {
            "content": content if content.strip() else "",
            "title": title,
            "lead": lead,
            "crumbs": list(crumbs),
            "tags": list(tags),
            "meta": list(meta),
            "motif": motif,
            "image_url": image_url,
            "image_alt": image_alt,
            "foreign": foreign,
        }
    )


# --- Notices and forms -----------------------------------------------------------------------------------------


@register.simple_block_tag
def notice(
    content: str,
    *,
    tone: Literal["info", "success", "warning", "error"] = "info",
    title: Text = "",
    level: int = 2,
    role: str = "",
) -> str:
    """Show a notice; `role` is "status" or "alert" only for what appears after a gesture."""
    return get_template("components/notice.html").render(
        {
            "content": content,
            "modifier": NOTICE_CLASSES[tone],
            "icon": NOTICE_ICONS[tone],
            "title": title,
            "level": level,
            "role": role,
        }
    )


@register.filter
def message_tone(level_tag: str) -> str:
    """Turn a level of django.contrib.messages into the tone of a notice."""
    return {"success": "success", "warning": "warning", "error": "error"}.get(level_tag, "info")


@register.inclusion_tag("components/error_summary.html")
def error_summary(*, form: BaseForm) -> dict[str, Any]:
    """Show what to correct, each line a link to its field; nothing when there is nothing to correct."""
    if not form.is_bound or not form.errors:
        return {"count": 0, "heading": "", "fields": [], "general": []}
    # A group of choices has no field of its own to lead to: its first choice is.
    fields = [
        (bound.id_for_label or f"{bound.auto_id}_0", str(bound.label).rstrip(".…\u00a0:"), bound.errors[0])
        for bound in form
        if bound.errors
    ]
    general = list(form.non_field_errors())
    count = len(fields) + len(general)
    heading = ngettext("Corrigez %(count)s erreur", "Corrigez %(count)s erreurs", count) % {"count": count}
    return {"count": count, "heading": heading, "fields": fields, "general": general}


@register.simple_tag
def options(*, choices: Iterable[tuple[str, str, bool]], foreign: bool = False) -> SafeString:
    """Show the options of a drop-down list: value, words, chosen. Those that the city named are marked as French.

    Written here: a list of filters holds forty of them.
    """
    mark = french() if foreign else ""
    return format_html_join(
        "",
        '<option value="{}"{}{}>{}</option>',
        # The option without a value asks for none of them, in the language of the page.
        ((value, SELECTED if chosen else "", mark if value else "", label) for value, label, chosen in choices),
    )


@register.simple_tag(name="field")
def form_field(*, bound: BoundField) -> SafeString:
    """Show a field with its label, help and error (templates/forms/field.html)."""
    return bound.as_field_group()


@register.filter
def row_language(value: Any) -> SafeString:
    """Mark as French the option of a form that names a row of the database: a district, a theme."""
    return french() if isinstance(value, ModelChoiceIteratorValue) else SafeString("")


@register.filter
def asks_for_code(bound: BoundField) -> bool:
    """Tell whether a field takes a code received elsewhere."""
    return bool(bound.field.widget.attrs.get("autocomplete") == "one-time-code")


@register.filter
def masking_warning(bound: BoundField) -> MaskingWarning | None:
    """Give what the detector of personal data found in a field, and proposes."""
    return bound.form.masking.get(bound.name) if isinstance(bound.form, MaskingForm) else None


@register.filter
def longest(bound: BoundField) -> int:
    """Give the most characters a long text may have; 0 for the other fields."""
    if not isinstance(bound.field.widget, Textarea):
        return 0
    return getattr(bound.field, "max_length", None) or 0


@register.inclusion_tag("components/form_fields.html")
def form_fields(*, form: BaseForm) -> dict[str, Any]:
    """Show every field of a form, and the note on what is optional."""
    return {"form": form}


@register.inclusion_tag("components/who_sees.html")
def who_sees(*, act: str, notice: bool = True) -> dict[str, Any]:
    """Say beside an act who will see what (`mulhouse.who_sees`), and lead to what is kept, why, and one's rights."""
    return {"text": registry_of_acts.sentence(act), "act": act, "notice": notice}


@register.inclusion_tag("components/position_radios.html")
def position_radios(
    *, name: str, legend: Text, choices: Iterable[Choice], error: Text = "", field_id: str = ""
) -> dict[str, Any]:
    """Show the position of a comment as radio buttons: pour, contre, neutre."""
    return {
        "name": name,
        "legend": legend,
        "choices": list(choices),
        "error": error,
        "field_id": field_id or f"id_{name}",
    }


@register.inclusion_tag("components/search_field.html")
def search_field(*, name: str, label: Text, value: str = "", field_id: str = "") -> dict[str, Any]:
    """Show a search field with its magnifying glass."""
    return {"name": name, "label": label, "value": value, "field_id": field_id or f"id_{name}"}


@register.simple_block_tag
def more_filters(content: str, *, label: Text = "", opened: bool = False) -> str:
    """Fold the secondary filters of a form."""
    return get_template("components/more_filters.html").render({"content": content, "label": label, "opened": opened})


@register.inclusion_tag("components/active_filters.html")
def active_filters(*, filters: Iterable[ActiveFilter], clear_url: str) -> dict[str, Any]:
    """Show the filters in force, each removable."""
    return {"filters": list(filters), "clear_url": clear_url}


@register.inclusion_tag("components/chips.html")
def chips(*, label: Text, tabs: Iterable[Tab]) -> dict[str, Any]:
    """Show links that narrow a list; `label` names the navigation."""
    return {"label": label, "tabs": list(tabs)}


# --- Content ---------------------------------------------------------------------------------------------------


@register.inclusion_tag("components/process_card.html")
def process_card(*, card: ProcessCard, level: int = 3) -> dict[str, Any]:
    """Show a consultation as a card, inside a `<ul class="grille" role="list">`."""
    marks = [
        "fait" if number < card.step else "cours" if number == card.step else "" for number in range(1, card.steps + 1)
    ]
    return {"card": card, "marks": marks, "level": level}


@register.inclusion_tag("components/phase_stepper.html")
def phase_stepper(*, phases: Iterable[Phase]) -> dict[str, Any]:
    """Show the phases of a procedure, in words and in shapes."""
    return {"phases": [(phase, STATE_CLASSES[phase.state]) for phase in phases]}


@register.inclusion_tag("components/tabs.html")
def tabs(*, label: Text, tabs: Iterable[Tab]) -> dict[str, Any]:
    """Show the in-page navigation, links that work without script."""
    return {"label": label, "tabs": list(tabs)}


@register.inclusion_tag("components/pagination.html")
def pagination(*, pages: Pages, label: Text = "") -> dict[str, Any]:
    """Show the pages of a list (`pages_of` makes them)."""
    return {"pages": pages, "label": label}


def pages_of(*, number: int, total: int, url_of: Callable[[int], str]) -> Pages:
    """Choose the page links to show: first, last, and two around the current one.

    Shape: `number` from 1 to `total`; links left out appear once as number 0.
    """
    shown = [page for page in range(1, total + 1) if page in {1, total} or abs(page - number) <= 1]
    links: list[PageLink] = []
    for page in shown:
        if links and page - links[-1].number > 1:
            links.append(PageLink(0))
        links.append(PageLink(page, url_of(page), page == number))
    return Pages(
        tuple(links) if total > 1 else (),
        url_of(number - 1) if number > 1 else "",
        url_of(number + 1) if number < total else "",
    )


@register.simple_block_tag
def empty_state(content: str, *, title: Text, icon: str = "search", level: int = 2) -> str:
    """Say that a list is empty, what it will hold, and what to do."""
    return get_template("components/empty_state.html").render(
        {"content": content, "title": title, "icon": icon, "level": level}
    )


@register.inclusion_tag("components/fact_box.html")
def fact_box(*, title: Text, facts: Iterable[Fact], box_id: str = "") -> dict[str, Any]:
    """Show facts in a box of the side column."""
    return {"title": title, "facts": list(facts), "box_id": box_id}


@register.inclusion_tag("components/summary_list.html")
def summary_list(*, facts: Iterable[Fact]) -> dict[str, Any]:
    """Show answers to check before sending, or the lines of a profile; `url` and `action` make the link that changes one."""
    return {"facts": list(facts)}


@register.inclusion_tag("components/key_figures.html")
def key_figures(*, figures: Iterable[Any]) -> dict[str, Any]:
    """Show figures large; each has `value` and `label`."""
    return {"figures": list(figures)}


@register.inclusion_tag("components/document_list.html")
def document_list(*, documents: Iterable[Document]) -> dict[str, Any]:
    """Show files to download, each with its type and size."""
    return {"documents": list(documents)}


@register.inclusion_tag("components/timeline.html")
def timeline(*, milestones: Iterable[Milestone]) -> dict[str, Any]:
    """Show dated steps: done, current, planned, by shape and in words."""
    words = {"done": _("Fait"), "current": _("En cours"), "next": _("Prévu")}
    return {"milestones": [(step, STATE_CLASSES[step.state], words[step.state]) for step in milestones]}


@register.inclusion_tag("components/agenda.html")
def agenda(*, deadlines: Iterable[Any]) -> dict[str, Any]:
    """Show dated lines; each has `at`, `title`, `url`, `detail`."""
    return {"deadlines": list(deadlines)}


@register.inclusion_tag("components/positions_bar.html")
def positions_bar(*, agree: int, mixed: int, disagree: int) -> dict[str, Any]:
    """Show the positions on a contribution, in words and as a bar."""
    total = agree + mixed + disagree
    first = 1000 * agree // total if total else 0
    second = 1000 * mixed // total if total else 0
    return {
        "agree": agree,
        "mixed": mixed,
        "disagree": disagree,
        "total": total,
        "agree_width": first,
        "mixed_at": first,
        "mixed_width": second,
        "disagree_at": first + second,
        "disagree_width": 1000 - first - second,
        "label": _("%(agree)s d’accord, %(mixed)s mitigé, %(disagree)s pas d’accord")
        % {"agree": agree, "mixed": mixed, "disagree": disagree},
    }


@register.inclusion_tag("components/thread_bar.html")
def thread_bar(*, in_favour: int, neutral: int, against: int) -> dict[str, Any]:
    """Show how many comments are for and against, in words and as a bar."""
    total = in_favour + neutral + against
    first = 1000 * in_favour // total if total else 0
    second = 1000 * neutral // total if total else 0
    return {
        "in_favour": in_favour,
        "neutral": neutral,
        "against": against,
        "total": total,
        "in_favour_width": first,
        "neutral_at": first,
        "neutral_width": second,
        "against_at": first + second,
        "against_width": 1000 - first - second,
    }


@register.inclusion_tag("components/position_buttons.html")
def position_buttons(
    *,
    url: str,
    current: str = "",
    about: Text,
    sign_in_url: str = "",
    refusal: Text = "",
    target: str = "",
) -> dict[str, Any]:
    """Show the three positions « d’accord », « mitigé », « pas d’accord » as buttons that post `position`.

    `current` is "agree", "mixed", "disagree" or ""; `sign_in_url` shows a link to sign in instead; `refusal` shows why not.
    `target` (an id) lets htmx replace the element with the answer's fragment.
    """
    choices = [
        ("agree", _("D’accord"), "oui", "thumbs-up"),
        ("mixed", _("Mitigé"), "mi", "equal"),
        ("disagree", _("Pas d’accord"), "non", "x"),
    ]
    return {
        "url": url,
        "about": about,
        "sign_in_url": sign_in_url,
        "refusal": refusal,
        "target": target,
        "choices": [(*choice, choice[0] == current) for choice in choices],
    }


@register.inclusion_tag("components/support_button.html")
def support_button(
    *,
    url: str,
    count: int,
    supported: bool,
    about: Text,
    sign_in_url: str = "",
    closed: bool = False,
    target: str = "",
) -> dict[str, Any]:
    """Show the support of a comment or an idea: a button that posts, a link to sign in, or the count alone when closed."""
    return {
        "url": url,
        "count": count,
        "supported": supported,
        "about": about,
        "sign_in_url": sign_in_url,
        "closed": closed,
        "target": target,
        "words": ngettext("%(count)s soutien", "%(count)s soutiens", count) % {"count": typography.number(count)},
    }


@register.inclusion_tag("components/progress.html")
def progress(*, value: int, goal: int, words: Text) -> dict[str, Any]:
    """Show how far a threshold is, in words and as a bar."""
    return {"width": min(100, 100 * value // goal) if goal else 0, "words": words}


@register.inclusion_tag("components/author_line.html")
def author_line(
    *, name: Text, at: datetime, url: str = "", tags: Iterable[Tag] = (), place: Text = "", edited: Text = ""
) -> dict[str, Any]:
    """Show who wrote and when; `url` is the stable link of what was written."""
    return {"name": name, "at": at, "url": url, "tags": list(tags), "place": place, "edited": edited}


@register.simple_block_tag
def answer(
    content: str,
    *,
    status: Tag | None = None,
    title: Text = "",
    url: str = "",
    signed_by: Text = "",
    at: date | None = None,
    level: int = 3,
) -> str:
    """Show an official answer of the city; the block's content is its text."""
    return get_template("components/answer.html").render(
        {
            "content": content,
            "status": status,
            "title": title,
            "url": url,
            "signed_by": signed_by,
            "at": at,
            "level": level,
        }
    )
