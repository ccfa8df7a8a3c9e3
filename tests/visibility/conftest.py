"""The city of secrets, built once for these files, in a transaction around them that is rolled back."""

import pytest
from django.test import override_settings

from tests.visibility import hidden
from tests.visibility.undoing import undone


@pytest.fixture(scope="package")
def city(django_db_setup, django_db_blocker, tmp_path_factory):
    with override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")), django_db_blocker.unblock(), undone():
        yield hidden.build()
