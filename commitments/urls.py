"""Addresses of the app commitments."""

from django.urls import path

from commitments import views

app_name = "commitments"
urlpatterns = [
    # /engagements/
    path("", views.commitment_list, name="list"),
    path("donnees/", views.data, name="data"),
    path("export/<slug:table>.<slug:form>", views.export, name="export"),
    path("flux/<slug:kind>/", views.feed, name="feed"),
    path("photos/<uuid:key>/", views.photo, name="photo"),
    path("<slug:reference>/", views.detail, name="detail"),
    path("<slug:reference>/suivre/", views.follow, name="follow"),
]
