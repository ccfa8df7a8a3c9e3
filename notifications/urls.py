"""Addresses of the app notifications: what one was told, what one follows, how often, and the links of the mails."""

from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    # /abonnements/
    path("abonnements/arreter/<str:token>/", views.unsubscribe, name="unsubscribe"),
    # /mon-espace/notifications/
    path("mon-espace/notifications/", views.centre, name="centre"),
    path("mon-espace/notifications/lues/", views.read_all, name="read_all"),
    path("mon-espace/notifications/frequence/", views.preferences, name="preferences"),
    path("mon-espace/notifications/adresse/", views.address_works, name="address_works"),
    path("mon-espace/notifications/<uuid:key>/lue/", views.read, name="read"),
    # /mon-espace/suivi/
    path("mon-espace/suivi/", views.followed, name="followed"),
    path("mon-espace/suivi/changer/", views.follow, name="follow"),
]
