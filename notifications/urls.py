"""Addresses of the app notifications."""

from django.urls import path

from notifications import views

app_name = "notifications"
urlpatterns = [
    path("arreter/<str:token>/", views.unsubscribe, name="unsubscribe"),
]
