"""The population: read from a file line by line, shown to staff, estimated in the demonstration and nowhere else."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from city import demo
from city.models import District, Population
from mulhouse.ages import AgeBand
from tests.factories import make_district, make_staff, sign_in
from transparency.models import RegisterLine

pytestmark = pytest.mark.django_db
HEADER = "quartier;tranche;habitants;annee;source;estimation\n"


@pytest.fixture
def write(tmp_path):
    def put(text):
        path = tmp_path / "population.csv"
        path.write_text(text, encoding="utf-8")
        return path

    return put


@pytest.mark.django_db(transaction=True)
def test_a_file_is_imported_and_imported_again(write):
    make_district(name="Coteaux d’essai", slug="coteaux-d-essai")
    path = write(f"{HEADER};;106 341;2021;Insee;\nCoteaux d’essai;;9000;2021;Estimation;oui\n;18-24;9980;2021;Insee;\n")

    call_command("import_population", str(path), stdout=StringIO())
    call_command("import_population", str(path), stdout=StringIO())

    rows = Population.objects.order_by("inhabitants").values_list(
        "district__slug", "age_band", "inhabitants", "year", "is_estimate"
    )
    assert list(rows) == [
        ("coteaux-d-essai", "", 9000, 2021, True),
        (None, "18-24", 9980, 2021, False),
        (None, "", 106_341, 2021, False),
    ]
    assert RegisterLine.objects.filter(act="city.names_changed").count() == 2


def test_each_wrong_line_is_told_and_nothing_is_written(write):
    path = write(
        f"{HEADER};;100;2021;Insee;\nNulle part;;1;2021;Insee;\n;17;1;2021;Insee;\n;;beaucoup;2021;Insee;\n"
        ";;1;21;Insee;\n;;1;2020;;\n;;2;2021;Insee;\n"
    )
    errors = StringIO()

    with pytest.raises(CommandError, match=r"6 erreur\(s\)"):
        call_command("import_population", str(path), stderr=errors)

    lines = errors.getvalue().splitlines()
    assert [line.split("\u00a0:")[0] for line in lines] == [f"ligne {number}" for number in (3, 4, 5, 6, 7, 8)]
    assert not Population.objects.exists()


@pytest.mark.parametrize("text", ["", "quartier;habitants\n", HEADER])
def test_a_file_without_its_columns_or_lines_is_refused(write, text):
    with pytest.raises(CommandError):
        call_command("import_population", str(write(text)), stderr=StringIO())


def test_a_file_in_another_encoding_is_refused(tmp_path):
    path = tmp_path / "population.csv"
    path.write_bytes(HEADER.encode() + "Été".encode("latin-1"))
    with pytest.raises(CommandError, match="UTF-8"):
        call_command("import_population", str(path))


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(CommandError, match="introuvable"):
        call_command("import_population", str(tmp_path / "rien.csv"))


def test_a_dry_run_writes_nothing(write):
    out = StringIO()
    call_command("import_population", str(write(f"{HEADER};;100;2021;Insee;\n")), "--dry-run", stdout=out)
    assert "1 nombres lus" in out.getvalue()
    assert not Population.objects.exists()


def test_a_number_is_given_once_even_for_the_whole_city():
    Population.objects.create(inhabitants=1, year=2021, source="Insee")
    with pytest.raises(IntegrityError), transaction.atomic():
        Population.objects.create(inhabitants=2, year=2021, source="Insee")


def test_the_newest_year_is_read():
    Population.objects.create(inhabitants=108_038, year=2020, source="Insee")
    newest = Population.objects.create(inhabitants=106_341, year=2021, source="Insee")
    assert list(Population.objects.newest()) == [newest]


@pytest.mark.django_db(transaction=True)
def test_the_demonstration_is_populated_once_and_says_what_it_estimates():
    district = make_district(slug="coteaux") if not District.objects.filter(slug="coteaux").exists() else None
    assert demo.populate() is True
    assert demo.populate() is False

    ages = Population.objects.filter(district=None).exclude(age_band="")
    assert sum(row.inhabitants for row in ages.order_by("pk")) == demo.CITY
    assert {row.age_band for row in ages.order_by("pk")} == set(AgeBand.values)
    assert Population.objects.get(district=None, age_band="").is_estimate is False
    assert not Population.objects.exclude(district=None, age_band="").filter(is_estimate=False).exists()
    assert district is None or Population.objects.filter(district=district).count() == 1


def test_the_districts_of_the_demonstration_make_the_city():
    assert sum(demo.DISTRICTS.values()) == demo.CITY


def test_the_list_is_closed_to_those_without_the_permission(client):
    url = reverse("admin:city_population_changelist")
    assert client.get(url).status_code == 302
    sign_in(client, make_staff("consultations.view_consultation"))
    assert client.get(url).status_code == 403


def test_the_list_shows_places_and_bands(client):
    Population.objects.create(inhabitants=106_341, year=2021, source="Insee")
    Population.objects.create(
        district=make_district(name="Rebberg d’essai"), age_band="75+", inhabitants=400, year=2021, source="Insee"
    )
    sign_in(client, make_staff("city.view_population"))

    page = client.get(reverse("admin:city_population_changelist")).content.decode()

    for words in ("Toute la ville", "Tous les âges", "Rebberg d’essai", "75 ans et plus"):
        assert words in page
