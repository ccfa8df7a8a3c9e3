"""What no test can get wrong without noticing: patches of Django that turn a silent mistake into a failure.

They fail by `pytest.fail`, whose exception derives from BaseException: neither a view's handler, nor the `{% if %}` tag, nor
a task's edge swallows it. `tests/test_guards.py` shows that each of them bites.
"""

import datetime as dt
import re
import socket
from contextlib import contextmanager
from functools import wraps
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.db import connection
from django.db.models import DateField, Model
from django.db.models.expressions import OrderBy
from django.db.models.functions import Random
from django.db.models.sql.compiler import SQLCompiler
from django.template.base import FilterExpression, Parser, TokenType, VariableDoesNotExist
from django.templatetags.i18n import BlockTranslateNode
from django.test import Client
from redis.connection import AbstractConnection

OUR_TEMPLATES = str(Path(settings.BASE_DIR) / "templates")
ADMIN_TEMPLATES = Path(admin.__file__).parent / "templates"
OUR_APPS = {path.parent.name for path in Path(settings.BASE_DIR).glob("*/apps.py")}
READS = re.compile(
    r"[\s(]*(SELECT|EXPLAIN|DECLARE|FETCH|SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT|SET)\b", re.IGNORECASE
)
# The session is read and prolonged on every request of somebody who is signed in.
SESSION_TABLES = re.compile(r'"(django_session|usersessions_usersession)"')
POST_FORM = re.compile(r"<form\b[^>]*\bmethod=[\"']?post\b.*?</form>", re.IGNORECASE | re.DOTALL)


def install() -> None:
    """Put every guard in place, for the whole run."""
    _fail_on_undefined_variables()
    _shuffle_unordered_queries()
    _fail_on_lock_of_joined_tables()
    _fail_on_forgotten_auto_now()
    _fail_on_instant_in_a_date()
    _fail_on_network_in_a_transaction()
    _guard_the_client()


# --- Templates -------------------------------------------------------------------------------------------------------


class CheckedExpression(FilterExpression):
    """An expression of one of our templates: what it reads must exist, in `{% if %}` and `{% for %}` as well."""

    __slots__ = ("template_name",)

    def __init__(self, token, parser):
        super().__init__(token, parser)
        self.template_name = parser.origin.name

    def resolve(self, context, ignore_failures=False):  # noqa: FBT002 (Django’s signature)
        if self.is_var and not _exists(self.var, context):
            pytest.fail(f"{_short(self.template_name)}: the variable {self.var} is undefined")
        return super().resolve(context, ignore_failures)


def _fail_on_undefined_variables():
    compile_filter, render = Parser.compile_filter, BlockTranslateNode.render

    @wraps(compile_filter)
    def compile_checked(self, token):
        return CheckedExpression(token, self) if _is_ours(self) else compile_filter(self, token)

    @wraps(render)
    def render_or_fail(self, context, nested=False):  # noqa: FBT002 (Django’s signature)
        if _is_ours(self):
            known = {*self.extra_context, *([self.countervar] if self.countervar else [])}
            for token in (*self.singular, *(self.plural or ())):
                root = token.contents.split("|")[0].split(".")[0]
                if token.token_type is TokenType.VAR and root not in known and root not in context:
                    pytest.fail(f"{_short(self.origin.name)}: the variable {root} is undefined in a blocktranslate")
        return render(self, context, nested)

    Parser.compile_filter, BlockTranslateNode.render = compile_checked, render_or_fail


def _exists(variable, context):
    try:
        variable.resolve(context)
    except VariableDoesNotExist:
        return False
    return True


def _is_ours(part):
    """Tell whether we decide what a template is given: one that replaces a template of Django's admin is given what Django gives."""
    name = str(getattr(part.origin, "name", ""))
    return name.startswith(OUR_TEMPLATES) and not (ADMIN_TEMPLATES / Path(name).relative_to(OUR_TEMPLATES)).exists()


def _short(template_name):
    return str(Path(template_name).relative_to(settings.BASE_DIR))


# --- Queries ---------------------------------------------------------------------------------------------------------


