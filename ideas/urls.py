"""The addresses of the idea box, under /idees/."""

from django.urls import path

from ideas.views import city

app_name = "ideas"
urlpatterns = [
    path("regle/", city.rule, name="rule"),
    path("realisees/", city.realised, name="realised"),
    path("photos/realisations/<uuid:key>/", city.event_photo, name="event_photo"),
    path("<str:reference>/", city.detail, name="detail"),
    path("<str:reference>/reagir/", city.react, name="react"),
    path("<str:reference>/reagir/retirer/", city.withdraw_reaction, name="withdraw_reaction"),
]
