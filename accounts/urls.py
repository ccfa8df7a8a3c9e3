"""The addresses of « Mon espace »."""

from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    # /mon-espace/
    path("", views.home, name="home"),
    path("profil/", views.profile, name="profile"),
    path("quartier/", views.residency, name="residency"),
    path("quartier/verification/", views.verification, name="verification"),
    path("quartier/depart/", views.moved_away, name="moved_away"),
    path("accords/", views.agreements, name="consents"),
    path("donnees/", views.data, name="data"),
    path("donnees/copie/", views.ask_data, name="ask_data"),
    path("donnees/copie/<str:token>/", views.data_file, name="data_file"),
    path("fermer/", views.close, name="close"),
    path("ferme/", views.closed, name="closed"),
    path("deuxieme-facteur/", views.second_factor, name="second_factor"),
    path("rester/", views.stay, name="stay"),
    path("session-terminee/", views.session_ended, name="session_ended"),
    path("relier/", views.link_first, name="link_first"),
]