def _shuffle_unordered_queries():
    """A queryset without an order comes back in any order: code that counts on one is found."""
    original = SQLCompiler._order_by_pairs  # noqa: SLF001 (the one place where the order is made)

    @wraps(original)
    def ordered_or_shuffled(self):
        expressions = list(original(self))
        query = self.query
        plain = not (query.combinator or query.distinct or query.subquery or query.group_by is not None)
        # exists() selects the constant 1: sorting what it looks at would only cost time.
        is_exists = set(query.annotation_select) == {"a"} and not query.select
        if not expressions and plain and not is_exists:
            return iter([(OrderBy(Random()), False)])
        return iter(expressions)

    SQLCompiler._order_by_pairs = ordered_or_shuffled  # noqa: SLF001 (same)


def _fail_on_lock_of_joined_tables():
    """A lock names what it locks: with a join and no `of`, the parents are locked too and everybody waits."""
    original = SQLCompiler.as_sql

    @wraps(original)
    def as_sql(self, *args, **kwargs):
        query = self.query
        if query.select_for_update and query.select_related and not query.select_for_update_of:
            pytest.fail("select_for_update() with select_related() and no of=(…): the joined rows are locked too")
        return original(self, *args, **kwargs)

    SQLCompiler.as_sql = as_sql


# --- Values ----------------------------------------------------------------------------------------------------------


def _fail_on_forgotten_auto_now():
    """`save(update_fields=…)` writes an auto_now column only when it is named."""
    original = Model.save

    @wraps(original)
    def save(self, *args, **kwargs):
        named = kwargs.get("update_fields")
        if named is not None and self._meta.app_label in OUR_APPS:
            forgotten = {field.name for field in self._meta.fields if getattr(field, "auto_now", False)} - set(named)
            if forgotten:
                pytest.fail(f"{self._meta.label}.save(update_fields=…) leaves out {sorted(forgotten)}")
        return original(self, *args, **kwargs)

    Model.save = save


def _fail_on_instant_in_a_date():
    """An instant put in a DateField loses its hour, and its day when it is not read in Paris."""
    original = DateField.to_python

    @wraps(original)
    def to_python(self, value):
        if type(self) is DateField and isinstance(value, dt.datetime):
            pytest.fail(f"the instant {value} was given to the date {getattr(self, 'attname', '?')}")
        return original(self, value)

    DateField.to_python = to_python


# --- Network ---------------------------------------------------------------------------------------------------------


def in_action() -> bool:
    """Tell whether a transaction of the code is open (the one that wraps a test does not count)."""
    return any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


def _fail_on_network_in_a_transaction():
    """Rows stay locked for as long as the other end takes to answer."""
    connect, send = socket.socket.connect, AbstractConnection.send_packed_command

    @wraps(connect)
    def connect_or_fail(self, address):
        if self.family != socket.AF_UNIX and in_action():
            pytest.fail(f"a connection to {address} inside a transaction")
        return connect(self, address)

    @wraps(send)
    def send_or_fail(self, command, check_health=True):  # noqa: FBT002 (redis-py’s signature)
        if in_action():
            pytest.fail("a Redis command inside a transaction")
        return send(self, command, check_health)

    socket.socket.connect, AbstractConnection.send_packed_command = connect_or_fail, send_or_fail


# --- Requests --------------------------------------------------------------------------------------------------------


@contextmanager
def only_reads(what: str):
    """Fail on any statement that writes, those of the session excepted."""

    def refuse_writes(execute, sql, params, many, context):
        if not READS.match(sql) and not SESSION_TABLES.search(sql):
            pytest.fail(f"{what} writes: {sql[:200]}")
        if " FOR UPDATE" in sql or " FOR NO KEY UPDATE" in sql:
            pytest.fail(f"{what} takes a lock: {sql[:200]}")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse_writes):
        yield


class Allowance:
    """Whether the running test may write on GET (marker `writes_on_get`, for the return from an identity provider)."""

    write_on_get = False


def _guard_the_client():
    original = Client.request

    @wraps(original)
    def request(self, **environ):
        method = environ.get("REQUEST_METHOD", "GET")
        if method in {"GET", "HEAD"} and not Allowance.write_on_get:
            with only_reads(f"{method} {environ.get('PATH_INFO', '/')}"):
                response = original(self, **environ)
        else:
            response = original(self, **environ)
        fail_on_form_without_token(response, environ.get("PATH_INFO", "/"))
        return response

    Client.request = request


def fail_on_form_without_token(response, path):
    if response.streaming or "text/html" not in response.get("Content-Type", "") or response.get("Content-Encoding"):
        return
    for form in POST_FORM.findall(response.content.decode()):
        if "csrfmiddlewaretoken" not in form:
            pytest.fail(f"{path}: a form is posted without its token: {form[:200]}")
