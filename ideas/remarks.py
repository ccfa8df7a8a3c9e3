"""A comment on an idea as HTML. Written here rather than in a template: a page shows eighty of them, and this takes a tenth of the time."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.html import format_html, linebreaks
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from ideas import hiding, signatures
from ideas.models import Comment, Idea
from mulhouse import markup, typography
from mulhouse.templatetags import ui

NOTHING = SafeString("")
# What moderation calls a comment.
KIND = "commentaire-d-idee"
# Longer than this, a comment is cut, and read whole with its thread: twenty long texts would weigh more than the page.
LONG = 420


@dataclass(frozen=True)
class Reader:
    """Who reads a debate: their key, and whether they may reply. A visitor has no key: their pages are everybody's."""

    pk: int | None = None
    can_reply: bool = False


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
    """Writes the comments of one idea for one reader; words, icons and dates are made once.

    `opened` is the reference of the thread that is read whole.
    """

    def __init__(self, reader: Reader, *, idea: Idea, opened: str = "") -> None:
        self.reader = reader
        self.base = idea.get_absolute_url()
        # An author who signs by their district is not named by their comments.
        self.author_pk = idea.author_id if idea.signature == Idea.Signature.NAME and not idea.author_label else None
        self.opened = opened
        self.lang = ui.french()
        self.arrow = ui.icon(name="reply")
        self.reply, self.withdraw, self.more = _("Répondre"), _("Retirer"), _("Lire la suite")
        self.withdrawn = format_html('<p class="retire">{}</p>', _("Commentaire retiré par son auteur."))
        self.report = _("Signaler")
        self.report_base = reverse("moderation:report", args=[KIND, "0"])[:-2]
        self.of_author = ui.tag(label=_("Auteur de l’idée"), tone="info")
        self.question = ui.tag(label=_("Question à l’auteur"), tone="info")
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
            '<div class="commentaire"><p class="auteur"><b>{}</b>{}{}{}'
            '<a class="auteur-date" href="{}">{}<span class="sr">\u00a0: {}</span></a></p>'
            '<div class="commentaire-texte"{}>{}</div><div class="commentaire-pied">{}{}</div></div>',
            author,
            self.of_author if comment.author_id is not None and comment.author_id == self.author_pk else NOTHING,
            self.question if comment.is_question else self.tags.get(comment.stance, NOTHING),
            ui.tag(label=comment.get_criterion_display(), tone="neutral") if comment.criterion else NOTHING,
            url,
            self._day(comment),
            comment.reference,
            self.lang,
            self._text(comment, url, is_whole=self.opened == (thread or comment.reference)),
            self._reply_link(url, author) if self.reader.can_reply and not thread else NOTHING,
            self._withdraw_link(url, comment) if is_own else self._report_link(comment),
        )

    def _text(self, comment: Comment, url: str, *, is_whole: bool) -> SafeString:
        if is_whole or not is_long(comment):
            return body_html(comment)
        beginning = markup.to_text(comment.body_html)[:LONG].rsplit(" ", 1)[0]
        return format_html(
            '{}<p><a href="{}">{}<span class="sr">\u00a0: {}</span></a></p>',
            linebreaks(f"{beginning}…", autoescape=True),
            url,
            self.more,
            comment.reference,
        )

    def _reply_link(self, url: str, author: str) -> SafeString:
        return format_html(
            '<a class="fleche" href="{}?repondre=oui">{}{}<span class="sr">\u00a0: {}</span></a>',
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
            '<a href="{}retirer/">{}<span class="sr">\u00a0: {}</span></a>', url, self.withdraw, comment.reference
        )

    def _day(self, comment: Comment) -> str:
        day = typography.local_day(comment.published_at)
        if day not in self._days:
            self._days[day] = typography.day(day)
        return self._days[day]


def body_html(comment: Comment) -> SafeString:
    """Show the copy of a comment that was cleaned when it was saved."""
    return mark_safe(comment.body_html)  # noqa: S308 (cleaned by the action or the import that stored it)


def is_long(comment: Comment) -> bool:
    """Tell whether a comment is cut in the debate, and read whole on its own link."""
    return len(comment.body_html) > LONG and len(markup.to_text(comment.body_html)) > LONG
