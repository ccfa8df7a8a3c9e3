"""Addresses of the public register and of what the city owes the public."""

from django.urls import path

from transparency import promise_views, views

app_name = "transparency"
urlpatterns = [
    path("registre/", views.show_register, name="register"),
    path("registre/verifier/", views.verify, name="verify"),
    path("registre/methode/", views.method, name="method"),
    path("registre/flux/<slug:kind>/", views.feed, name="feed"),
    path("registre/registre.<slug:extension>", views.export, name="export"),
    path("registre/<int:number>/", views.show_line, name="line"),
    path("registre/<int:number>/auteur/", views.reveal_actor, name="line_actor"),
    path("methodes/", views.method_list, name="methods"),
    path("methodes/<slug:name>/", views.method_page, name="method_page"),
    path("promesses/", promise_views.promise_list, name="promises"),
    path("accessibilite/signaler/", views.report_fault, name="accessibility_fault"),
    path("accessibilite/signalements/<slug:reference>/", views.show_fault, name="fault"),
]
