import runpy

import pytest
from django.conf import settings
from django.db import (
    DatabaseError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
    transaction,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from city.models import Sector
from mulhouse import db
from tests.factories import make_sector


@pytest.mark.django_db(transaction=True)
def test_being_inside_a_transaction_is_checked():
    db.assert_outside_transaction()
    with pytest.raises(RuntimeError):
        db.assert_in_transaction()
    with transaction.atomic():
        db.assert_in_transaction()
        with pytest.raises(RuntimeError):
            db.assert_outside_transaction()


@pytest.mark.django_db
def test_a_named_constraint_becomes_an_error_of_ours_and_the_transaction_goes_on():
    make_sector(name="Nord", slug="nord")
    name = "city_sector_name_key"

    with pytest.raises(db.ConstraintViolatedError) as caught, db.named_constraint(name):
        Sector.objects.create(name="Nord", slug="autre")
    assert caught.value.name == name
    assert Sector.objects.filter(slug="nord").count() == 1


@pytest.mark.django_db
def test_another_constraint_stays_what_it_is():
    make_sector(name="Nord", slug="nord")

    with pytest.raises(IntegrityError), db.named_constraint("city_sector_name_key"):
        Sector.objects.create(name="Sud", slug="nord")


@pytest.mark.django_db
def test_a_row_that_is_let_in_raises_nothing():
    with db.named_constraint("city_sector_name_key"):
        Sector.objects.create(name="Nord", slug="nord-2")

    assert Sector.objects.filter(slug="nord-2").exists()


@pytest.mark.parametrize(
    ("error", "unavailable"),
    [
        (OperationalError(), True),
        (InterfaceError(), True),
        (RedisConnectionError(), True),
        (RedisTimeoutError(), True),
        (ResponseError(), False),
        (IntegrityError(), False),
        (ProgrammingError(), False),
        (ValueError(), False),
        (None, False),
    ],
)
def test_what_passes_with_time(error, unavailable):
    assert db.is_unavailable(error) is unavailable


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sql", "unavailable"),
    [
        ("SELECT pg_sleep(1)", True),
        ("SELECT 1/0", False),
        ("SELECT nothing", False),
        *(
            (f"DO $$ BEGIN RAISE EXCEPTION 'a' USING ERRCODE = '{code}'; END $$", True)
            for code in sorted(db.BUSY_SQLSTATES)
        ),
        ("DO $$ BEGIN RAISE EXCEPTION 'a' USING ERRCODE = '53100'; END $$", False),  # the disk is full: to be seen
    ],
)
def test_a_database_that_is_busy_is_told_from_a_wrong_query(sql, unavailable):
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '50ms'; {sql}")

    assert db.is_unavailable(caught.value) is unavailable


@pytest.mark.parametrize(("role", "limited"), [("web", True), ("command", False)])
def test_a_page_waits_five_seconds_for_a_lock_and_ten_for_a_query_a_command_has_no_limit(monkeypatch, role, limited):
    monkeypatch.setenv("PORTAL_ROLE", role)
    options = runpy.run_path(str(settings.BASE_DIR / "mulhouse" / "settings.py"))["DATABASES"]["default"]["OPTIONS"]

    assert ("lock_timeout=5000" in options.get("options", "")) is limited
    assert ("statement_timeout=10000" in options.get("options", "")) is limited
