"""Depositing an idea, in short steps that need no script: four criteria and a title, what resembles it, the idea, its preview."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts import beside
from accounts import rules as accounts_rules
from accounts.beside import ProfileForm
from accounts.http import UserRequest
from ideas import actions, presentation, review, rules, similarity
from ideas.forms import IdeaForm, KeptPhotoForm, PhotoForm, StartForm, draft_words, has_room, typed
from ideas.models import Answer, Campaign, GatheredIdea, HeldText, Idea, Photo, Stage
from ideas.models.campaigns import ModerationMode
from mulhouse import charter, masked_forms, throttle, typography
from mulhouse.access import resident
from mulhouse.errors import DomainError, Refusal
from mulhouse.references import read_reference
from mulhouse.templatetags import ui
from mulhouse.typed import Together, new_token, read_token
from mulhouse.typography import local_day

TOKEN = "idea"  # noqa: S105 (what the token is for)
# What is folded: nobody needs it to publish.
MORE = ("place_district", "place", "beneficiaries", "cost")
# What brings one back to the form, where it can be given.
TO_COMPLETE = frozenset({"unfinished", "behalf", *rules.ASKED_BESIDE})


def crumbs(*last: ui.Crumb) -> list[ui.Crumb]:
    """Give the way to a page of the author's side."""
    return [ui.Crumb(_("Idées"), reverse("ideas:list")), *last]


def remedy_url(refusal: Refusal | None) -> str:
    """Give the address where what is missing can be given, "" when nothing can be done there."""
    route = accounts_rules.remedy_route(refusal) if refusal else ""
    return reverse(route) if route else ""


def review_promise(campaign: Campaign) -> str:
    """Say beside a form that what is written will be read first, and how soon; "" when it is published at once."""
    if campaign.moderation != ModerationMode.PRIOR:
        return ""
    return _("Votre texte paraîtra après relecture, sous %(hours)s\u00a0heures ouvrées.") % {
        "hours": campaign.review_hours
    }


def own_idea(request: UserRequest, reference: str, **conditions: Any) -> Idea:
    """Fetch an idea of the person, whatever its state; somebody else's is a 404."""
    rows = Idea.objects.filter(author=request.user, **conditions).defer("search", "title_words")
    rows = rows.select_related("campaign", "author", "district", "theme", "place_district")
    return get_object_or_404(rows, reference=read_reference(reference))


def _is_handed_in(draft: Idea) -> bool:
    return draft.published_at is not None or draft.submitted_at is not None


def _where_it_is(draft: Idea) -> HttpResponse:
    """Lead to an idea that is a draft no more: its page, or the page of the text that waits."""
    if draft.published_at is not None:
        return redirect(draft)
    held = HeldText.objects.filter(idea=draft, sort=HeldText.Sort.IDEA, withdrawn_at__isnull=True).first()
    return redirect("ideas:held", held.reference) if held else redirect("ideas:mine")


# --- What resembles it -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Neighbour:
    """An idea that resembles a title, in words: where it stands, what the city answered last, and what one can do instead.

    `url` leads to what can be supported in the place of a new idea (`is_open`): itself, or the one that gathers it; else to its page.
    """

    reference: str
    title: str
    url: str
    tag: ui.Tag
    supports: str
    answer: str
    gesture: str
    # It still gathers supports: else one can read it, and know what came of it.
    is_open: bool


def _neighbours(title: str) -> list[Neighbour]:
    found = similarity.of_title(title)
    today, parents = local_day(timezone.now()), _parents([near.idea for near in found])
    return [_neighbour(near, parents.get(near.idea.pk), today=today) for near in found]


def _neighbour(near: similarity.Near, parent: Idea | None, *, today: dt.date) -> Neighbour:
    kept = parent or near.idea
    is_open = presentation.is_open(kept, today=today)
    if not is_open:
        gesture = _("Voir ce qu’elle est devenue")
    else:
        gesture = _("Soutenir l’idée qui la réunit à d’autres") if parent else _("Soutenir celle-ci")
    return Neighbour(
        reference=near.idea.reference,
        title=near.idea.title,
        url=kept.get_absolute_url(),
        tag=presentation.stage_tag(near.idea.stage),
        supports=presentation.supports(near.idea.support_total),
        answer=_answer_words(near.answer) if near.answer else "",
        gesture=gesture,
        is_open=is_open,
    )


