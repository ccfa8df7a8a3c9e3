"""Each guard bites."""

import datetime as dt
import socket

import pytest
from django.db import connection, transaction
from django.http import HttpResponse
from django.template import Context, Engine, Origin, Template
from django.utils import timezone

from accounts.models import Residency, User
from consultations.models import Consultation
from tests import factories, guards


def our_template(source):
    origin = Origin(f"{guards.OUR_TEMPLATES}/example.html", template_name="example.html")
    return Template(source, origin=origin, engine=Engine.get_default())


@pytest.mark.parametrize(
    "source",
    [
        "{{ absent }}",
        "{{ absent|default:'' }}",
        "{% if absent %}x{% endif %}",
        "{% if absent and here %}x{% endif %}",
        "{% for x in absent %}x{% endfor %}",
        "{{ here.absent }}",
        "{% load i18n %}{% blocktranslate trimmed %}a {{ absent }}{% endblocktranslate %}",
    ],
)
def test_undefined_variable_fails(source):
    with pytest.raises(pytest.fail.Exception, match="undefined"):
        our_template(source).render(Context({"here": {"x": 1}}))


def test_defined_variables_pass():
    source = (
        "{% load i18n %}{% if not none %}{{ here.x }}{% endif %}"
        "{% blocktranslate trimmed count n=here.x %}{{ n }} vote{% plural %}{{ n }} votes{% endblocktranslate %}"
    )
    assert our_template(source).render(Context({"here": {"x": 1}, "none": None})) == "11 vote"


def test_templates_of_packages_are_left_alone():
    assert Template("a{{ absent }}").render(Context()) == "a"


@pytest.mark.django_db
def test_queryset_without_order_is_shuffled():
    for _ in range(8):
        factories.make_user()
    seen = {tuple(User.objects.values_list("pk", flat=True)) for _ in range(12)}
    assert len(seen) > 1
    assert len({tuple(User.objects.order_by("pk").values_list("pk", flat=True)) for _ in range(12)}) == 1


@pytest.mark.django_db
def test_distinct_grouped_and_existing_are_not_shuffled():
    factories.make_consultation()
    with pytest.MonkeyPatch.context() as patch:
        seen = []
        patch.setattr(guards, "Random", lambda: seen.append(1))
        list(Consultation.objects.order_by().values_list("theme", flat=True).distinct())
        assert User.objects.exists() is False
    assert seen == []


@pytest.mark.django_db
def test_lock_of_joined_tables_fails():
    rows = Consultation.objects.select_related("theme")
    with pytest.raises(pytest.fail.Exception, match="joined"), transaction.atomic():
        list(rows.select_for_update())
    with transaction.atomic():
        list(rows.select_for_update(of=("self",)))


@pytest.mark.django_db
def test_forgotten_auto_now_fails():
    consultation = factories.make_consultation()
    with pytest.raises(pytest.fail.Exception, match="updated_at"):
        consultation.save(update_fields=["title"])
    consultation.save(update_fields=["title", "updated_at"])


@pytest.mark.django_db
def test_instant_in_a_date_fails():
    residency = Residency(user=factories.make_user(), district=factories.make_district(), ended_on=timezone.now())
    with pytest.raises(pytest.fail.Exception, match="ended_on"):
        residency.save()
    with pytest.raises(pytest.fail.Exception, match="ended_on"):
        Residency.objects.filter(ended_on__lt=timezone.now())
    assert not Residency.objects.filter(ended_on__lt=dt.date(2026, 1, 1)).exists()


@pytest.mark.django_db
def test_network_in_a_transaction_fails(redis_server):
    with socket.socket() as tcp, transaction.atomic(), pytest.raises(pytest.fail.Exception, match="connection"):
        tcp.connect(("127.0.0.1", 9))
    with transaction.atomic(), pytest.raises(pytest.fail.Exception, match="Redis"):
        redis_server.ping()
    assert redis_server.ping()


@pytest.mark.django_db
def test_write_on_get_fails():
    with pytest.raises(pytest.fail.Exception, match="writes: INSERT"), guards.only_reads("GET /"):
        factories.make_sector()
    with pytest.raises(pytest.fail.Exception, match="lock"), transaction.atomic(), guards.only_reads("GET /"):
        list(User.objects.select_for_update())
    with guards.only_reads("GET /"), transaction.atomic(), transaction.atomic():
        list(User.objects.all())


@pytest.mark.django_db
def test_session_may_be_prolonged_on_get(client):
    with guards.only_reads("GET /"), connection.cursor() as cursor:
        cursor.execute('DELETE FROM "django_session"')


def test_form_without_token_fails():

    with pytest.raises(pytest.fail.Exception, match="token"):
        guards.fail_on_form_without_token(HttpResponse('<form class="a" method="post"><button></form>'), "/")
    guards.fail_on_form_without_token(HttpResponse('<form action="/"><button></form>'), "/")
    guards.fail_on_form_without_token(
        HttpResponse('<form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="a"></form>'), "/"
    )
