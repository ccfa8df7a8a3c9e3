"""A comment as HTML. Written here rather than in a template: a page shows eighty of them, and this takes a tenth of the time.

The markup is that of the components `author_line` and `support_button`, which the gallery shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.html import format_html, format_html_join, linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from consultations import answers, hiding, signatures
from consultations.models import Comment, Outcome
from mulhouse import markup, typography
from mulhouse.templatetags import ui

NOTHING = SafeString("")
NO_ANSWER: Mapping[int, Sequence[Outcome]] = {}
# Longer than this, a comment is cut, and read whole with its thread: twenty long texts would weigh more than the page.
LONG = 420


@dataclass(frozen=True)
class Reader:
    """Who reads a debate: their key, the comments they support, what they may do, and the token of their forms.

    A visitor has no key and no token: their pages are everybody's.
    """

    pk: int | None = None
    supported: frozenset[int] = frozenset()
    can_support: bool = False
    can_reply: bool = False
    token: str = ""


@dataclass(frozen=True)
class Remark:
    """A comment or a reply of a debate, ready to be shown, and what hangs under it."""

    reference: str
    author: str
    html: SafeString
    replies: list["Remark"]
    hidden_replies: int
    is_gone: bool = False


class Writer:
    """Writes the comments of one page for one reader; words, icons and dates are made once.

    `base` is the address of the contribution, `opened` the reference of the thread that is read whole.
    """

    def __init__(
        self, reader: Reader, *, base: str, opened: str = "", decided: Mapping[int, Sequence[Outcome]] = NO_ANSWER
    ) -> None:
        self.reader = reader
        self.decided = decided
        self.base = base
        self.opened = opened
        self.lang = ui.french()
        self.thumb, self.arrow = ui.icon(name="thumbs-up"), ui.icon(name="reply")
        self.reply, self.withdraw = _("Répondre"), _("Retirer")
        self.support, self.supported = _("Soutenir"), _("Soutenu")
        self.more = _("Lire la suite")
        self.withdrawn = format_html('<p class="retire">{}</p>', _("Commentaire retiré par son auteur."))
        self.report = _("Signaler")
        self.report_base = reverse("moderation:report", args=["commentaire", "0"])[:-2]
        self.proposal = ui.tag(label=_("Proposition"), tone="info")
        self.tags = {
            Comment.Stance.FOR.value: ui.tag(label=_("Pour"), tone="yes"),
            Comment.Stance.AGAINST.value: ui.tag(label=_("Contre"), tone="no"),
        }
        self._days: dict[object, str] = {}

    def write(self, comment: Comment, replies: list[Remark], *, thread: str = "") -> Remark:
        """Make a comment (select `author`); a reply is given the reference of its thread."""
        author, gone = signatures.of_comment(comment), self._gone(comment)
        return Remark(
            reference=comment.reference,
            author=author,
            html=gone or self._comment(comment, author, thread),
            replies=replies,
            hidden_replies=max(comment.reply_count - sum(not reply.is_gone for reply in replies), 0),
            is_gone=bool(gone),
        )

    def _gone(self, comment: Comment) -> SafeString:
        if comment.withdrawn_at:
            return self.withdrawn
        if comment.hidden_at:
            return format_html('<p class="retire">{}</p>', hiding.stub(comment.hidden_reason, is_comment=True))
        return NOTHING

    def _comment(self, comment: Comment, author: str, thread: str) -> SafeString:
        url = f"{self.base}commentaires/{comment.reference}/"
        is_own = self.reader.pk is not None and comment.author_id == self.reader.pk
        return format_html(
            '<div class="commentaire"><p class="auteur"><b>{}</b>{}{}'
            '<a class="auteur-date" href="{}">{}<span class="sr"> : {}</span></a></p>'
            '<div class="commentaire-texte"{}>{}</div>{}<div class="commentaire-pied">{}{}{}</div></div>',
            author,
            self.tags.get(comment.stance, NOTHING),
            self.proposal if comment.is_proposal else NOTHING,
            url,
            self._day(comment),
            comment.reference,
            self.lang,
            self._text(comment, url, is_whole=self.opened == (thread or comment.reference)),
            self._answers(comment),
            self._count(comment) if is_own or not self.reader.can_support else self.button(comment, author),
            self._reply_link(url, author) if self.reader.can_reply and not thread else NOTHING,
            self._withdraw_link(url, comment) if is_own else self._report_link(comment),
        )

    def _answers(self, comment: Comment) -> SafeString:
        """Write what the city answered to a proposal."""
        return format_html_join(
            "",
            '<div class="suite"><p class="rang"><b>{}</b></p><div class="texte"{}>{}</div></div>',
            (
                (
                    _("Réponse de la Ville\u00a0: %(decision)s")
                    % {"decision": _inside(answers.decision_words(outcome))},
                    self.lang,
                    mark_safe(outcome.explanation_html),  # noqa: S308 (cleaned by the publication that stored it)
                )
                for outcome in self.decided.get(comment.pk, ())
            ),
        )

    def _text(self, comment: Comment, url: str, *, is_whole: bool) -> SafeString:
        if is_whole or not is_long(comment):
            return mark_safe(comment.body_html)  # noqa: S308 (cleaned by the action or the import that stored it)
        beginning = markup.to_text(comment.body_html)[:LONG].rsplit(" ", 1)[0]
        return format_html(
            '{}<p><a href="{}">{}<span class="sr"> : {}</span></a></p>',
            linebreaks(f"{beginning}…", autoescape=True),
            url,
            self.more,
            comment.reference,
        )

    def button(self, comment: Comment, author: str) -> SafeString:
        """Write the button that supports a comment, or takes the support back; htmx replaces it with its new state."""
        is_supported = comment.pk in self.reader.supported
        verb = "ne-plus-soutenir" if is_supported else "soutenir"
        url = f"{self.base}commentaires/{comment.reference}/{verb}/"
        count = comment.support_count + comment.imported_support_count
        return format_html(
            '<form method="post" action="{url}" id="soutien-{reference}" hx-post="{url}" hx-swap="outerHTML">'
            '<input type="hidden" name="csrfmiddlewaretoken" value="{token}"><button type="submit" '
            'class="soutien soutien--p" aria-pressed="{pressed}" id="soutien-{reference}-bouton">{thumb}{label}<span class="sr"> : '
            '{author}</span> <b><span aria-hidden="true">{count}</span><span class="sr">{words}</span></b></button></form>',
            reference=comment.reference,
            url=url,
            token=self.reader.token,
            pressed="true" if is_supported else "false",
            thumb=self.thumb,
            label=self.supported if is_supported else self.support,
            author=author,
            count=typography.number(count),
            words=_supports(count),
        )

    def _count(self, comment: Comment) -> SafeString:
        count = comment.support_count + comment.imported_support_count
        if not count:
            return NOTHING
        return format_html('<span class="soutien-clos soutien-clos--p">{}{}</span>', self.thumb, _supports(count))

    def _reply_link(self, url: str, author: str) -> SafeString:
        return format_html(
            '<a class="fleche" href="{}?repondre=oui">{}{}<span class="sr"> : {}</span></a>',
            url,
            self.arrow,
            self.reply,
            author,
        )

    def _report_link(self, comment: Comment) -> SafeString:
        return format_html(
            '<a href="{}{}/" rel="nofollow">{}<span class="sr">\u00a0: {}</span></a>',
            self.report_base,
            comment.reference,
            self.report,
            comment.reference,
        )

    def _withdraw_link(self, url: str, comment: Comment) -> SafeString:
        return format_html(
            '<a href="{}retirer/">{}<span class="sr"> : {}</span></a>', url, self.withdraw, comment.reference
        )

    def _day(self, comment: Comment) -> str:
        day = typography.local_day(comment.published_at)
        if day not in self._days:
            self._days[day] = typography.day(day)
        return self._days[day]


def is_long(comment: Comment) -> bool:
    """Tell whether a comment is cut in the debate, and read whole on its own link."""
    return len(comment.body_html) > LONG and len(markup.to_text(comment.body_html)) > LONG


def _supports(count: int) -> str:
    return ngettext("%(n)s soutien", "%(n)s soutiens", count) % {"n": typography.number(count)}


def _inside(words: str) -> str:
    """Write words that begin a line inside a sentence."""
    return words[:1].lower() + words[1:]
