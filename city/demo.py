"""The population of the demonstration: the city's own total is real, what the design found no count of is an estimate that says so."""

from city import importing
from city.models import District, Population
from mulhouse.ages import AgeBand

YEAR = 2021
CITY = 106_341
CITY_SOURCE = "Insee, population municipale 2021"
# The published bands of the arrondissement (Insee, 2021), cut to ours and scaled to « près de 42 % de moins de 30 ans ».
AGES = {
    AgeBand.UNDER_18: 27_560,
    AgeBand.FROM_18: 9_980,
    AgeBand.FROM_25: 19_300,
    AgeBand.FROM_40: 25_380,
    AgeBand.FROM_60: 15_800,
    AgeBand.FROM_75: 8_321,
}
AGES_SOURCE = "Estimation de la démonstration, d’après les âges de l’arrondissement (Insee)"
DISTRICTS = {
    "bourtzwiller": 13_500,
    "wolf-wagner": 5_200,
    "vauban-neppert-sellier-waldner": 7_800,
    "franklin-fridolin": 8_900,
    "drouot": 5_100,
    "barbanegre": 3_900,
    "cite-briand": 7_200,
    "daguerre": 4_300,
    "doller": 4_100,
    "brustlein": 4_000,
    "centre-historique": 7_400,
    "fonderie": 5_600,
    "europe-bassin-nordfeld": 8_100,
    "rebberg": 5_200,
    "coteaux": 9_000,
    "dornach": 5_400,
    "haut-poirier": 1_641,
}
DISTRICTS_SOURCE = "Estimation de la démonstration\u00a0: ce nombre n’est pas une mesure"


def populate() -> bool:
    """Give the demonstration its population, once; tell whether anything was written."""
    if Population.objects.exists():
        return False
    rows = [Population(inhabitants=CITY, year=YEAR, source=CITY_SOURCE)]
    rows += [
        Population(age_band=band, inhabitants=number, year=YEAR, source=AGES_SOURCE, is_estimate=True)
        for band, number in AGES.items()
    ]
    rows += [
        Population(
            district=district,
            inhabitants=DISTRICTS[district.slug],
            year=YEAR,
            source=DISTRICTS_SOURCE,
            is_estimate=True,
        )
        for district in District.objects.filter(slug__in=DISTRICTS).order_by("pk")
    ]
    return importing.save(rows=rows) > 0