def _parents(ideas: Sequence[Idea]) -> dict[int, Idea]:
    """Find the idea that gathers each of those that are gathered; no query when none is."""
    keys = [idea.pk for idea in ideas if idea.stage == Stage.GATHERED]
    if not keys:
        return {}
    rows = GatheredIdea.objects.filter(idea__in=keys, is_live=True, gathering__parent__in=Idea.objects.visible())
    rows = rows.select_related("gathering__parent").defer("gathering__parent__search").order_by("pk")
    return {row.idea_id: parent for row in rows if (parent := row.gathering.parent)}


def _answer_words(answer: Answer) -> str:
    words = {"day": typography.day(answer.published_at), "outcome": answer.get_outcome_display()}
    return _("Réponse de la Ville le %(day)s\u00a0: %(outcome)s.") % words


# --- Criteria, title ------------------------------------------------------------------------------


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def deposit(request: UserRequest) -> HttpResponse:
    """Choose a campaign where several are open, tick the four criteria, give a title: the draft is born here."""
    if request.headers.get("HX-Request") == "true" and request.method == "GET":
        return _while_typing(request)
    at = timezone.now()
    campaigns = list(Campaign.objects.open(at=at))
    slug = request.GET.get("campagne", "")
    campaign = next((one for one in campaigns if one.slug == slug), None)
    if campaign is None and len(campaigns) == 1:
        campaign = campaigns[0]
    if campaign is None:
        return _choose(request, campaigns)
    if request.method == "POST":
        return _start(request, campaign)
    return _show_start(request, campaign, StartForm())


def _while_typing(request: UserRequest) -> HttpResponse:
    """Send what resembles the title that is being typed, for the page to say it at once."""
    near = _neighbours(request.GET.get("title", ""))
    words = ngettext("%(n)s idée ressemble à la vôtre", "%(n)s idées ressemblent à la vôtre", len(near))
    context = {"near": near, "choose_url": "", "said": words % {"n": len(near)} if near else ""}
    response = render(request, "ideas/_typing.html", context)
    response["Vary"] = "HX-Request"
    return response


def _choose(request: UserRequest, campaigns: Sequence[Campaign]) -> HttpResponse:
    lines = [(campaign, f"{reverse('ideas:deposit')}?campagne={campaign.slug}") for campaign in campaigns]
    context = {"lines": lines, "crumbs": crumbs(ui.Crumb(_("Déposer une idée")))}
    return render(request, "ideas/deposit_campaigns.html", context)


def _show_start(request: UserRequest, campaign: Campaign, form: StartForm) -> HttpResponse:
    refusal = rules.deposit_refusal(request.user, campaign, at=timezone.now())
    refusal = None if refusal and refusal.code in rules.ASKED_BESIDE else refusal
    shown = str(form.data.get("title", "")) if form.is_bound else ""
    context = {
        "campaign": campaign,
        "form": form,
        "criteria": [form[name] for name in StartForm.CRITERIA],
        "near": _neighbours(shown),
        "choose_url": "",
        "token": str(form.data.get("jeton", "")) or new_token(request.user, TOKEN),
        "refusal": refusal,
        "remedy": remedy_url(refusal),
        "review_promise": review_promise(campaign),
        "crumbs": crumbs(ui.Crumb(_("Déposer une idée"))),
    }
    response = render(request, "ideas/deposit.html", context, status=422 if form.is_bound else 200)
    response["Vary"] = "HX-Request"
    return response


def _start(request: UserRequest, campaign: Campaign) -> HttpResponse:
    form = StartForm(request.POST)
    if not form.is_valid():
        return _show_start(request, campaign, form)
    throttle.check(throttle.Limit.POSTING, f"user:{request.user.pk}")
    reference = read_token(request.POST.get("jeton", ""), request.user, TOKEN)
    title = form.cleaned_data["title"]
    words = actions.Words(title=title, need="", proposal="", signature=Idea.Signature.NAME)
    # Sent again from the page before, it changes the title alone.
    begun = Idea.objects.filter(reference=reference, author=request.user).first()
    if begun is not None:
        words = replace(_words_of(begun), title=title)
    draft = actions.save_draft(actor=request.user, campaign=campaign, reference=reference, words=words)
    seen = set(request.POST.getlist("vues"))
    if any(near.idea.reference not in seen for near in similarity.of_title(title)):
        return redirect("ideas:duplicates", draft.reference)
    return redirect("ideas:draft", draft.reference)


