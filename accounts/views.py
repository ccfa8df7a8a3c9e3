"""« Mon espace »: what a person sees and decides about themselves."""

import uuid
from dataclasses import dataclass

from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from csp.constants import NONE, UNSAFE_INLINE
from csp.decorators import csp_replace
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.paginator import Paginator
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import actions, consents, demo, links, middleware, roles, rules
from accounts.forms import CloseAccountForm, ProfileForm, ResidencyForm, VerificationForm
from accounts.http import UserRequest
from accounts.models import Consent, DataExport, Residency, User
from mulhouse import navigation, personal_data, throttle
from mulhouse.access import public, resident
from mulhouse.errors import DomainError
from mulhouse.templatetags.ui import Crumb, Fact, pages_of
from mulhouse.typography import local_day
from notifications import addresses, kinds
from notifications.models import OutboundMail

MAILS_PER_PAGE = 20


@dataclass(frozen=True)
class Step:
    """Something left to do in « Mon espace »."""

    title: str
    detail: str
    url: str
    action: str


def _crumbs(*last: str) -> list[Crumb]:
    return [Crumb(_("Mon espace"), reverse("accounts:home")), *(Crumb(label) for label in last)]


def _back(request: HttpRequest, default: str) -> str:
    """Read where to go back to, on this site only."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()):
        return wanted
    return default


# --- The page of a person -------------------------------------------------------------------------------------------


@resident
@require_GET
def home(request: UserRequest) -> HttpResponse:
    """Show one's account: what is left to do, then what the site knows and where to change it."""
    user = request.user
    residency = Residency.objects.standing().filter(user=user).select_related("district").first()
    context = {
        "steps": _steps(user, residency),
        "profile": _profile(user, residency),
        "security": _security(user),
        "refusal": addresses.refusal_of(user),
        "crumbs": [Crumb(_("Mon espace"))],
        "shortcuts": [entry for entry in navigation.present(navigation.ACCOUNT) if entry.route != "accounts:home"],
    }
    return render(request, "accounts/home.html", context)


def _steps(user: User, residency: Residency | None) -> list[Step]:
    steps = []
    if not user.public_name:
        steps.append(
            Step(
                _("Choisir un nom public"),
                _("Votre nom ou un pseudonyme, pour signer ce que vous écrivez."),
                reverse("accounts:profile"),
                _("Choisir mon nom"),
            )
        )
    if residency is None:
        steps.append(
            Step(
                _("Dire dans quel quartier vous habitez"),
                _("La plupart des consultations le demandent."),
                reverse("accounts:residency"),
                _("Indiquer mon quartier"),
            )
        )
    elif refusal := rules.standing_refusal(residency, "declared", at=timezone.now()):
        steps.append(
            Step(
                _("Confirmer votre quartier"),
                refusal.message,
                reverse("accounts:residency"),
                _("Confirmer mon quartier"),
            )
        )
    if rules.charter_refusal(user):
        steps.append(
            Step(
                _("Accepter la charte de la participation"),
                _("Elle a changé, ou vous ne l’avez pas encore acceptée."),
                reverse("accounts:consents"),
                _("Lire et accepter la charte"),
            )
        )
    return steps


def _profile(user: User, residency: Residency | None) -> list[Fact]:
    change = _("Modifier")
    languages = dict(settings.LANGUAGES)
    return [
        Fact(_("Nom public"), user.public_name or _("Pas encore choisi"), reverse("accounts:profile"), change),
        Fact(_("Quartier"), _where(residency), reverse("accounts:residency"), change),
        Fact(
            _("Année de naissance"),
            str(user.birth_year or _("Non indiquée")),
            reverse("accounts:profile"),
            change,
        ),
        Fact(_("Langue des courriels"), languages[user.language], reverse("accounts:profile"), change),
    ]


def _where(residency: Residency | None) -> str:
    if residency is None:
        return _("Pas encore indiqué")
    words = {"district": residency.district.name}
    if residency.verified_on is not None:
        return _("%(district)s, vérifié") % words
    if residency.is_waiting:
        return _("%(district)s, vérification en cours") % words
    return _("%(district)s, déclaré") % words


