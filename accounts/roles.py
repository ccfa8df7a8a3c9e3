"""Who does what on this site: one table, from which the groups and their permissions are made after each migration.

A role is a group; a permission named here that no app declares is a mistake that `tests/accounts/test_roles.py` finds.
Whoever holds a role enters the staff space and needs a second factor. A resident holds none.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import Group, Permission

from accounts.models import User


@dataclass(frozen=True)
class Role:
    """A function of the city on this site: its code, its name for staff and on the register, what it may do."""

    code: str
    label: str
    permissions: frozenset[str]
    # Given with a service of the city: it opens what is asked of that service, and nothing of the others.
    of_service: bool = False


def _all(app: str, models: Iterable[str], verbs: Iterable[str]) -> set[str]:
    return {f"{app}.{verb}_{model}" for model in models for verb in verbs}


CONSULTATION_TABLES = ("consultation", "phase", "section", "document")
VOICES = ("contribution", "comment")
# Reading the queue, deciding, answering appeals of others' decisions, suspending.
MODERATION = frozenset(
    {"moderation.view_case", "moderation.decide_case", "moderation.decide_appeal", "moderation.block_person"}
)

AGENT = Role(
    "agent",
    "Agent de la participation",
    frozenset(
        _all("consultations", CONSULTATION_TABLES, ("add", "change", "view"))
        | _all("consultations", VOICES, ("view",))
        | _all("consultations", ("report",), ("change", "publish"))
        | _all("city", ("sector", "district", "theme", "service", "population"), ("view",))
        | _all("commitments", ("commitment",), ("add", "change", "view", "publish"))
        | _all("questionnaires", ("questionnaire",), ("change", "view", "publish"))
        | {
            "consultations.publish_consultation",
            "consultations.delete_consultation",
            "consultations.analyse_consultation",
        }
        # The agency prepares and publishes campaigns, reads, studies, answers and follows what is realised.
        | _all("ideas", ("campaign",), ("add", "change", "view", "publish"))
        | _all("ideas", ("idea",), ("view", "read", "study", "answer", "follow"))
        | _all("ideas", ("studypart",), ("view", "change"))
        | {"accounts.view_residency", "accounts.verify_residency", "desk.assist"}
        | {"notifications.view_outboundmail", "notifications.retry_outboundmail"}
        | {"notifications.view_addressstate", "notifications.change_addressstate"}
        | {"transparency.view_accessibilityfault", "transparency.answer_accessibilityfault"}
    ),
)
# Who receives people at the town hall: writes for them, checks where they live, and changes nothing in a consultation.
DESK = Role(
    "desk",
    "Guichet",
    frozenset(
        {"desk.assist", "accounts.view_residency", "accounts.verify_residency"}
        | _all("consultations", (*VOICES, "consultation"), ("view",))
    ),
)
# Who gives the part of their service in the study of an idea, and reads nothing of what agents write between themselves.
SERVICE = Role(
    "service", "Service de la Ville", frozenset(_all("ideas", ("studypart",), ("view", "change"))), of_service=True
)
MODERATOR = Role(
    "moderator",
    "Modération",
    frozenset(_all("consultations", (*VOICES, "consultation"), ("view",)) | MODERATION),
)
MEDIATOR = Role("mediator", "Médiation", frozenset())
EVALUATOR = Role(
    "evaluator",
    "Évaluation (lecture seule)",
    frozenset(
        _all("consultations", (*CONSULTATION_TABLES, *VOICES), ("view",))
        | {"transparency.view_registerline", "commitments.view_commitment", "questionnaires.view_questionnaire"}
        | _all("ideas", ("campaign", "idea"), ("view",))
    ),
)
ADMINISTRATOR = Role(
    "administrator",
    "Administration du site",
    frozenset(
        AGENT.permissions
        | EVALUATOR.permissions
        | _all("city", ("sector", "district", "theme", "service", "population"), ("add", "change", "delete", "view"))
        | MODERATION
        | {
            "transparency.view_lineactor",
            "accounts.view_user",
            "accounts.view_email",
            "accounts.grant_role",
            "accounts.deactivate_user",
        }
        # Personal data: requests, limitation, breaches, and what the Archives approve.
        | _all("privacy", ("datarequest", "limitation", "breach", "eliminationproposal"), ("view",))
        | {"privacy.handle_datarequest", "privacy.limit_person", "privacy.record_breach"}
        | {"privacy.propose_elimination", "privacy.approve_elimination", "privacy.execute_elimination"}
    ),
)

ROLES = {role.code: role for role in (AGENT, DESK, SERVICE, MODERATOR, MEDIATOR, EVALUATOR, ADMINISTRATOR)}


def of(user: Any) -> list[Role]:
    """List the roles of a person, in the order of the table."""
    held = set(user.groups.values_list("name", flat=True))
    return [role for role in ROLES.values() if role.code in held]


def needs_second_factor(user: User) -> bool:
    """Tell whether somebody must sign in with a second factor: everybody who holds a role."""
    return user.is_staff or user.is_superuser


def sync(app_label: str | None = None) -> None:
    """Give each group the permissions of the table, for one app or for all; running it again changes nothing.

    Permissions of an app exist once Django has emitted `post_migrate` for it, which is when this runs: after `migrate`,
    without a command that a deployment could forget.
    """
    prefix = f"{app_label}." if app_label else ""
    wanted = {name for role in ROLES.values() for name in role.permissions if name.startswith(prefix)}
    existing = {
        f"{permission.content_type.app_label}.{permission.codename}": permission
        for permission in Permission.objects.filter(
            content_type__app_label__in={name.split(".")[0] for name in wanted}
        ).select_related("content_type")
    }
    for role in ROLES.values():
        group, _created = Group.objects.get_or_create(name=role.code)
        ours = {existing[name] for name in role.permissions & wanted if name in existing}
        held = group.permissions.all()
        if app_label:
            held = held.filter(content_type__app_label=app_label)
        held_now = set(held)
        group.permissions.remove(*(held_now - ours))
        group.permissions.add(*(ours - held_now))