def _words_of(idea: Idea) -> actions.Words:
    return actions.Words(**{name: getattr(idea, name) for name in actions.WRITTEN})


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def duplicates(request: UserRequest, reference: str) -> HttpResponse:
    """Show the ideas that resemble the title of a draft: to support one of them in its place, or to go on."""
    draft = own_idea(request, reference)
    if _is_handed_in(draft):
        return _where_it_is(draft)
    near = _neighbours(draft.title)
    chosen = next((each for each in near if each.reference == request.POST.get("choix")), None)
    if chosen is not None:
        return _instead(request, draft, chosen)
    if not near:
        return redirect("ideas:draft", draft.reference)
    context = {
        "draft": draft,
        "choose_url": request.path,
        "near": near,
        "go_on_url": reverse("ideas:draft", args=[draft.reference]),
        "crumbs": crumbs(ui.Crumb(_("Déposer une idée"))),
    }
    return render(request, "ideas/deposit_duplicates.html", context)


def _instead(request: UserRequest, draft: Idea, chosen: Neighbour) -> HttpResponse:
    """Lead to the idea that somebody supports rather than their own, whose draft goes when it holds nothing but a title."""
    is_bare = not any(getattr(draft, name) for name in ("need", "proposal", "beneficiaries", "cost", "place"))
    if chosen.is_open and is_bare and not draft.photos.exists():
        actions.discard_draft(actor=request.user, idea=draft)
        messages.success(request, _("Votre brouillon est supprimé\u00a0: il n’avait encore qu’un titre."))
    return redirect(f"{chosen.url}#soutenir" if chosen.is_open else chosen.url)


# --- The idea --------------------------------------------------------------------------------------------------------


@dataclass
class Desk:
    """What lies on the page where an idea is written: the draft and the forms."""

    draft: Idea
    words: IdeaForm
    profile: ProfileForm
    refusal: Refusal | None
    asks: Sequence[str]

    @property
    def forms(self) -> list[Form]:
        """Give the forms in the order of the page."""
        return [self.words, self.profile]


def _desk(request: UserRequest, draft: Idea, data: Any = None) -> Desk:
    at = timezone.now()
    refusal = rules.deposit_refusal(request.user, draft.campaign, at=at)
    asks: list[str] = []
    # A public name is asked even of who signs otherwise, but never required of them.
    if refusal is None or refusal.code in rules.ASKED_BESIDE:
        asks = rules.missing_profile(request.user, draft.campaign, is_named=True, at=at)
        refusal = None
    return Desk(
        draft=draft,
        words=IdeaForm(data, initial=typed(draft), is_draft=True),
        profile=ProfileForm(data, prefix="profil", asks=asks, user=request.user),
        refusal=refusal,
        asks=asks,
    )


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: UserRequest, reference: str) -> HttpResponse:
    """Write an idea, or go on with its draft; it stays readable once its campaign is over."""
    row = own_idea(request, reference)
    if _is_handed_in(row):
        return _where_it_is(row)
    return _save(request, row) if request.method == "POST" else _show(request, _desk(request, row))


def _save(request: UserRequest, row: Idea) -> HttpResponse:
    """Keep everything that can be, then go where the pressed button leads, or come back with what is to correct."""
    at = timezone.now()
    saved = actions.save_draft(
        actor=request.user, campaign=row.campaign, reference=row.reference, words=draft_words(request.POST)
    )
    choice = request.POST.get(masked_forms.CHOICE)
    if request.POST.get("intention") == "brouillon" and choice is None:
        messages.success(request, _("Votre brouillon est enregistré. Vous le retrouverez ici."))
        return redirect("ideas:mine")
    desk = _desk(request, saved, request.POST)
    if request.POST.get("signature") != Idea.Signature.NAME.value and "public_name" in desk.profile.fields:
        desk.profile.fields["public_name"].required = False
    if not all([form.is_valid() for form in desk.forms]):  # noqa: C419 (each says what is wrong)
        return _show(request, desk)
    if choice == masked_forms.MASK:
        actions.save_draft(actor=request.user, campaign=row.campaign, reference=row.reference, words=desk.words.words())
    beside.complete(request.user, desk.profile, at=at)
    return redirect("ideas:preview", row.reference)


