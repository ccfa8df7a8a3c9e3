"""Addresses of the search."""

from django.urls import path

from search import views

app_name = "search"
urlpatterns = [
    path("", views.search, name="results"),
    path("suggestions/", views.suggestions, name="suggestions"),
    path("mon-espace/", views.own, name="own"),
    path("methode/", views.method, name="method"),
    path("opensearch.xml", views.description, name="description"),
]
