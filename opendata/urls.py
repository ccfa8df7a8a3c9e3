"""Addresses of the catalogue of open data."""

from django.urls import path

from opendata import views

app_name = "opendata"
urlpatterns = [
    path("", views.catalogue, name="catalogue"),
    path("api/", views.api_page, name="api"),
    path("catalogue.jsonld", views.dcat_catalogue, name="dcat"),
    path("<slug:code>/", views.dataset, name="dataset"),
    path("<slug:code>/schema.json", views.schema, name="schema"),
    path("<slug:code>.<slug:form>", views.file, name="file"),
]
