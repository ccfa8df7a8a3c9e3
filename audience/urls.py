"""Addresses of the audience figures."""

from django.urls import path

from audience import views

app_name = "audience"
urlpatterns = [
    path("", views.figures_page, name="figures"),
    path("refuser/", views.refuse, name="refuse"),
]
