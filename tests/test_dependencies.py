"""No dependency comes in without a reason, and every one is pinned with its digest."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
LISTS = ["requirements", "requirements-dev", "requirements-install"]
NAME = re.compile(r"^([a-z0-9-]+)", re.MULTILINE)


def asked(name):
    return set(NAME.findall((PROJECT / f"{name}.in").read_text())) - {""}


def test_every_direct_dependency_has_its_reason():
    page = (PROJECT / "docs/decisions/0001-dependencies.md").read_text()
    explained = set(re.findall(r"^\| ([a-z0-9-]+) \| \S", page, re.MULTILINE)) - {"package", "what"}
    wanted = {name for requirements in LISTS for name in asked(requirements) if not name.startswith("-")}

    assert explained == wanted


@pytest.mark.parametrize("requirements", LISTS)
def test_every_package_is_pinned_with_its_digest(requirements):
    lines = (PROJECT / f"{requirements}.txt").read_text().replace("\\\n", " ").splitlines()
    packages = [line for line in lines if line and not line.startswith(("#", " "))]
    loose = [line.split()[0] for line in packages if "==" not in line or "--hash=sha256:" not in line]

    assert packages
    assert loose == []


def test_tests_run_on_the_versions_that_serve():
    def versions(requirements):
        return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", (PROJECT / f"{requirements}.txt").read_text(), re.MULTILINE))

    served, tested = versions("requirements"), versions("requirements-dev")

    assert {name: tested.get(name) for name in served} == served
