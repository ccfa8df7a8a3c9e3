"""Everything is killed in turn, in real processes: what was confirmed to somebody is there afterwards."""

import threading
import time

import pytest

from tests.notifications.smtp import MailServer
from tests.stack import Redis, Stack, Visitor, wait_until

OPEN_CONTRIBUTIONS = """
SELECT k.slug, c.reference, c.id FROM consultations_contribution c
JOIN consultations_consultation k ON k.id = c.consultation_id
JOIN consultations_phase p ON p.consultation_id = k.id AND p.kind = 'contribute'
     AND CURRENT_DATE BETWEEN p.starts_on AND coalesce(p.ends_on, CURRENT_DATE)
WHERE c.published_at IS NOT NULL AND c.withdrawn_at IS NULL AND k.archived_at IS NULL AND k.published_at IS NOT NULL
  AND k.residency_level <> 'verified' AND c.author_id <> (SELECT id FROM accounts_user WHERE email = %s)
ORDER BY c.id LIMIT 60
"""
RECEIPT = "SELECT id, state FROM notifications_outboundmail WHERE once_key = %s"
RESIDENT = "habitante@demo.example"


class Voter(threading.Thread):
    """A resident who takes a position every second, and remembers each that the site confirmed."""

    def __init__(self, visitor, contributions):
        super().__init__()
        self.visitor, self.contributions = visitor, contributions
        self.confirmed, self.refused = [], []
        self.ends = threading.Event()

    def wait_for_two_more(self):
        """A position may be under way: the second is asked after the recovery for sure."""
        before = len(self.confirmed)
        wait_until(lambda: len(self.confirmed) > before + 1, what="a new position")

    def run(self):
        for slug, reference, number in self.contributions:
            status, _ = self.visitor.post(
                f"/concertations/{slug}/contributions/{reference}/position/", position="agree"
            )
            (self.confirmed if status == 302 else self.refused).append((number, status))
            if self.ends.wait(1.05):  # sixty a minute are allowed
                return


def is_open(stack):
    return Visitor(stack.address).get("/")[0] == 200


def publish(resident, slug, title):
    """Write, check and publish a contribution; the steps of the page."""
    _, page = resident.get(f"/concertations/{slug}/participer/")
    section = page.split('name="section" value="')[1].split('"')[0]
    status, draft = resident.post(
        f"/concertations/{slug}/participer/",
        jeton=resident.value(page, "jeton"),
        section=section,
        kind="proposal",
        title=title,
        body="Pendant la panne, on continue.",
        signature="name",
        intention="verifier",
    )
    assert (status, draft.endswith("/verifier/")) == (302, True)
    assert resident.get(draft)[0] == 200
    status, address = resident.post(draft)
    assert status == 302
    return address


@pytest.fixture(scope="module")
def mail():
    with MailServer() as server:
        yield server


@pytest.fixture(scope="module")
def own_redis():
    server = Redis()
    server.start()
    yield server
    server.kill()


@pytest.fixture(scope="module")
def stack(own_redis, mail):
    with Stack(own_redis, mail.port) as running:
        yield running


def test_what_was_confirmed_survives_every_kill(stack, own_redis, mail):
    contributions = stack.rows(OPEN_CONTRIBUTIONS, RESIDENT)
    slug, seen, _number = contributions[0]
    resident = Visitor(stack.address)
    resident.get("/demo/entrer/")
    assert resident.post("/demo/entrer/", role="resident")[0] == 302

    # Redis dies: one reads, one writes, and nothing waits for it.
    own_redis.kill()
    began = time.monotonic()
    assert [resident.get(path)[0] for path in ("/", "/concertations/", "/registre/")] == [200, 200, 200]
    visitor = Visitor(stack.address)
    assert visitor.get(f"/concertations/{slug}/contributions/{seen}/")[0] == 200
    address = publish(resident, slug, "Écrite pendant que Redis était tombé")
    assert resident.get(address)[0] == 200
    assert time.monotonic() - began < 15
    reference = address.strip("/").split("/")[-1]
    queued = stack.rows(RECEIPT, f"contribution:{reference}:published")
    assert queued == [(queued[0][0], "queued")]
    own_redis.start()

    # Then each of the others, while somebody goes on taking positions.
    resident.get(address)
    voter = Voter(resident, contributions)
    voter.start()
    time.sleep(1.5)
    kills = [lambda: stack.kill(b"gunicorn"), lambda: stack.kill(b"celery"), stack.kill_postgres]
    for kill in kills:
        dead = kill()
        wait_until(lambda: is_open(stack), what=f"the site after {dead}")
        voter.wait_for_two_more()
    voter.ends.set()
    voter.join()

    positions = stack.rows(
        "SELECT contribution_id FROM consultations_position p JOIN accounts_user u ON u.id = p.resident_id"
        " WHERE u.email = %s AND p.choice = 'agree'",
        RESIDENT,
    )
    kept = {number for (number,) in positions}
    assert {number for number, _ in voter.confirmed} - kept == set()
    wrong = stack.rows(
        "SELECT c.id FROM consultations_contribution c WHERE c.agree_count <> (SELECT count(*) FROM consultations_position p"
        " WHERE p.contribution_id = c.id AND p.choice = 'agree') AND c.id = ANY(%s)",
        list(kept),
    )
    assert wrong == []
    assert len(stack.rows("SELECT id FROM consultations_contribution WHERE reference = %s", reference)) == 1
    assert "Le registre est intact" in Visitor(stack.address).get("/registre/verifier/")[1]

    # The receipt that Redis could not announce: the sweep finds it, and it leaves once.
    identifier = f"<{queued[0][0]}@localhost>"
    wait_until(lambda: identifier in mail.inbox.ids, 90, "the receipt")
    wait_until(
        lambda: stack.rows(RECEIPT, f"contribution:{reference}:published")[0][1] == "sent", what="its settlement"
    )
    assert sorted(mail.inbox.ids) == sorted(set(mail.inbox.ids))
