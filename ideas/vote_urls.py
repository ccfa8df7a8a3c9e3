"""Addresses of the votes of campaigns, among those of the idea box."""

from django.urls import path

from ideas.views import votes

VOTE = "campagnes/<slug:slug>/vote/<slug:reference>/"
urlpatterns = [
    # /idees/campagnes/<slug>/vote/<reference>/
    path(VOTE, votes.vote, name="vote"),
    path(f"{VOTE}bulletin/", votes.cast, name="cast_vote"),
    path(f"{VOTE}recu/", votes.receipt, name="receipt"),
    path(f"{VOTE}resultat.<slug:form>", votes.vote_file, name="vote_file"),
    path(f"{VOTE}secret/", votes.secrecy, name="secrecy"),
    path(f"{VOTE}papier/", votes.paper_ballot, name="paper_ballot"),
]
