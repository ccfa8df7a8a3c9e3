"""The request of somebody who is signed in, for the views that `@resident` and `@staff` guard."""

from django.http import HttpRequest

from accounts.models import User


class UserRequest(HttpRequest):
    """A request whose user is a person, never a visitor."""

    user: User