def _show(request: UserRequest, desk: Desk) -> HttpResponse:
    failures = Together(*desk.forms)
    context = {
        "desk": desk,
        "draft": desk.draft,
        "campaign": desk.draft.campaign,
        "form": desk.words,
        "more": [desk.words[name] for name in MORE],
        "more_is_open": _is_filled(desk.words, MORE),
        "behalf_is_open": desk.words["behalf"].value() != Idea.Behalf.ONESELF
        or _is_filled(desk.words, ("behalf_name",)),
        "failures": failures,
        "saved": typography.instant(desk.draft.saved_at),
        "remedy": remedy_url(desk.refusal),
        "review_promise": review_promise(desk.draft.campaign),
        "crumbs": crumbs(ui.Crumb(_("Mes idées"), reverse("ideas:mine")), ui.Crumb(_("Mon brouillon"))),
    }
    return render(request, "ideas/draft.html", context, status=422 if failures.is_bound else 200)


def _is_filled(form: IdeaForm, names: Sequence[str]) -> bool:
    """Tell whether something is there to be seen: nothing that was typed, or is to be corrected, stays folded."""
    return any(form[name].value() or (form.is_bound and form[name].errors) for name in names)


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: UserRequest, reference: str) -> HttpResponse:
    """Ask to confirm, then erase a draft and its photos."""
    row = own_idea(request, reference)
    if _is_handed_in(row):
        return _where_it_is(row)
    if request.method == "POST":
        actions.discard_draft(actor=request.user, idea=row)
        messages.success(request, _("Le brouillon est supprimé."))
        return redirect("ideas:mine")
    way = crumbs(ui.Crumb(_("Mes idées"), reverse("ideas:mine")), ui.Crumb(_("Supprimer un brouillon")))
    return render(request, "ideas/draft_discard.html", {"draft": row, "crumbs": way})


# --- Photos ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """A photo as its author sees it."""

    photo: Photo
    url: str
    form: KeptPhotoForm


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def photos(request: UserRequest, reference: str) -> HttpResponse:
    """Add, describe and take away the photos of a draft, or of an idea that nobody has reacted to."""
    row = own_idea(request, reference)
    if row.published_at is None and row.submitted_at is not None:
        return _where_it_is(row)
    if refusal := rules.photos_refusal(request.user, row, at=timezone.now()):
        raise PermissionDenied(refusal.message)
    if request.method == "POST":
        return _change_photos(request, row)
    return _show_photos(request, row, {}, PhotoForm())


def _show_photos(request: UserRequest, row: Idea, asked: Mapping[int, KeptPhotoForm], new: PhotoForm) -> HttpResponse:
    kept = list(row.photos.all())
    shown = [
        Shown(photo, reverse("ideas:photo", args=[photo.key]), asked.get(photo.pk) or KeptPhotoForm(None, photo=photo))
        for photo in kept
    ]
    failures = Together(*(each.form for each in shown), new)
    is_draft = row.published_at is None
    context = {
        "idea": row,
        "photos": shown,
        "new": new if has_room(kept) else None,
        "failures": failures,
        "go_on_url": reverse("ideas:preview", args=[row.reference]) if is_draft else row.get_absolute_url(),
        "is_draft": is_draft,
        "crumbs": crumbs(ui.Crumb(_("Mes idées"), reverse("ideas:mine")), ui.Crumb(_("Photos"))),
    }
    return render(request, "ideas/deposit_photos.html", context, status=422 if failures.is_bound else 200)


