"""Whoever deploys reads .env.example alone: it names every variable that the code reads, and no other."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
READ = re.compile(r"""(?:env\.[a-z]+|_declared|environ\.get|environ)[(\[]\s*f?"((?:[A-Z][A-Z0-9]*_?)+)\"""")
NAMED = re.compile(r"^(?:# )?([A-Z][A-Z0-9_]*)=", re.MULTILINE)
# They belong to the system, not to us.
SYSTEM = {
    "HOME",
    "PATH",
    "LD_LIBRARY_PATH",
    "FONTCONFIG_PATH",
    "PLAYWRIGHT_NODEJS_PATH",
    "PORTAL_ENV",
    "DJANGO_ALLOW_ASYNC_UNSAFE",
}


def sources():
    for path in PROJECT.rglob("*.py"):
        inside = path.relative_to(PROJECT).parts
        if inside[0] not in {"var", ".venv"} and (inside[0] != "tests" or inside[1:2] == ("e2e",)):
            yield path


@pytest.fixture(scope="module")
def read_by_code():
    return {name for path in sources() for name in READ.findall(path.read_text())} - SYSTEM


@pytest.fixture(scope="module")
def named_by_example():
    # Two are put together in tests/plugins/embedded.py, one is read by compose.yaml.
    elsewhere = {"TEST_DATABASE_URL", "TEST_REDIS_URL", "POSTGRES_PASSWORD"}
    return set(NAMED.findall((PROJECT / ".env.example").read_text())) - elsewhere - SYSTEM


def test_example_names_every_variable_that_is_read(read_by_code, named_by_example):
    assert sorted(read_by_code - named_by_example) == []


def test_example_names_no_variable_that_is_not_read(read_by_code, named_by_example):
    assert sorted(named_by_example - read_by_code) == []