def _security(user: User) -> list[Fact]:
    kinds = set(Authenticator.objects.filter(user=user).values_list("type", flat=True))
    has_second = bool(kinds - {Authenticator.Type.RECOVERY_CODES})
    facts = [
        Fact(_("Adresse électronique"), user.email, reverse("account_email"), _("Changer")),
        Fact(
            _("Mot de passe"),
            "••••••••" if user.has_usable_password() else _("Aucun"),
            reverse("account_change_password"),
            _("Changer") if user.has_usable_password() else _("Choisir"),
        ),
        Fact(
            _("Deuxième facteur et clés d’accès"),
            _("Activé") if has_second else _("Non activé"),
            reverse("mfa_index"),
            _("Gérer"),
        ),
        Fact(_("Sessions ouvertes"), _("Où votre compte est ouvert"), reverse("usersessions_list"), _("Voir")),
    ]
    if settings.FRANCECONNECT:
        linked = SocialAccount.objects.filter(user=user).exists()
        url = reverse("socialaccount_connections")
        facts.append(Fact("FranceConnect", _("Relié") if linked else _("Non relié"), url, _("Gérer")))
    return facts


@resident
@require_http_methods(["GET", "POST"])
def profile(request: UserRequest) -> HttpResponse:
    """Change one's public name, year of birth, language and colours."""
    user = request.user
    initial = {
        "public_name": user.public_name,
        "birth_year": user.birth_year,
        "language": user.language,
        "scheme": user.scheme,
    }
    form = ProfileForm(request.POST if request.method == "POST" else None, initial=initial, user=user)
    if request.method == "POST" and form.is_valid():
        actions.update_profile(user=user, **form.cleaned_data)
        messages.success(request, _("Votre profil est enregistré."))
        return redirect(_back(request, reverse("accounts:home")))
    context = {"form": form, "crumbs": _crumbs(_("Mon profil")), "back": _back(request, "")}
    return render(request, "accounts/profile.html", context, status=422 if form.errors else 200)


# --- Residency ------------------------------------------------------------------------------------------------------


@resident
@require_http_methods(["GET", "POST"])
def residency(request: UserRequest) -> HttpResponse:
    """Show where one said one lives, and change it."""
    standing = _standing(request.user)
    form = ResidencyForm(
        request.POST if request.method == "POST" else None,
        initial={"district": standing.district_id if standing else None},
    )
    if request.method == "POST" and form.is_valid():
        actions.declare_residency(user=request.user, district=form.cleaned_data["district"], at=timezone.now())
        messages.success(request, _("Votre quartier est enregistré."))
        return redirect(_back(request, reverse("accounts:residency")))
    return _residency_page(request, standing, form, VerificationForm())


@resident
@require_POST
def verification(request: UserRequest) -> HttpResponse:
    """Ask an agent to verify where one lives."""
    document, suffix = b"", ""
    if request.POST.get("method") != Residency.Method.DESK:
        form = VerificationForm(request.POST, request.FILES)
        if not form.is_valid():
            return _residency_page(request, _standing(request.user), ResidencyForm(), form)
        document, suffix = form.cleaned_data["document"]
        throttle.check(throttle.Limit.UPLOADING, f"user:{request.user.pk}")
    actions.request_verification(user=request.user, at=timezone.now(), document=document, suffix=suffix)
    messages.success(
        request, _("Votre demande est enregistrée. Vous recevrez un courriel dès qu’un agent aura répondu.")
    )
    return redirect("accounts:residency")


@resident
@require_POST
def moved_away(request: UserRequest) -> HttpResponse:
    """Say that one no longer lives in Mulhouse."""
    actions.end_residency(user=request.user, at=timezone.now())
    messages.success(request, _("C’est noté. Vous gardez votre compte, et ce que vous avez publié."))
    return redirect("accounts:residency")


def _standing(user: User) -> Residency | None:
    return Residency.objects.standing().filter(user=user).select_related("district").first()


def _residency_page(
    request: UserRequest, standing: Residency | None, form: ResidencyForm, asked: VerificationForm
) -> HttpResponse:
    now = timezone.now()
    if standing is not None and not form.is_bound:
        form.initial["district"] = standing.district_id
    failed = form.errors or asked.errors
    context = {
        "residency": standing,
        "expired": standing is not None and standing.expires_on is not None and standing.expires_on <= local_day(now),
        "form": form,
        "verification_form": asked,
        "failed_form": form if form.errors else asked,
        "verification_refusal": rules.verification_refusal(request.user, standing, at=now),
        "crumbs": _crumbs(_("Mon quartier")),
        "back": _back(request, ""),
    }
    return render(request, "accounts/residency.html", context, status=422 if failed else 200)


# --- Agreements -----------------------------------------------------------------------------------------------------


