"""The catalogue in DCAT-AP (JSON-LD), which data.gouv.fr and the European portal harvest, and the schema of each table."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.urls import reverse

from mulhouse.opendata import LICENCE_URL, Kind
from opendata.datasets import Dataset
from opendata.models import Dump

# Names of the vocabularies: never asked, only written.
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
}
EUROPE = "http://publications.europa.eu/resource/authority"
THEME = f"{EUROPE}/data-theme/GOVE"
FRENCH = f"{EUROPE}/language/FRA"
# The code of the town in the official geographical code of INSEE.
TOWN = {"@type": "dct:Location", "dct:identifier": "68224", "rdfs:label": "Mulhouse"}
TYPES = {"csv": "text/csv", "json": "application/json"}
# Table Schema names its types in English.
SCHEMA_TYPES = {
    Kind.TEXT: {"type": "string"},
    Kind.INTEGER: {"type": "integer"},
    Kind.NUMBER: {"type": "number"},
    Kind.INSTANT: {"type": "datetime", "format": "any"},
    Kind.DAY: {"type": "date"},
    Kind.ADDRESS: {"type": "string", "format": "uri"},
}


def _whole(route: str, *args: str) -> str:
    return settings.SITE_URL + reverse(route, args=args)


def _publisher() -> dict[str, Any]:
    return {"@type": "foaf:Agent", "foaf:name": settings.LEGAL["publisher"]}


def _french(words: object) -> dict[str, str]:
    return {"@value": str(words), "@language": "fr"}


def catalogue(datasets: Sequence[Dataset], dumps: dict[str, list[Dump]]) -> dict[str, Any]:
    """Write the whole catalogue (in French: the caller chose the language)."""
    return {
        "@context": CONTEXT,
        "@id": _whole("opendata:catalogue"),
        "@type": "dcat:Catalog",
        "dct:title": _french(f"Données ouvertes de {settings.SITE_NAME}"),
        "dct:description": _french("Tout ce que la participation à Mulhouse rend public, en fichiers et par une API."),
        "dct:publisher": _publisher(),
        "dct:language": {"@id": FRENCH},
        "dct:license": {"@id": LICENCE_URL},
        "foaf:homepage": {"@id": _whole("opendata:catalogue")},
        "dcat:dataset": [_dataset(each, dumps.get(each.code, [])) for each in datasets],
        "dcat:service": [_service(datasets)],
    }


def _dataset(dataset: Dataset, dumps: Sequence[Dump]) -> dict[str, Any]:
    written: dict[str, Any] = {
        "@id": _whole("opendata:dataset", dataset.code),
        "@type": "dcat:Dataset",
        "dct:identifier": dataset.code,
        "dct:title": _french(dataset.table.title),
        "dct:description": _french(dataset.table.summary),
        "dct:publisher": _publisher(),
        "dct:creator": {"@type": "foaf:Agent", "foaf:name": str(dataset.producer)},
        "dct:language": {"@id": FRENCH},
        "dct:spatial": TOWN,
        "dct:accrualPeriodicity": {"@id": f"{EUROPE}/frequency/{dataset.frequency}"},
        "dcat:theme": {"@id": THEME},
        "dcat:keyword": [_french(word) for word in dataset.keywords],
        "dcat:landingPage": {"@id": _whole("opendata:dataset", dataset.code)},
        "dcat:contactPoint": {
            "@type": "vcard:Organization",
            "vcard:fn": settings.SITE_NAME,
            "vcard:hasEmail": {"@id": f"mailto:{settings.CONTACT['email']}"},
        },
        "dcat:distribution": [_distribution(dataset, form, dumps) for form in TYPES],
    }
    if dumps:
        written["dct:modified"] = _instant(max(dump.made_at for dump in dumps).isoformat())
    return written


def _instant(text: str) -> dict[str, str]:
    return {"@value": text, "@type": "xsd:dateTime"}


def _distribution(dataset: Dataset, form: str, dumps: Sequence[Dump]) -> dict[str, Any]:
    address = _whole("opendata:file", dataset.code, form)
    written: dict[str, Any] = {
        "@id": f"{_whole('opendata:dataset', dataset.code)}#{form}",
        "@type": "dcat:Distribution",
        "dct:title": _french(f"{dataset.table.title} ({form.upper()})"),
        "dcat:accessURL": {"@id": _whole("opendata:dataset", dataset.code)},
        "dcat:downloadURL": {"@id": address},
        "dct:license": {"@id": LICENCE_URL},
        "dct:format": {"@id": f"{EUROPE}/file-type/{form.upper()}"},
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{TYPES[form]}"},
        "dct:conformsTo": {"@id": _whole("opendata:schema", dataset.code)},
    }
    for dump in dumps:
        if dump.form == form:
            written["dcat:byteSize"] = {"@value": str(dump.size), "@type": "xsd:nonNegativeInteger"}
            written["dct:modified"] = _instant(dump.made_at.isoformat())
            written["spdx:checksum"] = {
                "@type": "spdx:Checksum",
                "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
                "spdx:checksumValue": {"@value": dump.sha256, "@type": "xsd:hexBinary"},
            }
    return written


def _service(datasets: Sequence[Dataset]) -> dict[str, Any]:
    return {
        "@id": _whole("opendata:api"),
        "@type": "dcat:DataService",
        "dct:title": _french("API de lecture"),
        "dct:publisher": _publisher(),
        "dct:license": {"@id": LICENCE_URL},
        "dcat:endpointURL": {"@id": _whole("api:root")},
        "dcat:endpointDescription": {"@id": _whole("api:description")},
        "dcat:servesDataset": [
            {"@id": _whole("opendata:dataset", each.code)} for each in datasets if each.listing is not None
        ],
    }


def table_schema(dataset: Dataset) -> dict[str, Any]:
    """Describe the columns in the format of Table Schema, and how the CSV is written."""
    return {
        "name": dataset.code,
        "title": str(dataset.table.title),
        "description": str(dataset.table.summary),
        "homepage": _whole("opendata:dataset", dataset.code),
        "missingValues": [""],
        "fields": [
            {"name": column.name, "description": str(column.meaning), **SCHEMA_TYPES[column.kind]}
            for column in dataset.table.columns
        ],
        "dialect": {"delimiter": ";", "lineTerminator": "\r\n", "quoteChar": '"', "header": True},
    }
