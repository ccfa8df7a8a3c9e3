"""Who may do what, as the staff reads it: the table of roles, permission by permission, with how many people hold each role."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.db.models import Count, Q
from django.utils.text import capfirst

from accounts import roles
from accounts.roles import Role

# Django's own four permissions of each table, whose names it writes in English.
VERBS = {"add": "Ajouter", "change": "Modifier", "delete": "Supprimer", "view": "Lire"}


@dataclass(frozen=True)
class Holder:
    """A role and the number of open accounts that hold it."""

    role: Role
    people: int


@dataclass(frozen=True)
class Line:
    """A permission in words, and whether each role of the table holds it, in their order."""

    label: str
    held: tuple[bool, ...]


@dataclass(frozen=True)
class Section:
    """The permissions of a room."""

    name: str
    lines: tuple[Line, ...]


def holders() -> list[Holder]:
    """List the roles in the order of their table; one query."""
    groups = Group.objects.annotate(people=Count("user", filter=Q(user__is_active=True)))
    people = dict(groups.values_list("name", "people"))
    return [Holder(role, people.get(role.code, 0)) for role in roles.ROLES.values()]


def sections() -> list[Section]:
    """List the permissions that a role holds, room by room; one query."""
    wanted = set().union(*(role.permissions for role in roles.ROLES.values()))
    found = Permission.objects.filter(codename__in={name.partition(".")[2] for name in wanted})
    rows = found.select_related("content_type").order_by("content_type__app_label", "content_type__model", "codename")
    by_room: dict[str, list[Permission]] = {}
    for row in rows:
        if _code(row) in wanted:
            by_room.setdefault(row.content_type.app_label, []).append(row)
    return [
        Section(str(apps.get_app_config(label).verbose_name), tuple(_lines(by_room[label])))
        for label in sorted(by_room, key=lambda label: str(apps.get_app_config(label).verbose_name))
    ]


def _lines(permissions: Iterable[Permission]) -> Iterable[Line]:
    for permission in permissions:
        held = tuple(_code(permission) in role.permissions for role in roles.ROLES.values())
        yield Line(_words(permission), held)


def _code(permission: Permission) -> str:
    return f"{permission.content_type.app_label}.{permission.codename}"


def _words(permission: Permission) -> str:
    """Say a permission in French: as its table names it, or the verb and the table."""
    verb, model = permission.codename.partition("_")[0], permission.content_type.model_class()
    if model is not None and verb in VERBS and permission.codename == f"{verb}_{model._meta.model_name}":
        return f"{VERBS[verb]}\u00a0: {model._meta.verbose_name_plural}"
    return capfirst(permission.name.removeprefix("Peut "))
