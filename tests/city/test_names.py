import importlib

import pytest
from django.apps import apps

from city.models import District, Sector, Service, Theme

names = importlib.import_module("city.migrations.0003_names")

# A transactional test before this one may have emptied the tables that the migration filled.
pytestmark = pytest.mark.django_db


def test_a_new_portal_begins_with_the_names_of_the_city():
    names.name_the_city(apps, None)

    counts = [model.objects.count() for model in (Sector, District, Theme, Service)]
    assert counts == [6, 17, len(names.THEMES), len(names.SERVICES)]
    assert [str(district) for district in District.objects.filter(sector__slug="west")] == [
        "Coteaux",
        "Dornach",
        "Haut-Poirier",
    ]
    assert District.objects.first().name == "Bourtzwiller"
    assert District.objects.get(name="Cité-Briand").slug == "cite-briand"


def test_what_the_city_renamed_keeps_its_new_name():
    names.name_the_city(apps, None)
    Theme.objects.filter(slug="eau-energie").update(name="L’eau")
    Service.objects.filter(slug="sport").delete()

    names.name_the_city(apps, None)

    assert Theme.objects.get(slug="eau-energie").name == "L’eau"
    assert Service.objects.filter(slug="sport").count() == 1


def test_no_name_is_given_twice():
    districts = [name for names_ in names.SECTORS.values() for name in names_]
    slugs = [slug for slug, *_rest in names.THEMES]

    assert (len(set(districts)), len(set(slugs))) == (len(districts), len(slugs))
