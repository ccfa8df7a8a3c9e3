"""Signing in with allauth; with the person, how many notifications wait; and what they may do, read at once for the staff space."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import Permission
from django.db.models import Q

from accounts.models import User
from notifications import unread


class PortalBackend(AuthenticationBackend):  # type: ignore[misc] # allauth has no types
    """The permissions of a person and those of their roles, in one query where Django makes two."""

    def get_user(self, user_id: Any) -> Any:
        """Read the person of a session, and in the same query how many notifications the header announces."""
        rows = User.objects.annotate(unread_notifications=unread.count())
        user = rows.filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        """Give the permissions as « app.codename »; none on one object, nor for somebody whose account is closed.

        Shape: kept on the user for the time of a request, under the name Django's own backends read.
        """
        if not user_obj.is_active or user_obj.is_anonymous or obj is not None:
            return set()
        if not hasattr(user_obj, "_perm_cache"):
            rows = Permission.objects.order_by()
            if not user_obj.is_superuser:
                rows = rows.filter(Q(user=user_obj) | Q(group__user=user_obj)).distinct()
            found = rows.values_list("content_type__app_label", "codename")
            user_obj._perm_cache = {f"{app}.{name}" for app, name in found}  # noqa: SLF001 (Django's place for it)
        known: set[str] = user_obj._perm_cache  # noqa: SLF001 (same)
        return known
