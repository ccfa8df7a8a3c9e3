"""What is not done twice: a name or a picture that was taken away, a report by the same person from elsewhere."""

import datetime as dt

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import actions as accounts
from consultations import actions as consultations
from consultations.models import Attachment
from moderation import actions, figures, profiles
from moderation.models import Case, Decision, Report
from mulhouse import uploads
from mulhouse.errors import RefusedError
from tests import factories as f
from tests.concurrency import run_in_threads
from tests.e2e.journeys import photo_with_a_place
from tests.moderation import deciding
from tests.moderation.test_journey import GIVEN, VISITOR

pytestmark = pytest.mark.django_db
SAME = ["Gros Nigaud", "gros nigaud", "GROS-NIGAUD", " Gros  Nîgaud ", "g.r.o.s nigaud", "Ｇros Nigaud"]


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def rename(user, name):
    return accounts.update_profile(user=user, public_name=name, birth_year=None, language="fr", scheme="")


def a_hidden_name(name="Gros Nigaud"):
    person = f.make_resident(public_name=name)
    made = deciding.hide(person)
    person.refresh_from_db()
    return person, made


@pytest.mark.parametrize("name", SAME)
def test_a_name_that_was_taken_away_is_not_taken_again(name):
    person, _made = a_hidden_name()
    with pytest.raises(RefusedError) as caught:
        rename(person, name)
    assert caught.value.code == "taken_away"
    person.refresh_from_db()
    assert person.public_name == ""


def test_another_name_is_and_somebody_else_may_have_that_one():
    person, _made = a_hidden_name()
    assert rename(person, "Camille").public_name == "Camille"
    assert rename(f.make_resident(public_name=""), "Gros Nigaud").public_name == "Gros Nigaud"


def test_a_name_of_signs_only_is_known_again():
    assert profiles.mark("★★") == profiles.mark("★★") != profiles.mark("☆")
    assert profiles.mark("") == ""


def test_an_appeal_gives_the_name_back_for_good():
    person, made = a_hidden_name()
    deciding.overturn(made)
    person.refresh_from_db()
    assert person.public_name == "Gros Nigaud"
    rename(person, "Camille")
    assert rename(person, "Gros Nigaud").public_name == "Gros Nigaud"


def test_the_forms_say_it(client):
    person, _made = a_hidden_name()
    f.sign_in(client, person)
    sent = {"public_name": "gros nigaud", "language": "fr", "scheme": ""}
    page = client.post(reverse("accounts:profile"), sent)
    assert page.status_code == 422
    assert page.context["form"].errors["public_name"] == ["La modération a retiré ce nom. Choisissez-en un autre."]
    # Beside an act too: the public name is asked with the comment.
    contribution = f.make_contribution(consultation=f.make_consultation(residency_level="none"))
    url = reverse("consultations:comments", args=[contribution.consultation.slug, contribution.reference])
    page = client.post(url, {"stance": "for", "body": "Oui.", "profil-public_name": "Gros Nigaud"})
    assert page.status_code == 422
    assert "La modération a retiré ce nom" in page.content.decode()


def test_the_name_itself_is_forgotten_with_the_account():
    person, made = a_hidden_name()
    assert "igaud" not in made.taken_away
    actions.forget_original(decision=made, at=made.appeal_until)
    with pytest.raises(RefusedError):
        rename(person, "Gros Nigaud")
    with transaction.atomic():
        actions.unsign_person(user=person)
    made.refresh_from_db()
    assert (made.taken_away, made.author) == ("", None)


def test_a_picture_that_was_taken_away_is_not_joined_again():
    author = f.make_resident(public_name="Camille")
    photo = photo_with_a_place()

    def join():
        draft = f.make_contribution(author=author, published_at=None)
        return consultations.attach(
            actor=author,
            contribution=draft,
            upload=uploads.clean(photo["name"], photo["buffer"]),
            alt="La place",
            is_decorative=False,
            at=timezone.now(),
        )

    made = deciding.hide(join())
    files = set(default_storage.listdir("")[0])
    with pytest.raises(RefusedError) as caught:
        join()
    assert caught.value.code == "taken_away"
    assert Attachment.objects.count() == 1
    assert set(default_storage.listdir("")[0]) == files
    deciding.overturn(made)
    assert join().pk


