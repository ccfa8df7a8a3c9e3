"""Processes of their own on the database of the tests: what threads share, they do not."""

from urllib.parse import quote

from django.conf import settings
from django.db import connection


def process_environment():
    """Give the environment in which `django.setup()` opens the database of this test."""
    return {
        "DJANGO_SETTINGS_MODULE": "mulhouse.settings",
        "PORTAL_ENV": "test",
        "PORTAL_STATE": str(settings.STATE_DIR),
        "PORTAL_TEST_STATE": str(settings.STATE_DIR),
        "PATH": "/usr/bin:/bin",
        "DATABASE_URL": _url(connection.settings_dict),
    }


def _url(database):
    user, host = database["USER"], database["HOST"]
    secret = f":{quote(database['PASSWORD'])}" if database["PASSWORD"] else ""
    where = f"{quote(host, safe='')}" + (f":{database['PORT']}" if database["PORT"] else "")
    return f"postgres://{user}{secret}@{where}/{database['NAME']}"