def _change_photos(request: UserRequest, row: Idea) -> HttpResponse:
    at = timezone.now()
    gesture, _mark, position = request.POST.get("geste", "").partition("-")
    photo = next((one for one in row.photos.all() if str(one.position) == position), None)
    if gesture == "retirer" and photo is not None:
        actions.detach(actor=request.user, photo=photo, at=at)
        messages.success(request, _("La photo est retirée."))
    elif gesture == "decrire" and photo is not None:
        form = KeptPhotoForm(request.POST, photo=photo)
        if not form.is_valid():
            return _show_photos(request, row, {photo.pk: form}, PhotoForm())
        given = form.cleaned_data
        actions.describe(actor=request.user, photo=photo, alt=given["alt"], is_decorative=given["is_decorative"], at=at)
        messages.success(request, _("La description est enregistrée."))
    elif gesture == "ajouter":
        throttle.check(throttle.Limit.UPLOADING, f"user:{request.user.pk}")
        new = PhotoForm(request.POST, request.FILES)
        is_whole = new.is_valid()
        if not _attach(request, row, new):
            return _show_photos(request, row, {}, new)
        if is_whole:
            messages.success(request, _("La photo est ajoutée."))
        else:
            # Kept all the same: nobody should have to choose it again. Its words are asked before publishing.
            messages.warning(
                request, _("La photo est ajoutée. Décrivez-la, ou cochez «\u00a0image sans information\u00a0».")
            )
    return redirect("ideas:photos", row.reference)


def _attach(request: UserRequest, row: Idea, form: PhotoForm) -> bool:
    given = form.cleaned_data
    # Words that can not be kept are to be corrected at once.
    if given.get("upload") is None or ("alt" not in given and form.has_error("alt", "masking")):
        return False
    try:
        actions.attach(
            actor=request.user,
            idea=row,
            upload=given["upload"],
            alt=given.get("alt", ""),
            is_decorative=given.get("is_decorative", False),
            at=timezone.now(),
        )
    except DomainError as error:
        form.add_error("file", error.message)
        return False
    return True


# --- Preview, publish ------------------------------------------------------------------------------------------------


@resident
@require_http_methods(["GET", "HEAD", "POST"])
def preview(request: UserRequest, reference: str) -> HttpResponse:
    """Show the idea as everybody will read it, then publish it."""
    row = own_idea(request, reference)
    if _is_handed_in(row):
        return _where_it_is(row)
    at = timezone.now()
    form = IdeaForm(typed(row), asks_masking=False)
    refusal = rules.publish_refusal(request.user, row, at=at)
    if not form.is_valid() or (refusal is not None and refusal.code in TO_COMPLETE):
        messages.warning(request, refusal.message if refusal else _("Votre idée n’est pas encore complète."))
        return redirect("ideas:draft", row.reference)
    if refusal is not None and refusal.code == "undescribed":
        messages.warning(request, refusal.message)
        return redirect("ideas:photos", row.reference)
    if request.method == "POST":
        return _publish(request, row)
    row.district = request.user.district
    author, detail = presentation.author_line(row)
    context = {
        "draft": row,
        "campaign": row.campaign,
        "need": presentation.resident_html(row.need_html),
        "proposal": presentation.resident_html(row.proposal_html),
        "author": author,
        "detail": detail,
        "facts": presentation.facts(row),
        "photos": [(photo, reverse("ideas:photo", args=[photo.key])) for photo in row.photos.all()],
        "advice": form.advice(),
        "review": _review_words(request, row),
        "refusal": refusal,
        "remedy": remedy_url(refusal),
        "charter": charter.CURRENT,
        "edit_url": reverse("ideas:draft", args=[row.reference]),
        "photos_url": reverse("ideas:photos", args=[row.reference]),
        "crumbs": crumbs(ui.Crumb(_("Mes idées"), reverse("ideas:mine")), ui.Crumb(_("Aperçu"))),
    }
    return render(request, "ideas/preview.html", context)


def _publish(request: UserRequest, row: Idea) -> HttpResponse:
    throttle.check(throttle.Limit.POSTING, f"user:{request.user.pk}")
    published = actions.publish(actor=request.user, idea=row, at=timezone.now())
    if published.published_at is None:
        messages.success(request, _("Votre idée est déposée. Elle paraîtra après relecture."))
    else:
        messages.success(
            request,
            _("Votre idée est publiée. Sa référence est %(reference)s\u00a0: un courriel vous la rappelle.")
            % {"reference": published.reference},
        )
    return _where_it_is(published)


def _review_words(request: UserRequest, row: Idea) -> list[str]:
    """Say that a text will be read before it is public, why, and how soon."""
    cause = review.cause_of(request.user, row.campaign, review.texts_of(row), at=timezone.now())
    return [] if cause is None else list(filter(None, (str(cause.label), review_promise(row.campaign))))
