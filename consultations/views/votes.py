"""The secret votes of a consultation: the page of a vote, the ballot, the receipt, what the secret protects.

What somebody chooses travels in the body of two requests and stays in their browser between the two: no address, session,
message, cache or log ever holds it.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods, require_safe

from accounts.http import UserRequest
from ballots import codes, counting, dates, files
from ballots import presentation as words
from ballots import rules as ballots_rules
from ballots.dates import State
from ballots.forms import BallotForm, ReceiptForm, new_token, read_token
from ballots.models import Receipt, Votation
from consultations import presentation, printing, voting
from consultations.models import Consultation, ConsultationVote
from consultations.views import fetching, reading
from mulhouse import throttle
from mulhouse.access import public, resident
from mulhouse.errors import Refusal
from mulhouse.templatetags import ui
from transparency import algorithms
from transparency.pages import cached_for_visitors

CHECK, CHANGE, CAST = "verifier", "modifier", "voter"


def _found(request: HttpRequest, slug: str, reference: str) -> ConsultationVote:
    row = fetching.consultation(request, slug)
    rows = ConsultationVote.objects.visible_to(request.user).select_related("votation")
    link = get_object_or_404(
        rows.prefetch_related("votation__options"), consultation=row, votation__reference=reference.upper()
    )
    link.consultation = row
    return link


def address(route: str, consultation: Consultation, votation: Votation) -> str:
    """Give the address of a page of a vote."""
    return reverse(f"consultations:{route}", args=[consultation.slug, votation.reference])


def _host(link: ConsultationVote) -> words.Host:
    consultation, votation = link.consultation, link.votation
    return words.Host(
        title=consultation.title,
        url=consultation.get_absolute_url(),
        crumbs=[
            ui.Crumb(_("Consultations"), reverse("consultations:list")),
            ui.Crumb(consultation.title, consultation.get_absolute_url()),
        ],
        vote_url=address("vote", consultation, votation),
        cast_url=address("cast_vote", consultation, votation),
        receipt_url=address("receipt", consultation, votation),
        secrecy_url=address("secrecy", consultation, votation),
        rules_url=reverse("consultations:rules", args=[consultation.slug]),
        files=[
            (form.upper(), reverse("consultations:vote_file", args=[consultation.slug, votation.reference, form]))
            for form in files.FORMATS
        ],
    )


def _context(link: ConsultationVote, *here: ui.Crumb, **more: Any) -> dict[str, Any]:
    host = _host(link)
    return {"host": host, "votation": link.votation, "crumbs": [*host.crumbs, *here], **more}


def _until_counted(at: dt.datetime) -> dt.datetime | None:
    """Say when a page drawn just after midnight stops being true: votes close at midnight and are counted a minute later."""
    counted = dates.midnight(at.astimezone(dates.PARIS).date()) + dates.COUNT_DELAY
    return counted if at < counted else None


@public
@require_safe
@cached_for_visitors(until=_until_counted)
def vote_list(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the votes of a consultation; the only one opens at once."""
    row = fetching.consultation(request, slug)
    at = timezone.now()
    links = ConsultationVote.objects.visible_to(request.user).filter(consultation=row).select_related("votation")
    found = list(links.order_by("votation__opens_on", "pk"))
    if len(found) == 1:
        return redirect(address("vote", row, found[0].votation))
    context = {
        "consultation": row,
        "lines": [
            (
                link.votation,
                address("vote", row, link.votation),
                words.tag(link.votation, at=at),
                words.days(link.votation),
            )
            for link in found
        ],
        "tabs": presentation.tabs(row, current="votes"),
        "crumbs": [
            ui.Crumb(_("Consultations"), reverse("consultations:list")),
            ui.Crumb(row.title, row.get_absolute_url()),
            ui.Crumb(_("Votes")),
        ],
    }
    return render(request, "ballots/list.html", context)


