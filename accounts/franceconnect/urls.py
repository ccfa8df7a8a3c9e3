"""Addresses declared to FranceConnect, and the pages around them: outside languages, they never change."""

from allauth.socialaccount import views as social_views
from django.urls import path

from accounts.franceconnect import views
from mulhouse.access import public, resident

urlpatterns = [
    path("", views.login, name="franceconnect_login"),
    path("retour/", views.callback, name="franceconnect_callback"),
    path("deconnecte/", views.logged_out, name="franceconnect_logged_out"),
    path("inscription/", public(social_views.signup), name="socialaccount_signup"),
    path("liens/", resident(social_views.connections), name="socialaccount_connections"),
    path("annule/", public(social_views.login_cancelled), name="socialaccount_login_cancelled"),
    path("erreur/", public(social_views.login_error), name="socialaccount_login_error"),
]
