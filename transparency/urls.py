"""Addresses of the public register and of what the city owes the public."""

from django.urls import URLPattern

app_name = "transparency"
urlpatterns: list[URLPattern] = []
