"""Two rows for one person become one: every table that points at a person follows, or the merge is refused.

A table says nothing, and its rows change hands; where a rule of the database refuses (both answered the same questionnaire,
both are on the roll of the same vote), nothing is merged. A table that can do better declares how.
"""

from collections.abc import Callable

from django.db import IntegrityError, models, transaction

from desk.models import Person
from mulhouse.db import assert_in_transaction
from mulhouse.errors import DomainError

Absorb = Callable[[Person, Person], None]
_absorbers: dict[type[models.Model], Absorb] = {}


def declare(model: type[models.Model], absorb: Absorb) -> None:
    """Say how the rows of a table pass from one person (second) to another (first); called from AppConfig.ready()."""
    _absorbers[model] = absorb


def merge(kept: Person, gone: Person) -> None:
    """Give everything that points at `gone` to `kept`, and forget `gone`.

    Raises: DomainError "both_took_part" when one thing that is done once was done by both.
    Locks: both rows must be held by the caller.
    """
    assert_in_transaction()
    for relation in Person._meta.related_objects:
        model = relation.related_model
        absorb = _absorbers.get(model)
        try:
            with transaction.atomic():
                if absorb is not None:
                    absorb(kept, gone)
                else:
                    name = relation.field.name
                    model._base_manager.filter(**{name: gone}).update(**{name: kept})  # noqa: SLF001 (its documented name)
        except IntegrityError as error:
            raise DomainError(
                "both_took_part",
                "Ce compte et cette identité ont déjà participé, chacun de son côté, à une même procédure où l’on participe une "
                "seule fois. Ils ne peuvent pas être réunis.",
            ) from error
    gone.delete()
