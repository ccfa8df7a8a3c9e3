"""Files are replaced whole: under readers who never stop, and by workers who are killed at any point."""

import hashlib
import signal
import subprocess
import sys
import threading

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone

from opendata import datasets, dumping
from opendata.models import Dump
from tests.concurrency import run_in_threads
from tests.factories import make_contribution
from tests.processes import process_environment
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db(transaction=True)
READERS, TIMES = 3, 12


def contributions():
    return datasets.find("contributions")


def test_readers_get_whole_files_while_these_are_replaced():
    contribution, over, made = make_contribution(title="Titre 0"), threading.Event(), set()
    dumping.make([contributions()], at=timezone.now())
    made.add(Dump.objects.get(form="csv").sha256)

    def replace(times):
        try:
            for number in range(1, times + 1):
                contribution.title = f"Titre {number}" * number
                contribution.save()
                assert dumping.make([contributions()], at=timezone.now()) == 2
                made.add(Dump.objects.get(form="csv").sha256)
        finally:
            over.set()

    def read(reader):
        found, number = [], 0
        while not over.is_set():
            number += 1
            address = f"198.51.{reader}.{number % 250}"  # one address may not ask so often
            response = Client().get("/donnees/contributions.csv", REMOTE_ADDR=address)
            content = b"".join(response.streaming_content)
            found.append((response["ETag"].strip('"'), hashlib.sha256(content).hexdigest(), content))
        return found

    replaced, *found = run_in_threads(1 + READERS, lambda number: read(number) if number else replace(TIMES))
    assert replaced is None, replaced
    whole = [each for reader in found for each in reader]
    assert len(whole) >= READERS
    for etag, digest, content in whole:
        # The file of that name, or, between two, the rows as they are: never the half of one.
        assert etag == digest if not etag.startswith("W/") else content.endswith(b"\r\n")
        assert digest in made or etag.startswith("W/")
    assert len(made) == TIMES + 1
    assert len(default_storage.listdir("donnees")[1]) >= 2


# Stops where it is told to, says so, and waits to be killed.
WORKER = """
import sys, time
import django
django.setup()
from django.utils import timezone
from mulhouse import opendata
from opendata import datasets, dumping

def wait(*args, **kwargs):
    print("here", flush=True)
    time.sleep(60)

batches = opendata.batches

def broken(table):
    yield from batches(table)
    wait()

where = sys.argv[1]
if where == "reading":
    opendata.batches = broken
elif where == "stored":
    dumping.switch = wait
else:
    dumping.register.record = wait
dumping.make([datasets.find("contributions")], at=timezone.now())
"""


@pytest.mark.parametrize("where", ["reading", "stored", "switched, not committed"])
def test_a_worker_that_is_killed_leaves_the_former_file(client, where):
    contribution = make_contribution(title="Toujours là")
    dumping.make([contributions()], at=timezone.now())
    before = list(Dump.objects.order_by("form").values())
    contribution.title = "Pas encore"
    contribution.save()
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, where],
        cwd=settings.BASE_DIR,
        env=process_environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert worker.stdout.readline() == "here\n"
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait(30)
        worker.stdout.close()
    assert list(Dump.objects.order_by("form").values()) == before
    assert RegisterLine.objects.filter(act="data.published").count() == 1
    response = client.get("/donnees/contributions.csv")
    content = b"".join(response.streaming_content)
    assert "Toujours là" in content.decode()
    assert response["ETag"] == f'"{hashlib.sha256(content).hexdigest()}"'

    # The next night takes its place, and what the dead one stored goes a day later.
    assert dumping.make([contributions()], at=timezone.now()) == 2
    assert "Pas encore" in b"".join(client.get("/donnees/contributions.csv").streaming_content).decode()
    dumping.purge(at=timezone.now() + dumping.YOUNG * 2)
    named = {name.removeprefix("donnees/") for name in Dump.objects.values_list("file", flat=True)}
    assert set(default_storage.listdir("donnees")[1]) == named
