"""Who may enter a view, stated on the view itself.

`LoginRequiredMiddleware` closes a view that states nothing; `tests/test_routes.py` refuses a route without a statement.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def public(view: View) -> View:
    """Open a view to everybody."""
    opened = login_not_required(view)
    opened.access = "public"  # type: ignore[attr-defined]
    return opened


def resident(view: View) -> View:
    """Open a view to signed-in people; visitors are sent to the sign-in page and come back after."""
    view.access = "resident"  # type: ignore[attr-defined]
    return view


def staff(permission: str) -> Callable[[View], View]:
    """Open a view to people who hold `permission` and signed in with a second factor.

    Raises: PermissionDenied without the permission; without the second factor the person is led to it.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.has_perm(permission):
                raise PermissionDenied(_("Cette page est réservée aux agents qui en ont la charge."))
            if not used_second_factor(request):
                messages.warning(request, _("Votre rôle demande un deuxième facteur. Activez-le, ou reconnectez-vous."))
                return redirect("accounts:second_factor")
            return view(request, *args, **kwargs)

        guarded.access = permission  # type: ignore[attr-defined]
        return cast("View", guarded)

    return decorate


def used_second_factor(request: HttpRequest) -> bool:
    """Tell whether this session was opened, or confirmed since, with a code, a recovery code or a passkey."""
    methods = request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
    return any(method.get("method") == "mfa" for method in methods)
