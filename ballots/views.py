"""The pages of a vote, whoever holds it: the vote, the ballot, the receipt, the file of the result, what the secret protects.

The services give these pages their addresses: each of their views fetches the vote (`Held`) and calls the page. What somebody
chooses travels in the body of two requests and stays in their browser between the two: no address, session, message, cache or log
ever holds it.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters, sensitive_variables
from django.views.decorators.http import require_http_methods

from accounts import rules as accounts_rules
from accounts.http import UserRequest
from ballots import codes, counting, dates, files, rules
from ballots import presentation as words
from ballots.dates import State
from ballots.forms import BallotForm, ReceiptForm, new_token, read_token
from ballots.models import Receipt, Votation
from mulhouse import throttle
from mulhouse.errors import Refusal
from mulhouse.templatetags import ui
from transparency import algorithms

View = Callable[..., HttpResponse]
CHECK, CHANGE, CAST = "verifier", "modifier", "voter"


@dataclass(frozen=True)
class Held:
    """A vote (prefetch `options`), what holds it, and how a ballot is cast there.

    Shape: `cast(actor, choices, code, at)` by keywords, as the action of the service; `paper_url` is "" when nobody can vote any more.
    """

    votation: Votation
    host: words.Host
    cast: Callable[..., bool]
    paper_url: str = ""


def context(held: Held, *here: ui.Crumb, **more: Any) -> dict[str, Any]:
    """Gather what every page of a vote shows."""
    return {"host": held.host, "votation": held.votation, "crumbs": [*held.host.crumbs, *here], **more}


def until_counted(at: dt.datetime) -> dt.datetime | None:
    """Say when a page drawn just after midnight stops being true: votes close at midnight and are counted a minute later."""
    counted = dates.midnight(at.astimezone(dates.PARIS).date()) + dates.COUNT_DELAY
    return counted if at < counted else None


def secretly(view: View) -> View:
    """Answer to a ballot: kept by nobody, told in no report of error, and sent as it is.

    Compressed, the length of a page would depend on which box is ticked.
    """

    @wraps(view)
    def sent(*args: Any, **options: Any) -> HttpResponse:
        response = view(*args, **options)
        response["Content-Encoding"] = "identity"
        return response

    allowed = require_http_methods(["GET", "HEAD", "POST"])
    guarded: View = allowed(sensitive_post_parameters()(sensitive_variables()(never_cache(sent))))
    return guarded


def vote(request: HttpRequest, held: Held) -> HttpResponse:
    """Show a vote: what is asked, under which rules, how many came, and, once everything is counted, the result."""
    at, votation, urls = timezone.now(), held.votation, held.host.option_urls
    refusal = rules.vote_refusal(request.user, votation, at=at)
    result = counting.result(votation, at=at)
    turnout = counting.turnout(votation, at=at)
    shown = context(
        held,
        ui.Crumb(_("Vote")),
        tags=[words.tag(votation, at=at)],
        left=words.left(votation, at=at),
        days=words.days(votation),
        rules=words.rules(votation),
        options=words.offered(votation, urls=urls),
        refusal=refusal,
        remedy=_remedy_url(refusal),
        is_open=votation.state(at=at) is State.OPEN,
        is_closed=votation.state(at=at) is State.CLOSED,
        result=words.shown(votation, result, urls=urls) if result else None,
        turnout=words.turnout_words(turnout),
        channels=words.channels(turnout),
        is_yes_no=votation.kind == Votation.Kind.YES_NO,
        shares_budget=bool(votation.amount_cents),
        paper_url=held.paper_url,
        tabs=held.host.tabs,
    )
    return render(request, "ballots/vote.html", shown)


def _remedy_url(refusal: Refusal | None) -> str:
    """Give the address where what is missing can be given, "" when nothing can be done there."""
    route = accounts_rules.remedy_route(refusal) if refusal and refusal.code != "sign_in" else ""
    return reverse(route) if route else ""


@sensitive_variables()
def cast(request: UserRequest, held: Held) -> HttpResponse:
    """Fill in a ballot, check it, cast it: three faces of one address. Its view is `secretly` guarded."""
    at = timezone.now()
    refusal = rules.vote_refusal(request.user, held.votation, at=at)
    step = request.POST.get("etape", "")
    if refusal is not None and not (refusal.code == "voted" and step == CAST):
        return _refused(request, held, refusal)
    form = BallotForm(request.POST or None, votation=held.votation)
    if request.method != "POST":
        return _fill_in(request, held, form)
    if not form.is_valid():
        return _fill_in(request, held, form, status=422)
    if step == CHECK:
        return _check(request, held, form)
    if step == CAST:
        return _cast(request, held, form, at)
    return _fill_in(request, held, form)


def _to_vote(held: Held) -> ui.Crumb:
    return ui.Crumb(_("Vote"), held.host.vote_url)


def _fill_in(request: UserRequest, held: Held, form: BallotForm, *, status: int = 200) -> HttpResponse:
    votation = held.votation
    shown = context(
        held,
        _to_vote(held),
        ui.Crumb(_("Mon bulletin")),
        form=form,
        how=words.how(votation),
        basket=votation.amount_cents if votation.kind == Votation.Kind.BUDGET else None,
    )
    return render(request, "ballots/ballot.html", shown, status=status)


def _refused(request: UserRequest, held: Held, refusal: Refusal) -> HttpResponse:
    shown = context(
        held,
        _to_vote(held),
        ui.Crumb(_("Mon bulletin")),
        refusal=refusal,
        remedy=_remedy_url(refusal),
        has_voted=refusal.code == "voted",
    )
    return render(request, "ballots/refused.html", shown, status=200 if refusal.code == "voted" else 403)


@sensitive_variables()
def _check(request: UserRequest, held: Held, form: BallotForm) -> HttpResponse:
    """Show the ballot as it will be cast, in a page of one length whatever it says: logs and networks count bytes."""
    filled = _filled(words.answers(held.votation, form.choices), form.kept())
    longest = _filled(words.fullest(held.votation), form.fullest())
    shown = context(
        held,
        _to_vote(held),
        ui.Crumb(_("Vérifier")),
        filled=filled,
        filler="." * (len(longest.encode()) - len(filled.encode())),
        token=new_token(request.user, held.votation),
    )
    return render(request, "ballots/check.html", shown)


def _filled(answers: Sequence[ui.Fact], kept: Sequence[tuple[str, str]]) -> SafeString:
    return render_to_string("ballots/_filled.html", {"answers": answers, "kept": kept})


@sensitive_variables()
def _cast(request: UserRequest, held: Held, form: BallotForm, at: dt.datetime) -> HttpResponse:
    """Cast, and answer with the receipt of this very form; somebody who had voted by another form reads that they did."""
    throttle.check(throttle.Limit.POSITION, f"user:{request.user.pk}")
    code = read_token(request.POST.get("jeton", ""), request.user, held.votation)
    held.cast(actor=request.user, choices=form.choices, code=code, at=at)
    if not _is_in_box(code, held.votation):
        refusal = rules.twice_refusal(request.user, held.votation)
        return _refused(request, held, refusal or Refusal("voted", _("Vous avez voté.")))
    shown = context(
        held,
        _to_vote(held),
        ui.Crumb(_("Reçu")),
        code=codes.grouped(code),
        closes_on=held.votation.ends_on,
    )
    return render(request, "ballots/done.html", shown)


def _is_in_box(code: str, votation: Votation) -> bool:
    fingerprint = codes.fingerprint(code, reference=votation.reference)
    return Receipt.objects.filter(pk=fingerprint, votation=votation).exists()


def receipt(request: HttpRequest, held: Held) -> HttpResponse:
    """Tell whether the ballot of a receipt is in the box, or was counted; never what it says."""
    at = timezone.now()
    form = ReceiptForm(request.POST or None)
    answer: ui.Tag | None = None
    sentence = ""
    if request.method == "POST" and form.is_valid():
        throttle.check(throttle.Limit.POSITION, throttle.client_ip(request))
        found = _is_in_box(form.cleaned_data["code"], held.votation)
        counted = rules.results_visible(held.votation, at=at)
        answer, sentence = _receipt_words(held.votation, found=found, counted=counted)
    shown = context(
        held,
        _to_vote(held),
        ui.Crumb(_("Vérifier un reçu")),
        form=form,
        answer=answer,
        sentence=sentence,
    )
    return render(request, "ballots/receipt.html", shown, status=422 if form.is_bound and form.errors else 200)


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


def vote_file(request: HttpRequest, held: Held, form: str) -> HttpResponse:
    """Send the result of a vote, once everybody reads it: the same numbers as the page."""
    votation = held.votation
    found = counting.result(votation, at=timezone.now())
    if found is None or form not in files.FORMATS:
        raise Http404
    throttle.check(throttle.Limit.EXPORTING, throttle.client_ip(request))
    content_type, write = files.FORMATS[form]
    source = request.build_absolute_uri(held.host.vote_url)
    response = HttpResponse(write(votation, found, source=source), content_type=content_type)
    name = f"vote-{votation.reference.lower()}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def paper_ballot(request: HttpRequest, held: Held) -> HttpResponse:
    """Show a ballot to print: the same for everybody, with nothing of who fills it in."""
    votation = held.votation
    refusal = rules.days_refusal(votation, at=timezone.now())
    shown = context(
        held,
        ui.Crumb(_("Bulletin à imprimer")),
        is_printed=bool(held.paper_url),
        notice_words=refusal.message if refusal else held.host.over_words,
        how=words.how(votation),
        options=words.offered(votation),
        is_yes_no=votation.kind == Votation.Kind.YES_NO,
        is_basket=votation.kind == Votation.Kind.BUDGET,
        rules=words.rules(votation),
    )
    return render(request, "ballots/paper.html", shown)


def secrecy(request: HttpRequest, held: Held) -> HttpResponse:
    """Say what the secret protects, and what it does not."""
    title, text = algorithms.page("vote-secret")
    shown = context(held, _to_vote(held), ui.Crumb(_("Le secret du vote")), title=title, text=text)
    return render(request, "ballots/secrecy.html", shown)
