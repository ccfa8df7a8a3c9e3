"""Addresses of the idea box."""

from django.urls import path

from ideas.views import coauthors, paper, plain

app_name = "ideas"
urlpatterns = [
    # /idees/
    path("", plain.idea_list, name="list"),
    path("campagnes/<slug:slug>/", plain.campaign, name="campaign"),
    path("campagnes/<slug:slug>/formulaire/", paper.paper_form, name="paper_form"),
    path("signer/<uuid:key>/", coauthors.invitation, name="invitation"),
    path("signer/<uuid:key>/accepter/", coauthors.accept, name="invitation_accept"),
    path("signer/<uuid:key>/refuser/", coauthors.decline, name="invitation_decline"),
    # /idees/<reference>/
    path("<slug:reference>/", plain.detail, name="detail"),
    path("<slug:reference>/feuille/", paper.paper_sheet, name="paper_sheet"),
    path("<slug:reference>/co-auteurs/", coauthors.coauthors, name="coauthors"),
    path("<slug:reference>/co-auteurs/<int:pk>/renvoyer/", coauthors.resend, name="coauthor_resend"),
    path("<slug:reference>/co-auteurs/<int:pk>/annuler/", coauthors.cancel, name="coauthor_cancel"),
]
