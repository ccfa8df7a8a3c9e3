import pytest
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse

from mulhouse import access
from tests.factories import make_staff, make_user, sign_in

PERMISSION = "transparency.view_lineactor"


def view(request, number=0):
    return HttpResponse(f"ok {number}")


def test_a_view_states_its_access():
    assert access.public(lambda request: None).access == "public"
    assert access.public(lambda request: None).login_required is False
    assert access.resident(lambda request: None).access == "resident"
    assert not hasattr(access.resident(lambda request: None), "login_required")
    assert access.staff(PERMISSION)(view).access == PERMISSION
    assert access.staff(PERMISSION)(view).__name__ == "view"


@pytest.fixture
def request_of(rf, client):
    def make(user, **options):
        request = rf.get("/")
        if user.pk:
            sign_in(client, user, **options)
        request.user, request.session = user, client.session
        request._messages = FallbackStorage(request)  # noqa: SLF001 (as the middleware does)
        return request

    return make


@pytest.mark.django_db
def test_the_door_of_staff(request_of):
    guarded = access.staff(PERMISSION)(view)
    for stranger in (AnonymousUser(), make_user(), make_staff(), make_staff("transparency.view_registerline")):
        with pytest.raises(PermissionDenied):
            guarded(request_of(stranger))

    agent = make_staff(PERMISSION)
    sent_away = guarded(request_of(agent, second_factor=False))
    assert sent_away.status_code == 302
    assert guarded(request_of(agent), number=3).content == b"ok 3"
