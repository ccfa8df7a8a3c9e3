"""Every address says who may enter, and keeps everybody else out."""

import re
import uuid

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLResolver

from tests import factories
from tests.factories import sign_in

EXAMPLES = {"int": 1, "slug": "exemple", "str": "exemple", "path": "exemple", "uuid": uuid.UUID(int=1)}


def walk(resolver, namespaces=(), converters=None):
    for pattern in resolver.url_patterns:
        within = {**(converters or {}), **pattern.pattern.converters}
        if isinstance(pattern, URLResolver):
            yield from walk(pattern, (*namespaces, *filter(None, [pattern.namespace])), within)
        elif pattern.name:
            yield ":".join([*namespaces, pattern.name]), (pattern.callback, within)


# The admin has a door of its own, tried below.
ROUTES = {name: route for name, route in walk(get_resolver()) if not name.startswith("admin:")}
OURS = {name: view.access for name, (view, _) in ROUTES.items() if hasattr(view, "access")}


def address_of(name):
    converters = ROUTES[name][1]
    kinds = {
        key: type(converter).__name__.removesuffix("Converter").lower().replace("string", "str")
        for key, converter in converters.items()
    }
    return reverse(name, kwargs={key: _example(converters[key], kind) for key, kind in kinds.items()})


def _example(converter, kind):
    value = EXAMPLES.get(kind)
    if value is not None:
        return value
    # A converter of ours: one of the usual forms fits it.
    fitting = [
        example for example in ("ABCDEFGH", "exemple", "1", "2026-01-01") if re.fullmatch(converter.regex, example)
    ]
    return converter.to_python(fitting[0])


def _ask(client, name):
    """Ask a page, by POST where it only takes that."""
    response = client.get(address_of(name))
    return client.post(address_of(name)) if response.status_code == 405 else response


def _leads_to_sign_in(response):
    return response.status_code == 302 and response["Location"].startswith(reverse("account_login"))


def test_every_route_declares_its_access():
    """django-allauth's views are no exception: `accounts.signin_urls` says who enters each."""
    assert [name for name, (view, _) in ROUTES.items() if not hasattr(view, "access")] == []


def test_every_route_has_a_name():
    """An address without a name is not seen by these tests; the admin's catch-all is Django's own."""
    unnamed = [str(pattern.pattern) for pattern in _unnamed(get_resolver())]
    assert unnamed == []


def _unnamed(resolver):
    for pattern in resolver.url_patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace != "admin":
                yield from _unnamed(pattern)
        elif not pattern.name:
            yield pattern


def test_open_to_visitors_means_public_and_nothing_else():
    """What `LoginRequiredMiddleware` does is what the view says."""
    opened = {name for name, (view, _) in ROUTES.items() if not getattr(view, "login_required", True)}
    assert opened == {name for name, access in OURS.items() if access == "public"}


def test_declared_access_is_one_that_exists(db):
    permissions = {
        f"{p.content_type.app_label}.{p.codename}" for p in Permission.objects.select_related("content_type")
    }
    assert {name: access for name, access in OURS.items() if access not in {"public", "resident", *permissions}} == {}


@pytest.mark.parametrize("name", sorted(name for name, access in OURS.items() if access != "public"))
def test_visitor_is_led_to_sign_in(db, client, name):
    assert _leads_to_sign_in(_ask(client, name))


@pytest.mark.parametrize("name", sorted(name for name, access in OURS.items() if access not in {"public", "resident"}))
def test_staff_pages_keep_the_others_out(db, client, name):
    """A resident, somebody of the city with another task, and somebody without the second factor."""
    permission = OURS[name]
    sign_in(client, factories.make_resident())
    assert _ask(client, name).status_code == 403

    others = [
        f"{p.content_type.app_label}.{p.codename}"
        for p in Permission.objects.select_related("content_type").filter(
            content_type__app_label=permission.split(".")[0]
        )
    ]
    sign_in(client, factories.make_staff(*(other for other in others if other != permission)))
    assert _ask(client, name).status_code == 403

    sign_in(client, factories.make_staff(permission), second_factor=False)
    response = _ask(client, name)
    assert (response.status_code, response["Location"]) == (302, reverse("accounts:second_factor"))

    sign_in(client, factories.make_staff(permission))
    assert _ask(client, name).status_code not in {302, 403}


@pytest.mark.parametrize("name", sorted(name for name, access in OURS.items() if access == "public"))
def test_public_pages_open_without_an_account(db, client, name):
    """They exist, or say 404 for the made-up reference; none asks to sign in, but the middle of a sign-in without its start."""
    response = _ask(client, name)
    assert response.status_code != 403
    assert not _leads_to_sign_in(response) or name.startswith(("account_", "mfa_", "franceconnect_", "socialaccount_"))


# --- The administration --------------------------------------------------------------------------------------------------


def _admin_addresses():
    from django.contrib import admin  # noqa: PLC0415 (the site is filled once the apps are ready)

    yield reverse("admin:index")
    for model in admin.site._registry:  # noqa: SLF001 (Django gives no other list)
        yield reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def test_administration_is_closed_without_role_and_second_factor(db, client):
    addresses = list(_admin_addresses())
    assert len(addresses) > 3

    def closed():
        # A 302 to Django's or our sign-in page, or a 403: never a page.
        return [address for address in addresses if client.get(address).status_code == 200]

    assert closed() == []
    sign_in(client, factories.make_resident())
    assert closed() == []
    sign_in(client, factories.make_staff("consultations.change_consultation"), second_factor=False)
    assert closed() == []


def test_administration_shows_nothing_without_permission(db, client):
    sign_in(client, factories.make_staff())
    assert client.get(reverse("admin:index")).status_code == 200
    opened = [address for address in list(_admin_addresses())[1:] if client.get(address).status_code == 200]
    assert opened == []


def test_unknown_language_prefix_is_not_found(db, client):
    assert {code: client.get(f"/{code}/").status_code for code, _ in settings.LANGUAGES if code != "fr"} == {
        "de": 200,
        "en": 200,
    }
    assert client.get("/es/").status_code == 404
