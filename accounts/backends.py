"""Signing in with allauth, and what somebody may do read at once: every page of the staff space asks."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.models import Permission
from django.db.models import Q


class PortalBackend(AuthenticationBackend):  # type: ignore[misc] # allauth has no types
    """The permissions of a person and those of their roles, in one query where Django makes two."""

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
