"""The public address of the desk."""

from django.urls import path

from desk import views

app_name = "desk"
urlpatterns = [
    # /recu/
    path("", views.follow, name="follow"),
]