@resident
@require_http_methods(["GET", "POST"])
def agreements(request: UserRequest) -> HttpResponse:
    """Show what one agreed to, agree, or take an agreement back."""
    if request.method == "POST":
        purpose = request.POST.get("purpose", "")
        if purpose not in Consent.Purpose.values:
            raise Http404
        if "withdraw" in request.POST:
            actions.withdraw_consent(user=request.user, purpose=Consent.Purpose(purpose), at=timezone.now())
            messages.success(request, _("Votre accord est retiré."))
        else:
            actions.give_consent(user=request.user, purpose=Consent.Purpose(purpose))
            messages.success(request, _("Votre accord est enregistré."))
        return redirect(_back(request, reverse("accounts:consents")))
    history = list(Consent.objects.filter(user=request.user))
    given = {row.purpose: row for row in reversed(history) if row.withdrawn_at is None}
    offered = (Consent.Purpose.CHARTER, Consent.Purpose.NEWSLETTER, Consent.Purpose.DOCUMENT)
    context = {
        "agreements": [
            {"purpose": purpose, "standing": given.get(purpose), "is_current": _is_current(given.get(purpose))}
            for purpose in offered
            if purpose is not Consent.Purpose.DOCUMENT or purpose in given
        ],
        "history": history,
        "crumbs": _crumbs(_("Mes accords")),
        "back": _back(request, ""),
    }
    return render(request, "accounts/consents.html", context)


def _is_current(consent: Consent | None) -> bool:
    return consent is not None and consent.version == consents.version(Consent.Purpose(consent.purpose))


# --- « Mes données » ------------------------------------------------------------------------------------------------


@resident
@require_GET
def data(request: UserRequest) -> HttpResponse:
    """Show what the site knows, table by table, and the copies one asked for."""
    context = {
        "holdings": personal_data.holdings(),
        "exports": DataExport.objects.filter(user=request.user)[:5],
        "now": timezone.now(),
        "crumbs": _crumbs(_("Mes données")),
    }
    return render(request, "accounts/data.html", context)


@resident
@require_POST
def ask_data(request: UserRequest) -> HttpResponse:
    """Ask for the copy of one's data."""
    throttle.check(throttle.Limit.DATA_EXPORT, f"user:{request.user.pk}")
    actions.request_export(user=request.user)
    messages.success(request, _("Nous préparons votre copie. Un courriel vous donnera le lien dès qu’elle est prête."))
    return redirect("accounts:data")


@resident
@never_cache
@require_http_methods(["GET", "POST"])
def data_file(request: UserRequest, token: str) -> HttpResponseBase:
    """Hand the copy over: the link opens this page, the button gives the file, once."""
    key = links.read_data_file(token)
    export = DataExport.objects.filter(user=request.user, key=key).first() if key else None
    if export is None:
        raise Http404
    if request.method == "POST":
        try:
            fetched = actions.fetch_export(user=request.user, key=export.key, at=timezone.now())
        except DomainError as error:
            messages.error(request, error.message)
            return redirect("accounts:data")
        return FileResponse(fetched.file.open("rb"), as_attachment=True, filename="mes-donnees.zip")
    context = {"export": export, "crumbs": _crumbs(_("Mes données"))}
    return render(request, "accounts/data_file.html", context)


@resident
@never_cache
@require_http_methods(["GET", "POST"])
@reauthentication_required(app="allauth.account")  # type: ignore[untyped-decorator] # allauth comes without types
def close(request: UserRequest) -> HttpResponse:
    """Close one's account, after proving it is one's own and reading what follows."""
    refusal = rules.close_refusal(request.user)
    holdings = personal_data.holdings()
    form = CloseAccountForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and refusal is None and form.is_valid():
        actions.close_account(user=request.user)
        logout(request)
        return redirect("accounts:closed")
    context = {
        "form": form,
        "refusal": refusal,
        "erased": [holding for holding in holdings if holding.fate is personal_data.Fate.ERASED],
        "kept": [holding for holding in holdings if holding.fate is not personal_data.Fate.ERASED],
        "crumbs": _crumbs(_("Fermer mon compte")),
    }
    return render(request, "accounts/close.html", context, status=422 if form.errors else 200)


@public
@require_GET
def closed(request: HttpRequest) -> HttpResponse:
    """Say that the account is closed."""
    return render(request, "accounts/closed.html", {"crumbs": [Crumb(_("Compte fermé"))]})


# --- Doors ----------------------------------------------------------------------------------------------------------


