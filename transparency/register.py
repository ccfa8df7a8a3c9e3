"""Writing on the register: the last thing an action does, in its own transaction."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mulhouse.db import assert_in_transaction
from transparency import chain
from transparency.models import LineActor, RegisterLine

# One lock for the whole chain: two acts can not both follow the same line.
CHAIN_LOCK = 0x5245_4749  # "REGI"
READ_AT_ONCE = 5_000

# In which capacity an act is done.
ROLES = {
    "habitant": _("Une habitante ou un habitant"),
    "visiteur": _("Une personne, sans compte"),
    "agent": _("Un agent de la Ville"),
    "administration": _("L’administration du site"),
    "modération": _("L’équipe de modération"),
    "médiation": _("La médiation"),
    "évaluation": _("La mission d’évaluation"),
    "système": _("Le site, sans personne"),
}


@dataclass(frozen=True)
class Act:
    """A kind of act that the register knows: its code, and the sentence that explains it to the public."""

    code: str
    label: str


_acts: dict[str, Act] = {}


def declare(*acts: Act) -> None:
    """Add an app's acts; called from AppConfig.ready(). An act that is not declared can not be recorded."""
    for act in acts:
        _acts[act.code] = act


def acts() -> list[Act]:
    """Give every declared act, by label."""
    return sorted(_acts.values(), key=lambda act: act.label)


def label(code: str) -> str:
    """Give the sentence of an act; the code itself for one that no version of the site declares any more."""
    return _acts[code].label if code in _acts else code


def record(
    act: str, *, role: str, subject: str = "", facts: Mapping[str, Any] | None = None, actor: Any = None
) -> RegisterLine:
    """Write a line, bound to the last one.

    `role` says in which capacity it was done (a key of ROLES); `subject` is a public reference; `facts` are public,
    JSON-ready and never personal. `actor` is kept apart, and not at all for a position or a vote.

    Raises: RuntimeError outside a transaction; KeyError for an act or a role that is not declared.
    Locks: takes the chain until the end of the transaction, so call it last.
    """
    assert_in_transaction()
    if role not in ROLES:
        raise KeyError(role)
    declared = _acts[act]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CHAIN_LOCK])
    last = RegisterLine.objects.order_by("-number").values_list("number", "seal").first()
    number, previous = (last[0] + 1, last[1]) if last else (1, chain.GENESIS)
    at = timezone.now()
    content = chain.canonical(
        number=number, at=at, act=declared.code, role=role, subject=subject, facts=dict(facts or {})
    )
    line = RegisterLine.objects.create(
        number=number,
        at=at,
        act=declared.code,
        role=role,
        subject=subject,
        content=content,
        previous=previous,
        seal=chain.seal(previous, content),
    )
    if actor is not None:
        LineActor.objects.create(line=line, user_id=actor.pk)
    return line


def lines_after(number: int) -> Iterator[chain.Line]:
    """Read every line after a number, oldest first, a few thousand at a time: a line once written never changes."""
    rows = RegisterLine.objects.order_by("number").values_list(*chain.Line._fields)
    while True:
        batch = [chain.Line._make(row) for row in rows.filter(number__gt=number)[:READ_AT_ONCE]]
        yield from batch
        if len(batch) < READ_AT_ONCE:
            return
        number = batch[-1].number


def head() -> int:
    """Give the number of the last line, 0 for an empty register: the version of everything public.

    Each page read by a visitor asks it: written by hand, it costs a third of the same query through the ORM.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM transparency_registerline ORDER BY number DESC LIMIT 1")
        last = cursor.fetchone()
    return int(last[0]) if last else 0
