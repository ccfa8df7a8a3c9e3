"""Where a page of the API begins: the place of a row in its order, sealed, so that no internal number is ever read."""

import base64
import binascii
import json
from functools import cache, reduce
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db.models import F, Model, QuerySet
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

KEY_BYTES = 64


class UnknownCursorError(Exception):
    """It was not made here, or for another list, or in another order."""


@cache
def _cipher() -> AESSIV:
    derive = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=b"opendata.cursors")
    return AESSIV(derive.derive(settings.SECRET_KEY.encode()))


def _place(name: str, order: tuple[str, ...]) -> list[bytes]:
    return [name.encode(), ",".join(order).encode()]


def after(row: Model, *, name: str, order: tuple[str, ...]) -> str:
    """Write the place that comes after a row; the same place is always written alike."""
    values = [str(reduce(getattr, column.lstrip("-").split("__"), row)) for column in order]
    sealed = _cipher().encrypt(json.dumps(values).encode(), _place(name, order))
    return base64.urlsafe_b64encode(sealed).rstrip(b"=").decode()


def beyond(rows: QuerySet[Any], cursor: str, *, name: str, order: tuple[str, ...]) -> QuerySet[Any]:
    """Keep the rows that come after a place, in an order of columns of the same direction.

    Shape: where the first column is of another table, it is bounded by itself too: a comparison of columns of two tables starts no
    index, that of one does.
    Raises: UnknownCursorError.
    """
    values = _values(rows, cursor, name=name, order=order)
    columns = [column.lstrip("-") for column in order]
    descending = order[0].startswith("-")
    if len(columns) == 1:
        return rows.filter(**{f"{columns[0]}__{'lt' if descending else 'gt'}": values[0]})
    lookup = TupleLessThan if descending else TupleGreaterThan
    if "__" in columns[0]:
        rows = rows.filter(**{f"{columns[0]}__{'lte' if descending else 'gte'}": values[0]})
    return rows.filter(lookup(Tuple(*map(F, columns)), tuple(values)))


def _values(rows: QuerySet[Any], cursor: str, *, name: str, order: tuple[str, ...]) -> list[Any]:
    try:
        sealed = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        texts = json.loads(_cipher().decrypt(sealed, _place(name, order)))
        found = zip(order, texts, strict=True)
        return [_field(rows, column.lstrip("-")).to_python(text) for column, text in found]
    except (binascii.Error, InvalidTag, ValueError, ValidationError) as error:
        raise UnknownCursorError from error


def _field(rows: QuerySet[Any], column: str) -> Any:
    *relations, name = column.split("__")
    meta: Any = rows.model._meta
    for each in relations:
        meta = meta.get_field(each).related_model._meta
    return meta.pk if name == "pk" else meta.get_field(name)
