"""Addresses declared to FranceConnect: outside languages, they never change."""

from django.urls import path

from accounts.franceconnect import views

urlpatterns = [
    path("", views.login, name="franceconnect_login"),
    path("retour/", views.callback, name="franceconnect_callback"),
    path("deconnecte/", views.logged_out, name="franceconnect_logged_out"),
]
