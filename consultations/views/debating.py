"""Taking a position, commenting, supporting, following: small gestures, each a form that works without script."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import beside
from accounts.http import UserRequest
from consultations import actions, remarks, rules, signatures
from consultations.forms import CommentForm, PositionForm, ReplyForm
from consultations.models import Comment, Contribution, HeldText, Position
from consultations.views import fetching, reading
from mulhouse import throttle
from mulhouse.access import resident
from mulhouse.errors import require
from mulhouse.references import read_reference
from mulhouse.typed import read_token
from notifications import actions as notifications_actions


def _is_htmx(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


@resident
@require_POST
def take_position(request: UserRequest, slug: str, reference: str) -> HttpResponse:
    """Take, change or withdraw a position."""
    row = fetching.contribution(request, slug, reference, published_at__isnull=False)
    form = PositionForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choisissez une position."))
        return redirect(f"{row.get_absolute_url()}#positions")
    throttle.check(throttle.Limit.POSITION, f"user:{request.user.pk}")
    choice, at = form.cleaned_data["position"], timezone.now()
    if choice == PositionForm.WITHDRAW:
        actions.withdraw_position(actor=request.user, contribution=row, at=at)
        said = _("Votre position est retirée.")
    else:
        actions.take_position(actor=request.user, contribution=row, choice=choice, at=at)
        said = _("Votre position est comptée\u00a0: %(position)s.") % {"position": Position.Choice(choice).label}
    if _is_htmx(request):
        row = fetching.contribution(request, slug, reference)
        context = reading.positions_context(request, row, None)
        return render(request, "consultations/_positions.html", {**context, "said": said})
    messages.success(request, said)
    return redirect(f"{row.get_absolute_url()}#positions")


@resident
@require_POST
def comment(request: UserRequest, slug: str, reference: str) -> HttpResponse:
    """Add a word to the debate, or a reply when the form names the comment it answers."""
    row = fetching.contribution(request, slug, reference, published_at__isnull=False)
    at = timezone.now()
    parent = _parent(request, slug, reference)
    form: CommentForm | ReplyForm = ReplyForm(request.POST, prefix="reponse") if parent else CommentForm(request.POST)
    refusal = (
        rules.reply_refusal(request.user, parent, at=at) if parent else rules.comment_refusal(request.user, row, at=at)
    )
    asks: list[str] = []
    if refusal is not None and refusal.code in rules.ASKED_BESIDE:
        asks = rules.missing_profile(request.user, row.consultation, is_named=True, at=at)
    else:
        require(refusal)
    profile_form = beside.ProfileForm(request.POST, prefix="profil", asks=asks, user=request.user)
    is_valid = form.is_valid()
    if not (profile_form.is_valid() and is_valid):
        forms: dict[str, Any] = {"reply_form": form} if parent else {"comment_form": form}
        context = reading.contribution_context(
            request, row, profile_form=profile_form, reply_to=parent.reference if parent else "", **forms
        )
        return render(request, "consultations/contribution.html", context, status=422)
    throttle.check(throttle.Limit.COMMENTING, f"user:{request.user.pk}")
    beside.complete(request.user, profile_form, at=at)
    written = actions.comment(
        actor=request.user,
        contribution=row,
        reference=read_token(request.POST.get("jeton", ""), request.user, "comment"),
        stance=form.cleaned_data.get("stance", Comment.Stance.NEUTRAL),
        body=form.cleaned_data["body"],
        parent=parent,
        is_proposal=form.cleaned_data["is_proposal"],
        at=at,
    )
    if isinstance(written, HeldText):
        messages.success(request, _("Votre texte est déposé. Il paraîtra après relecture."))
        return redirect("consultations:held", written.reference)
    messages.success(request, _("Votre réponse est publiée.") if parent else _("Votre commentaire est publié."))
    return _to_comment(row, written)


def _parent(request: UserRequest, slug: str, reference: str) -> Comment | None:
    """Fetch the comment that a reply names: one that names nothing any more is not published as a word of its own."""
    if "reponse_a" not in request.POST:
        return None
    return fetching.comment(request, slug, reference, read_reference(request.POST["reponse_a"]))


def _to_comment(row: Contribution, written: Comment) -> HttpResponseRedirect:
    return redirect("consultations:comment", row.consultation.slug, row.reference, written.reference)


@resident
@require_POST
def support(request: UserRequest, slug: str, reference: str, comment_reference: str) -> HttpResponse:
    """Support a comment."""
    return _support(request, fetching.comment(request, slug, reference, comment_reference), is_supported=True)


@resident
@require_POST
def unsupport(request: UserRequest, slug: str, reference: str, comment_reference: str) -> HttpResponse:
    """Take the support of a comment back."""
    return _support(request, fetching.comment(request, slug, reference, comment_reference), is_supported=False)


def _support(request: UserRequest, row: Comment, *, is_supported: bool) -> HttpResponse:
    throttle.check(throttle.Limit.POSITION, f"user:{request.user.pk}")
    act = actions.support_comment if is_supported else actions.unsupport_comment
    act(actor=request.user, comment=row, at=timezone.now())
    said = _("Votre soutien est compté.") if is_supported else _("Votre soutien est retiré.")
    if _is_htmx(request):
        row.refresh_from_db(fields=["support_count"])
        reader = remarks.Reader(
            pk=request.user.pk, supported=frozenset([row.pk] if is_supported else []), token=get_token(request)
        )
        writer = remarks.Writer(reader, base=row.contribution.get_absolute_url())
        button = writer.button(row, signatures.of_comment(row))
        return render(request, "consultations/_support.html", {"button": button, "said": said})
    messages.success(request, said)
    return _to_comment(row.contribution, row)


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw_comment(request: UserRequest, slug: str, reference: str, comment_reference: str) -> HttpResponse:
    """Ask to confirm, then take a comment back."""
    row = fetching.comment(request, slug, reference, comment_reference)
    require(rules.withdraw_comment_refusal(request.user, row))
    if request.method == "POST":
        actions.withdraw_comment(actor=request.user, comment=row, at=timezone.now())
        messages.success(request, _("Votre commentaire est retiré."))
        return redirect(f"{row.contribution.get_absolute_url()}#debat")
    context = {
        "comment": row,
        "contribution": row.contribution,
        "crumbs": reading.crumbs(row.contribution, _("Retirer mon commentaire")),
    }
    return render(request, "consultations/withdraw_comment.html", context)


@resident
@require_POST
def follow(request: UserRequest, slug: str) -> HttpResponse:
    """Follow a consultation by e-mail, or stop."""
    row = fetching.consultation(request, slug)
    if request.POST.get("suivre") == "non":
        notifications_actions.unfollow(user=request.user, topic=row.topic)
        messages.success(request, _("Vous ne recevrez plus de courriels sur cette consultation."))
    else:
        require(rules.follow_refusal(request.user, row))
        notifications_actions.follow(user=request.user, topic=row.topic)
        messages.success(request, _("Vous recevrez un courriel à chaque nouvelle étape."))
    return redirect(row)