# --- Reporting twice ---------------------------------------------------------------------------------------------------


def send(contribution, given, *, client=None, network="192.0.2.1", user=None):
    client = client or Client()
    if user is not None:
        f.sign_in(client, user)
    answer = client.post(deciding.report_url(contribution), given, REMOTE_ADDR=network)
    assert answer.status_code == 302
    return answer["Location"]


def test_the_same_address_from_the_same_place_is_the_same_report():
    contribution = f.make_contribution()
    first = send(contribution, VISITOR)
    assert send(contribution, VISITOR) == first
    assert Report.objects.count() == 1


def test_who_types_the_address_of_somebody_does_not_learn_that_they_reported():
    """The page promises that an author never knows who reported: the answer is the one of a first report, counted nowhere."""
    contribution = f.make_contribution()
    first = send(contribution, VISITOR)
    other = send(contribution, VISITOR, network="198.51.100.7")
    assert other != first
    assert "Votre signalement est bien reçu" in Client().get(other).content.decode()
    case = Case.objects.get()
    assert (case.report_count, Report.objects.filter(is_repeat=True).count()) == (1, 1)
    assert figures.by_year()[0].reports == 1


def test_an_account_and_its_address_are_one_person():
    contribution, person = f.make_contribution(), f.make_resident(email="lucie@example.org")
    send(contribution, GIVEN, user=person)
    send(contribution, VISITOR)
    assert Case.objects.get().report_count == 1
    other = f.make_contribution()
    send(other, VISITOR)
    send(other, GIVEN, user=person)
    assert Case.objects.get(subject=other.reference).report_count == 1


def test_three_networks_and_one_address_are_not_three_people():
    contribution = f.make_contribution()
    for number in range(1, 5):
        send(contribution, VISITOR, network=f"192.0.2.{number}")
    case = Case.objects.get()
    assert (case.report_count, case.priority) == (1, Case.Priority.NORMAL)
    assert not Decision.objects.exists()


def test_three_addresses_and_one_network_make_nothing_urgent():
    contribution = f.make_contribution()
    for number in range(4):
        send(contribution, {**VISITOR, "email": f"lucie{number}@example.org"})
    case = Case.objects.get()
    assert (case.report_count, case.priority) == (4, Case.Priority.NORMAL)
    # Neighbours, each in their home, or with an account.
    send(contribution, {**VISITOR, "email": "jean@example.org"}, network="198.51.100.7")
    assert Case.objects.get().priority == Case.Priority.NORMAL
    send(contribution, GIVEN, user=f.make_resident())
    assert (Case.objects.get().report_count, Case.objects.get().priority) == (6, Case.Priority.URGENT)


@pytest.mark.django_db(transaction=True)
def test_six_people_at_once_are_six_and_the_case_is_urgent_once():
    contribution = f.make_contribution()
    at = timezone.now()
    answers = run_in_threads(
        6, lambda number: deciding.report(contribution, fingerprint=f"{number}", origin=f"{number % 3}", at=at)
    )
    assert {type(each) for each in answers} == {Report}
    case = Case.objects.get()
    assert (case.report_count, case.priority, case.due_at) == (6, Case.Priority.URGENT, at + dt.timedelta(days=1))
    assert Report.objects.filter(is_repeat=False).count() == 6


@pytest.mark.django_db(transaction=True)
def test_one_address_from_six_networks_at_once_counts_once():
    contribution = f.make_contribution()
    run_in_threads(6, lambda number: deciding.report(contribution, fingerprint="a", origin=f"{number}"))
    assert Case.objects.get().report_count == 1
    assert Report.objects.filter(is_repeat=False).count() == 1
