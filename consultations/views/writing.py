"""Writing a contribution: draft, files, check before publishing, correction, withdrawal, and the list of one's own."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import beside
from accounts.http import UserRequest
from consultations import actions, presentation, review, rules, signatures
from consultations.forms import (
    AttachmentForm,
    ContributionForm,
    KeptAttachmentForm,
    attachment_forms,
    draft_words,
    kept_forms,
)
from consultations.models import Consultation, Contribution, Section
from consultations.views import fetching, reading
from mulhouse import charter, masked_forms, throttle, typography
from mulhouse.access import resident
from mulhouse.errors import DomainError, Refusal, require
from mulhouse.templatetags import ui
from mulhouse.typed import Together, new_token, read_token
from notifications import subscriptions

# --- The draft -----------------------------------------------------------------------------------------------------


@dataclass
class Desk:
    """What lies on the page where one writes: the consultation, the draft once it exists, and the forms."""

    consultation: Consultation
    sections: Sequence[Section]
    draft: Contribution | None
    words: ContributionForm
    profile: beside.ProfileForm
    kept: Sequence[KeptAttachmentForm] = ()
    new: Sequence[AttachmentForm] = ()
    refusal: Refusal | None = None
    asks: Sequence[str] = ()

    @property
    def forms(self) -> list[Form]:
        """Give the forms in the order of the page."""
        return [self.words, *self.kept, *self.new, self.profile]


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def contribute(request: UserRequest, slug: str) -> HttpResponse:
    """Begin a contribution. The draft is born at the first « Enregistrer » or « Vérifier »."""
    row = fetching.consultation(request, slug, "sections")
    if refusal := rules.writing_refusal(row, at=timezone.now()):
        raise PermissionDenied(refusal.message)
    if request.method == "POST":
        reference = read_token(request.POST.get("jeton", ""), request.user, "contribution")
        return _save(request, row, reference)
    sections = list(row.sections.all())
    rank = request.GET.get("partie", "")
    chosen = sections[int(rank) - 1] if rank.isdecimal() and 0 < int(rank) <= len(sections) else None
    words = ContributionForm(sections=sections, initial={"section": chosen.pk} if chosen else {})
    return _show(request, _desk(request, row, None, words))


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def edit_draft(request: UserRequest, slug: str, reference: str) -> HttpResponse:
    """Go on with a draft. It stays readable when the phase is over."""
    draft = fetching.contribution(request, slug, reference, author=request.user)
    if draft.published_at is not None or draft.submitted_at is not None:
        return redirect(draft)
    row = draft.consultation
    if request.method == "POST":
        return _save(request, row, draft.reference)
    sections = list(row.sections.all())
    words = ContributionForm(sections=sections, initial=_typed(draft))
    return _show(request, _desk(request, row, draft, words))


def _typed(draft: Contribution) -> dict[str, Any]:
    """Give the fields of a draft as they are typed."""
    names = set(ContributionForm.base_fields) - {"section", "place_district"}
    typed = {name: getattr(draft, name) for name in names}
    return {**typed, "section": draft.section_id, "place_district": draft.place_district_id}


def _desk(
    request: UserRequest, row: Consultation, draft: Contribution | None, words: ContributionForm, *, data: Any = None
) -> Desk:
    at = timezone.now()
    refusal = rules.contribute_refusal(request.user, row, at=at)
    asks = _asks(request, row, refusal, at)
    kept = list(draft.attachments.all()) if draft else []
    return Desk(
        consultation=row,
        sections=list(row.sections.all()),
        draft=draft,
        words=words,
        profile=beside.ProfileForm(data, prefix="profil", asks=asks, user=request.user),
        kept=kept_forms(data, kept),
        new=attachment_forms(data, None, kept),
        refusal=None if refusal and refusal.code in rules.ASKED_BESIDE else refusal,
        asks=asks,
    )


def _asks(request: UserRequest, row: Consultation, refusal: Refusal | None, at: dt.datetime) -> list[str]:
    """Name what to ask beside the text: a public name is asked even of who signs otherwise, but never required of them."""
    if refusal is None:  # nothing but the name can be missing: the person is not looked at again
        return [] if request.user.public_name else ["public_name"]
    if refusal.code not in rules.ASKED_BESIDE:
        return []
    return rules.missing_profile(request.user, row, is_named=True, at=at)


def _show(request: UserRequest, desk: Desk, *, status: int = 200) -> HttpResponse:
    row, draft = desk.consultation, desk.draft
    context = {
        "desk": desk,
        "consultation": row,
        "draft": draft,
        "form": desk.words,
        "review_promise": presentation.review_promise(row),
        "failures": Together(*desk.forms),
        "token": new_token(request.user, "contribution"),
        "saved": typography.instant(draft.saved_at) if draft else "",
        "remedy": reading.remedy_url(desk.refusal),
        "crumbs": [
            ui.Crumb(_("Consultations"), reverse("consultations:list")),
            ui.Crumb(row.title, row.get_absolute_url()),
            ui.Crumb(_("Donner mon avis")),
        ],
    }
    return render(request, "consultations/write.html", context, status=status)


def _save(request: UserRequest, row: Consultation, reference: str) -> HttpResponse:
    """Keep everything that can be, then go where the pressed button leads, or come back with what is to correct."""
    at = timezone.now()
    sections = list(row.sections.all())
    if not Contribution.objects.filter(reference=reference).exists():
        throttle.check(throttle.Limit.POSTING, f"user:{request.user.pk}")
    draft = actions.save_draft(
        actor=request.user, consultation=row, reference=reference, words=draft_words(request.POST, sections)
    )
    attachments = list(draft.attachments.all())
    new = attachment_forms(request.POST, request.FILES, attachments)
    new_errors = _save_files(request, draft, kept_forms(request.POST, attachments), new, at)
    words = ContributionForm(request.POST, sections=sections)
    desk = _desk(request, row, draft, words, data=request.POST)
    desk.new = [new_errors.get(form.prefix or "", form) for form in desk.new]
    choice = request.POST.get(masked_forms.CHOICE)
    if request.POST.get("intention") != "verifier" and choice is None:
        if new_errors:
            return _show(request, _only_files(desk), status=422)
        messages.success(
            request, _("Votre brouillon est enregistré. Vous le retrouverez dans «\u00a0Mes contributions\u00a0».")
        )
        return redirect("consultations:draft", row.slug, draft.reference)
    if request.POST.get("signature") != Contribution.Signature.NAME.value and "public_name" in desk.profile.fields:
        desk.profile.fields["public_name"].required = False
    valid = [form.is_valid() for form in (words, desk.profile, *desk.kept)]
    if new_errors or not all(valid):
        return _show(request, desk, status=422)
    if choice == masked_forms.MASK:
        actions.save_draft(actor=request.user, consultation=row, reference=reference, words=words.words())
    beside.complete(request.user, desk.profile, at=at)
    return redirect("consultations:check", row.slug, draft.reference)


def _only_files(desk: Desk) -> Desk:
    """Show what is wrong with the files, and nothing of a text that is not finished yet."""
    desk.words = ContributionForm(sections=desk.sections, initial=_typed(desk.draft) if desk.draft else {})
    desk.profile = beside.ProfileForm(prefix="profil", asks=desk.asks, user=desk.profile.user)
    return desk


def _save_files(
    request: UserRequest,
    row: Contribution,
    kept: Sequence[KeptAttachmentForm],
    new: Sequence[AttachmentForm],
    at: dt.datetime,
) -> dict[str, AttachmentForm]:
    """Describe, remove and add files; give the forms of those that could not be kept.

    A photo without words is kept all the same: nobody should have to choose it again. The words are asked before publishing.
    """
    for form in kept:
        form.is_valid()
        if form.cleaned_data.get("remove"):
            actions.detach(actor=request.user, attachment=form.attachment, at=at)
        elif "alt" in form.fields and f"{form.prefix}-alt" in request.POST:
            _describe(request, form)
    sent = [form for form in new if request.FILES.get(f"{form.prefix}-file")]
    return {str(form.prefix): form for form in sent if not _attach(request, row, form, at)}


def _attach(request: UserRequest, row: Contribution, form: AttachmentForm, at: dt.datetime) -> bool:
    throttle.check(throttle.Limit.UPLOADING, f"user:{request.user.pk}")
    form.is_valid()
    upload = form.cleaned_data.get("upload")
    if upload is None:
        return False
    try:
        actions.attach(
            actor=request.user,
            contribution=row,
            upload=upload,
            alt=form.cleaned_data.get("alt", ""),
            is_decorative=form.cleaned_data.get("is_decorative", False),
            at=at,
        )
    except DomainError as error:
        form.add_error("file", error.message)
        return False
    return True


def _describe(request: UserRequest, form: KeptAttachmentForm) -> None:
    given = form.cleaned_data
    actions.describe(
        actor=request.user,
        attachment=form.attachment,
        alt=given.get("alt", ""),
        is_decorative=given.get("is_decorative", False),
    )


# --- Check, publish ------------------------------------------------------------------------------------------------


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: UserRequest, slug: str, reference: str) -> HttpResponse:
    """Show the contribution as everybody will read it, then publish it."""
    draft = fetching.contribution(request, slug, reference, author=request.user)
    if draft.published_at is not None or draft.submitted_at is not None:
        return redirect(draft)
    at = timezone.now()
    row = draft.consultation
    form = ContributionForm(_typed(draft), sections=list(row.sections.all()), asks_masking=False)
    refusal = rules.publish_refusal(request.user, draft, at=at)
    if not form.is_valid() or (
        refusal is not None and refusal.code in {"unfinished", "undescribed", *rules.ASKED_BESIDE}
    ):
        messages.warning(request, refusal.message if refusal else _("Votre texte n’est pas encore complet."))
        return redirect("consultations:draft", row.slug, draft.reference)
    if request.method == "POST":
        throttle.check(throttle.Limit.POSTING, f"user:{request.user.pk}")
        published = actions.publish(
            actor=request.user, contribution=draft, at=at, follow=request.POST.get("suivre") == "oui"
        )
        if published.published_at is None:
            messages.success(request, _("Votre contribution est déposée. Elle paraîtra après relecture."))
            return redirect(published)
        messages.success(
            request,
            _("Votre contribution est publiée. Sa référence est %(reference)s\u00a0: un courriel vous la rappelle.")
            % {"reference": published.reference},
        )
        return redirect(published)
    draft.district = request.user.district
    context = {
        "draft": draft,
        "consultation": row,
        "html": presentation.resident_html(draft.body_html),
        "author": signatures.of_contribution(draft),
        "district": presentation.place_of_author(draft),
        "place": presentation.place_words(draft),
        "facts": presentation.lived_facts(draft) if draft.kind == Contribution.Kind.EXPERIENCE else [],
        "files": [presentation.file(each) for each in draft.attachments.all()],
        "advice": form.advice(),
        "review": _review_words(request, draft, at),
        "refusal": refusal.message if refusal else "",
        "remedy": reading.remedy_url(refusal),
        "charter": charter.CURRENT,
        "is_following": subscriptions.is_following(request.user, row.topic),
        "edit_url": reverse("consultations:draft", args=[row.slug, draft.reference]),
        "crumbs": [
            ui.Crumb(_("Consultations"), reverse("consultations:list")),
            ui.Crumb(row.title, row.get_absolute_url()),
            ui.Crumb(_("Vérifier avant de publier")),
        ],
    }
    return render(request, "consultations/check.html", context)


def _review_words(request: UserRequest, draft: Contribution, at: dt.datetime) -> list[str]:
    """Say that a text will be read before it is public, why, and how soon."""
    cause = review.cause_of(request.user, draft.consultation, review.texts_of(draft), at=at)
    promise = presentation.review_promise(draft.consultation)
    return [] if cause is None else list(filter(None, (str(cause.label), promise)))


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: UserRequest, slug: str, reference: str) -> HttpResponse:
    """Ask to confirm, then erase a draft and its files."""
    draft = fetching.contribution(request, slug, reference, author=request.user)
    require(rules.draft_refusal(request.user, draft))
    if request.method == "POST":
        actions.discard_draft(actor=request.user, contribution=draft)
        messages.success(request, _("Le brouillon est supprimé."))
        return redirect("consultations:mine")
    context = {
        "draft": draft,
        "consultation": draft.consultation,
        "back_url": reverse("consultations:draft", args=[slug, draft.reference]),
        "crumbs": [
            ui.Crumb(_("Mes contributions"), reverse("consultations:mine")),
            ui.Crumb(_("Supprimer un brouillon")),
        ],
    }
    return render(request, "consultations/discard.html", context)


# --- After publication -----------------------------------------------------------------------------------------------


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: UserRequest, slug: str, reference: str) -> HttpResponse:
    """Correct what one published: freely before the first reaction, by a visible version after it."""
    row = fetching.contribution(request, slug, reference, author=request.user, published_at__isnull=False)
    at = timezone.now()
    require(rules.edit_refusal(request.user, row, at=at))
    sections = list(row.consultation.sections.all())
    reacted = row.has_reaction
    data = request.POST if request.method == "POST" else None
    form = ContributionForm(data, sections=sections, reacted=reacted, initial=_typed(row))
    attachments = [] if reacted else list(row.attachments.all())
    kept = kept_forms(data, attachments)
    new = [] if reacted else attachment_forms(data, request.FILES if data else None, attachments)
    if data is not None and all([each.is_valid() for each in (form, *kept, *new)]):  # noqa: C419 (each says what is wrong)
        throttle.check(throttle.Limit.POSTING, f"user:{request.user.pk}")
        words = form.words()
        corrected = actions.correct(actor=request.user, contribution=row, words=words, at=at)
        _save_files(request, row, kept, new, at)
        if any(getattr(corrected, name) != getattr(words, name) for name in form.fields):
            messages.success(
                request, _("Votre correction paraîtra après relecture. D’ici là, votre texte reste tel quel.")
            )
        else:
            messages.success(request, _("Votre correction est publiée."))
        return redirect(row)
    failures = Together(form, *kept, *new)
    context = {
        "contribution": row,
        "consultation": row.consultation,
        "form": form,
        "kept": kept,
        "new": new,
        "failures": failures,
        "reacted": reacted,
        "crumbs": reading.crumbs(row, _("Corriger")),
    }
    return render(request, "consultations/edit.html", context, status=422 if failures.is_bound else 200)


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: UserRequest, slug: str, reference: str) -> HttpResponse:
    """Ask to confirm, then take a contribution back."""
    row = fetching.contribution(request, slug, reference, author=request.user, published_at__isnull=False)
    if row.withdrawn_at is not None:
        return redirect(row)
    if request.method == "POST":
        actions.withdraw(actor=request.user, contribution=row, at=timezone.now())
        messages.success(request, _("Votre contribution est retirée."))
        return redirect("consultations:mine")
    context = {"contribution": row, "consultation": row.consultation, "crumbs": reading.crumbs(row, _("Retirer"))}
    return render(request, "consultations/withdraw.html", context)