@resident
@never_cache
@require_GET
def second_factor(request: UserRequest) -> HttpResponse:
    """Tell somebody who holds a role what they miss, and lead there."""
    missing = middleware.missing(request) if roles.needs_second_factor(request.user) else ""
    if not missing:
        return redirect("accounts:home")
    factors = Authenticator.objects.filter(user=request.user).exclude(type=Authenticator.Type.RECOVERY_CODES)
    context = {
        "missing": missing,
        "roles": roles.of(request.user),
        "has_one": missing == "second_factor" and factors.exists(),
        "crumbs": _crumbs(_("Deuxième facteur")),
    }
    return render(request, "accounts/second_factor.html", context)


@resident
@never_cache
@require_GET
def stay(request: UserRequest) -> HttpResponse:
    """Keep a session open: answering is enough, the middleware notes that its person is there."""
    return HttpResponse(status=204)


@public
@never_cache
@require_GET
def session_ended(request: HttpRequest) -> HttpResponse:
    """Say that the session ended, and lead back to where one was."""
    back = _back(request, reverse("home"))
    return render(request, "accounts/session_ended.html", {"back": back, "crumbs": [Crumb(_("Session terminée"))]})


@public
@require_GET
def link_first(request: HttpRequest) -> HttpResponse:
    """Say that a mail explains how to go on (FranceConnect, address already known)."""
    return render(request, "accounts/link_first.html", {"crumbs": [Crumb(_("FranceConnect"))]})


# --- Demonstration --------------------------------------------------------------------------------------------------


@public
@never_cache
@require_http_methods(["GET", "POST"])
def demo_enter(request: HttpRequest) -> HttpResponse:
    """Enter as any of the invented people, in one click, second factor included."""
    if not settings.DEMO:
        raise Http404
    if request.method == "POST":
        throttle.check(throttle.Limit.DEMO_SIGN_IN, throttle.client_ip(request))
        account = demo.find(request.POST.get("role", ""))
        user = User.objects.filter(email=account.email, is_active=True).first() if account else None
        if account is None or user is None:
            raise Http404
        _enter(request, user)
        messages.success(request, _("Vous êtes entré comme «\u00a0%(name)s\u00a0».") % {"name": account.label})
        return redirect("admin:index" if user.is_staff else "accounts:home")
    context = {"accounts": demo.demo_accounts(), "crumbs": [Crumb(_("Entrer comme…"))]}
    return render(request, "accounts/demo_enter.html", context)


def _enter(request: HttpRequest, user: User) -> None:
    from allauth.account.adapter import get_adapter  # noqa: PLC0415
    from allauth.usersessions.models import UserSession  # noqa: PLC0415

    logout(request)
    get_adapter(request).login(request, user)
    record_authentication(request, user, "password", email=user.email)
    if roles.needs_second_factor(user):
        record_authentication(request, user, "mfa", type=Authenticator.Type.TOTP)
    UserSession.objects.create_from_request(request)


@public
@never_cache
@require_GET
def demo_mailbox(request: HttpRequest) -> HttpResponse:
    """Show every mail that would have left, newest first."""
    if not settings.DEMO:
        raise Http404
    address = request.GET.get("adresse", "").strip()
    mails = OutboundMail.objects.order_by("-created_at", "-pk")
    if address:
        mails = mails.filter(to__icontains=address)
    page = Paginator(mails, MAILS_PER_PAGE).get_page(request.GET.get("page"))

    def url_of(number: int) -> str:
        query = request.GET.copy()
        query["page"] = str(number)
        return f"?{query.urlencode()}"

    labels = {kind.code: kind.label for kind in kinds.everything()}
    context = {
        "mails": [(mail, labels.get(mail.kind, mail.kind)) for mail in page.object_list],
        "crumbs": [Crumb(_("Boîte aux lettres"))],
        "wanted": address,
        "pages": pages_of(number=page.number, total=page.paginator.num_pages, url_of=url_of),
    }
    return render(request, "accounts/demo_mailbox.html", context)


# A mail brings its own styles; nothing else of it runs.
@csp_replace({"style-src": [UNSAFE_INLINE], "script-src": [NONE]})  # type: ignore[arg-type] # it forgets that views take more
@public
@never_cache
@require_GET
def demo_mail(request: HttpRequest, key: uuid.UUID) -> HttpResponse:
    """Show one mail of the demonstration as its reader would see it."""
    if not settings.DEMO:
        raise Http404
    return HttpResponse(get_object_or_404(OutboundMail.objects.exclude(html=""), pk=key).html)