@public
@require_safe
@cached_for_visitors(until=_until_counted)
def vote(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Show a vote: what is asked, under which rules, how many came, and, once everything is counted, the result."""
    link, at = _found(request, slug, reference), timezone.now()
    votation = link.votation
    refusal = voting.vote_refusal(request.user, link, at=at)
    result = counting.result(votation, at=at)
    turnout = counting.turnout(votation, at=at)
    context = _context(
        link,
        ui.Crumb(_("Vote")),
        tags=[words.tag(votation, at=at)],
        left=words.left(votation, at=at),
        days=words.days(votation),
        rules=words.rules(votation),
        options=list(votation.options.all()),
        refusal=refusal,
        remedy=reading.remedy_url(refusal),
        is_open=votation.state(at=at) is State.OPEN,
        is_closed=votation.state(at=at) is State.CLOSED,
        result=words.shown(votation, result) if result else None,
        turnout=words.turnout_words(turnout),
        channels=words.channels(turnout),
        is_yes_no=votation.kind == Votation.Kind.YES_NO,
        paper_url=reverse("consultations:paper_ballot", args=[slug, votation.reference])
        if printing.is_cast(link.consultation, votation, at=at)
        else "",
        tabs=presentation.tabs(link.consultation, current="votes"),
    )
    return render(request, "ballots/vote.html", context)


def _uncompressed(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Send a page as it is: compressed, its length would depend on which box is ticked."""

    @wraps(view)
    def sent(*args: Any, **options: Any) -> HttpResponse:
        response = view(*args, **options)
        response["Content-Encoding"] = "identity"
        return response

    return sent


@resident
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@sensitive_variables()
@never_cache
@_uncompressed
def cast(request: UserRequest, slug: str, reference: str) -> HttpResponse:
    """Fill in a ballot, check it, cast it: three faces of one address."""
    link, at = _found(request, slug, reference), timezone.now()
    refusal = voting.vote_refusal(request.user, link, at=at)
    step = request.POST.get("etape", "")
    if refusal is not None and not (refusal.code == "voted" and step == CAST):
        return _refused(request, link, refusal)
    form = BallotForm(request.POST or None, votation=link.votation)
    if request.method != "POST":
        return _fill_in(request, link, form)
    if not form.is_valid():
        return _fill_in(request, link, form, status=422)
    if step == CHECK:
        return _check(request, link, form)
    if step == CAST:
        return _cast(request, link, form, at)
    return _fill_in(request, link, form)


def _fill_in(request: UserRequest, link: ConsultationVote, form: BallotForm, *, status: int = 200) -> HttpResponse:
    context = _context(
        link,
        ui.Crumb(_("Vote"), address("vote", link.consultation, link.votation)),
        ui.Crumb(_("Mon bulletin")),
        form=form,
        how=words.how(link.votation),
    )
    return render(request, "ballots/ballot.html", context, status=status)


def _refused(request: UserRequest, link: ConsultationVote, refusal: Refusal) -> HttpResponse:
    context = _context(
        link,
        ui.Crumb(_("Vote"), address("vote", link.consultation, link.votation)),
        ui.Crumb(_("Mon bulletin")),
        refusal=refusal,
        remedy=reading.remedy_url(refusal),
        has_voted=refusal.code == "voted",
    )
    return render(request, "ballots/refused.html", context, status=200 if refusal.code == "voted" else 403)


@sensitive_variables()
def _check(request: UserRequest, link: ConsultationVote, form: BallotForm) -> HttpResponse:
    """Show the ballot as it will be cast, in a page of one length whatever it says: logs and networks count bytes."""
    filled = _filled(words.answers(link.votation, form.choices), form.kept())
    longest = _filled(words.fullest(link.votation), form.fullest())
    context = _context(
        link,
        ui.Crumb(_("Vote"), address("vote", link.consultation, link.votation)),
        ui.Crumb(_("Vérifier")),
        filled=filled,
        filler="." * (len(longest.encode()) - len(filled.encode())),
        token=new_token(request.user, link.votation),
    )
    return render(request, "ballots/check.html", context)


def _filled(answers: Sequence[ui.Fact], kept: Sequence[tuple[str, str]]) -> SafeString:
    return render_to_string("ballots/_filled.html", {"answers": answers, "kept": kept})


@sensitive_variables()
def _cast(request: UserRequest, link: ConsultationVote, form: BallotForm, at: dt.datetime) -> HttpResponse:
    """Cast, and answer with the receipt of this very form; somebody who had voted by another form reads that they did."""
    throttle.check(throttle.Limit.POSITION, f"user:{request.user.pk}")
    code = read_token(request.POST.get("jeton", ""), request.user, link.votation)
    voting.cast(actor=request.user, link=link, choices=form.choices, code=code, at=at)
    if not _is_in_box(code, link.votation):
        refusal = ballots_rules.twice_refusal(request.user, link.votation)
        return _refused(request, link, refusal or Refusal("voted", _("Vous avez voté.")))
    context = _context(
        link,
        ui.Crumb(_("Vote"), address("vote", link.consultation, link.votation)),
        ui.Crumb(_("Reçu")),
        code=codes.grouped(code),
        closes_on=link.votation.ends_on,
    )
    return render(request, "ballots/done.html", context)


def _is_in_box(code: str, votation: Votation) -> bool:
    fingerprint = codes.fingerprint(code, reference=votation.reference)
    return Receipt.objects.filter(pk=fingerprint, votation=votation).exists()


@public
@require_http_methods(["GET", "HEAD", "POST"])
@sensitive_post_parameters()
@never_cache
def receipt(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Tell whether the ballot of a receipt is in the box, or was counted; never what it says."""
    link, at = _found(request, slug, reference), timezone.now()
    form = ReceiptForm(request.POST or None)
    answer: ui.Tag | None = None
    sentence = ""
    if request.method == "POST" and form.is_valid():
        throttle.check(throttle.Limit.POSITION, throttle.client_ip(request))
        found = _is_in_box(form.cleaned_data["code"], link.votation)
        counted = ballots_rules.results_visible(link.votation, at=at)
        answer, sentence = _receipt_words(link.votation, found=found, counted=counted)
    context = _context(
        link,
        ui.Crumb(_("Vote"), address("vote", link.consultation, link.votation)),
        ui.Crumb(_("Vérifier un reçu")),
        form=form,
        answer=answer,
        sentence=sentence,
    )
    return render(request, "ballots/receipt.html", context, status=422 if form.is_bound and form.errors else 200)


def _receipt_words(votation: Votation, *, found: bool, counted: bool) -> tuple[ui.Tag, str]:
    if not found:
        return (
            ui.Tag(_("Reçu inconnu"), "no", "x"),
            _("Aucun bulletin de ce vote n’a ce reçu. Relisez le code, et vérifiez que c’est bien ce vote."),
        )
    if votation.cancelled_at is not None:
        return (
            ui.Tag(_("Vote annulé"), "neutral", "x"),
            _("Le bulletin de ce reçu était dans l’urne. Elle a été détruite sans être ouverte."),
        )
    if counted:
        return (
            ui.Tag(_("Bulletin compté"), "yes", "check"),
            _("Le bulletin de ce reçu a été compté. Personne, pas même ce site, ne sait lequel c’est."),
        )
    return (
        ui.Tag(_("Bulletin dans l’urne"), "yes", "check"),
        _("Le bulletin de ce reçu est dans l’urne. Il sera compté à la clôture."),
    )


@public
@require_safe
def vote_file(request: HttpRequest, slug: str, reference: str, form: str) -> HttpResponse:
    """Send the result of a vote, once everybody reads it: the same numbers as the page."""
    link, at = _found(request, slug, reference), timezone.now()
    found = counting.result(link.votation, at=at)
    if found is None or form not in files.FORMATS:
        raise Http404
    throttle.check(throttle.Limit.EXPORTING, throttle.client_ip(request))
    content_type, write = files.FORMATS[form]
    source = request.build_absolute_uri(address("vote", link.consultation, link.votation))
    response = HttpResponse(write(link.votation, found, source=source), content_type=content_type)
    name = f"vote-{link.votation.reference.lower()}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


@public
@require_safe
@cached_for_visitors
def secrecy(request: HttpRequest, slug: str, reference: str) -> HttpResponse:
    """Say what the secret protects, and what it does not."""
    link = _found(request, slug, reference)
    title, text = algorithms.page("vote-secret")
    crumbs = (ui.Crumb(_("Vote"), address("vote", link.consultation, link.votation)), ui.Crumb(_("Le secret du vote")))
    return render(request, "ballots/secrecy.html", _context(link, *crumbs, title=title, text=text))
