"""Writing around an idea: a comment, a question to its author, a reply, taking one back; each a form that works without script."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import beside
from accounts.http import UserRequest
from ideas import hiding, remarks, rules, setting_aside, talking
from ideas.debate_forms import CommentForm, ReplyForm
from ideas.models import Comment, HeldText
from ideas.views import debate, fetching, reading
from moderation import clauses
from mulhouse import lists, throttle
from mulhouse.access import public, resident
from mulhouse.errors import require
from mulhouse.references import read_reference
from mulhouse.templatetags import ui
from mulhouse.typed import read_token


@resident
@require_POST
def comment(request: UserRequest, reference: str) -> HttpResponse:
    """Add a word to the debate, or a reply when the form names the comment it answers."""
    row = fetching.idea(request, reference, whole=True)
    at = timezone.now()
    parent = _parent(request, reference)
    form: CommentForm | ReplyForm = (
        ReplyForm(request.POST, prefix="reponse") if parent else debate.comment_form(request, row, request.POST)
    )
    refusal = (
        rules.reply_refusal(request.user, parent, at=at) if parent else rules.comment_refusal(request.user, row, at=at)
    )
    asks: list[str] = []
    if refusal is not None and refusal.code in rules.ASKED_BESIDE:
        asks = rules.missing_profile(request.user, row.campaign, is_named=True, at=at)
    else:
        require(refusal)
    missing = debate.missing_form(request, asks, request.POST)
    is_valid = form.is_valid()
    if not (missing.is_valid() and is_valid):
        typed = debate.Typed(
            comment=form if isinstance(form, CommentForm) else None,
            reply=form if isinstance(form, ReplyForm) else None,
            missing=missing,
            reply_to=parent.reference if parent else "",
        )
        return render(request, "ideas/detail.html", reading.page_context(request, row, typed), status=422)
    throttle.check(throttle.Limit.COMMENTING, f"user:{request.user.pk}")
    beside.complete(request.user, missing, at=at)
    written = talking.comment(
        actor=request.user,
        idea=row,
        reference=read_token(request.POST.get("jeton", ""), request.user, debate.TOKEN),
        parent=parent,
        at=at,
        **form.words(),
    )
    if isinstance(written, HeldText):
        messages.success(request, _("Votre texte est déposé. Il paraîtra après relecture."))
        return redirect("ideas:held", written.reference)
    messages.success(request, _said(written))
    return redirect("ideas:comment", row.reference, written.reference)


def _said(written: Comment) -> str:
    if written.parent_id:
        return _("Votre réponse est publiée.")
    return _("Votre question est publiée.") if written.is_question else _("Votre commentaire est publié.")


def _parent(request: UserRequest, reference: str) -> Comment | None:
    """Fetch the comment that a reply names: one that names nothing any more is not published as a word of its own."""
    if "reponse_a" not in request.POST:
        return None
    return fetching.comment(request, reference, read_reference(request.POST["reponse_a"]))


@public
@require_safe
def comment_link(request: HttpRequest, reference: str, comment_reference: str) -> HttpResponse:
    """Lead from the stable address of a comment to the page of the debate where it stands."""
    row = fetching.comment(request, reference, comment_reference)
    thread = row.parent or row
    home = row.idea.get_absolute_url()
    if row.hidden_at and not row.withdrawn_at:
        return _hidden(request, row)
    if row.withdrawn_at and not row.reply_count:
        return redirect(f"{home}#debat")
    # The newest threads stand on the plain page; the others on a page that begins with them.
    is_first = not debate.ORDERS[debate.RECENT].beyond(debate.shown_threads(row.idea), thread, backwards=True).exists()
    query = "?" if is_first else f"?{lists.FROM}={thread.reference}&"
    if "repondre" in request.GET:
        return redirect(f"{home}{query}repondre={thread.reference}#repondre")
    if row.parent_id or remarks.is_long(row):
        query += f"fil={thread.reference}"
    return redirect(f"{home}{query.rstrip('?&')}#commentaire-{row.reference}")


def _hidden(request: HttpRequest, row: Comment) -> HttpResponse:
    """Answer at the address of a comment that moderation took away: the clause, and nothing of the text but to its author."""
    is_own = request.user.is_authenticated and row.author_id == request.user.pk
    context = {
        "comment": row,
        "idea": row.idea,
        "html": remarks.body_html(row) if is_own else "",
        "is_own": is_own,
        "stub": hiding.stub(row.hidden_reason, is_comment=True),
        "clause_url": clauses.address(row.hidden_reason),
        "is_set_aside": row.hidden_reason == setting_aside.REASON,
        "crumbs": reading.crumbs(
            ui.Crumb(row.idea.title, row.idea.get_absolute_url()), ui.Crumb(_("Commentaire retiré"))
        ),
    }
    return render(request, "ideas/hidden_comment.html", context, status=410)


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_comment(request: UserRequest, reference: str, comment_reference: str) -> HttpResponse:
    """Ask to confirm, then take a comment back."""
    row = fetching.comment(request, reference, comment_reference)
    require(rules.withdraw_comment_refusal(request.user, row))
    if request.method == "POST":
        talking.withdraw_comment(actor=request.user, comment=row, at=timezone.now())
        messages.success(request, _("Votre commentaire est retiré."))
        return _to_debate(row)
    context = {
        "comment": row,
        "idea": row.idea,
        "html": remarks.body_html(row),
        "crumbs": reading.crumbs(
            ui.Crumb(row.idea.title, row.idea.get_absolute_url()), ui.Crumb(_("Retirer mon commentaire"))
        ),
    }
    return render(request, "ideas/withdraw_comment.html", context)


def _to_debate(row: Comment) -> HttpResponseRedirect:
    return redirect(f"{row.idea.get_absolute_url()}#debat")
