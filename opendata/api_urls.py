"""Addresses of the API, version 1: one for each dataset that is read page by page, from the catalogue."""

from django.urls import URLPattern, path

from opendata import api, api_views, datasets

app_name = "api"


def _lists() -> list[URLPattern]:
    found = {pattern.name: pattern for pattern in api_views.the_api().urls[0] if isinstance(pattern, URLPattern)}
    lists = []
    for dataset in datasets.all_of_them():
        if dataset.listing is not None:
            names = frozenset({*api.PAGING, *(each.name for each in dataset.listing.filters)})
            view = api_views.gate(found[dataset.code].callback, names=names)
            lists.append(path(f"v1/{dataset.code}", view, name=dataset.code))
    return lists


urlpatterns = [
    path("v1/", api_views.root, name="root"),
    path("v1/openapi.json", api_views.description, name="description"),
    *_lists(),
    path("", api_views.unknown, name="none"),
    path("<path:rest>", api_views.unknown, name="unknown"),
]
