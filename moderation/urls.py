"""The addresses of moderation: reporting, one's own decisions, the yearly figures."""

from django.urls import path

from moderation import views

app_name = "moderation"
urlpatterns = [
    path("signaler/recu/<slug:reference>/", views.reported, name="reported"),
    path("signaler/<slug:segment>/<slug:reference>/", views.report, name="report"),
    path("mon-espace/moderation/", views.own, name="own"),
    path("mon-espace/moderation/decisions/<slug:reference>/", views.own_decision, name="own_decision"),
    path("mon-espace/moderation/suspensions/<slug:reference>/", views.own_block, name="own_block"),
    path("moderation/", views.show_figures, name="figures"),
    path("moderation/chiffres.csv", views.figures_csv, name="figures_csv"),
]
