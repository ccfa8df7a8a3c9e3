"""Addresses of the idea box."""

from django.urls import path

from ideas.views import exporting, plain

app_name = "ideas"
urlpatterns = [
    # /idees/
    path("", plain.idea_list, name="list"),
    path("donnees/", exporting.data, name="data"),
    path("export/<slug:table>.<slug:form>", exporting.export, name="export"),
    path("photos/<uuid:key>/", plain.photo, name="photo"),
    path("mes-idees/attente/<slug:reference>/", plain.held, name="held"),
    path("campagnes/<slug:slug>/", plain.campaign, name="campaign"),
    # /idees/<reference>/
    path("<slug:reference>/", plain.detail, name="detail"),
    path("<slug:reference>/commentaires/<slug:comment_reference>/", plain.comment, name="comment"),
]
