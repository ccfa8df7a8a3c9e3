"""The addresses about personal data: the public ones below « Données personnelles », one's own below « Mes données »."""

from django.urls import path

from privacy import views

app_name = "privacy"
urlpatterns = [
    path("donnees-personnelles/traitements/", views.processings, name="processings"),
    path("donnees-personnelles/traitements.<slug:extension>", views.processings_file, name="processings_file"),
    path("donnees-personnelles/qui-voit-quoi/", views.seen, name="who_sees"),
    path("donnees-personnelles/demande/", views.ask, name="ask"),
    path("donnees-personnelles/demande/<slug:reference>/", views.follow, name="request"),
    path("mon-espace/donnees/demandes/", views.own_requests, name="own_requests"),
    path("mon-espace/donnees/consultations/", views.own_accesses, name="own_accesses"),
]
