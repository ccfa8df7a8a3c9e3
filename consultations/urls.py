"""Addresses of the app consultations."""

from django.urls import path

from consultations.views import (
    browsing,
    debating,
    exporting,
    mapping,
    outcomes,
    own,
    paper,
    questionnaires,
    reading,
    reports,
    rules,
    votes,
    writing,
)

app_name = "consultations"
urlpatterns = [
    # /concertations/
    path("", browsing.consultation_list, name="list"),
    path("mes-contributions/", writing.mine, name="mine"),
    path("flux/<slug:kind>/", browsing.feed, name="feed"),
    path("apercu/<uuid:key>/", browsing.preview, name="preview"),
    path("documents/<uuid:key>/", browsing.document, name="document"),
    path("documents/<uuid:key>/fichier/", browsing.document_file, name="document_file"),
    path("fichiers/<uuid:key>/", reading.attachment, name="attachment"),
    # /concertations/<slug>/
    path("<slug:slug>/", browsing.detail, name="detail"),
    path("<slug:slug>/image/<str:name>", browsing.image, name="image"),
    path("<slug:slug>/apercu.png", browsing.social_image, name="social_image"),
    path("<slug:slug>/suivre/", debating.follow, name="follow"),
    path("<slug:slug>/participer/", writing.contribute, name="contribute"),
    path("<slug:slug>/participer/<slug:reference>/", writing.edit_draft, name="draft"),
    path("<slug:slug>/participer/<slug:reference>/verifier/", writing.check, name="check"),
    path("<slug:slug>/participer/<slug:reference>/supprimer/", writing.discard, name="discard"),
    path("<slug:slug>/regles/", rules.rules, name="rules"),
    path("<slug:slug>/carte/", mapping.district_map, name="map"),
    path("<slug:slug>/formulaire/", paper.paper_form, name="paper_form"),
    path("<slug:slug>/affiche/", paper.poster, name="poster"),
    path("<slug:slug>/donnees/", exporting.data, name="data"),
    path("<slug:slug>/export/<slug:table>.<slug:form>", exporting.export, name="export"),
    path("<slug:slug>/contributions/", reading.contributions, name="contributions"),
    # /concertations/<slug>/contributions/<reference>/
    path("<slug:slug>/contributions/<slug:reference>/", reading.contribution, name="contribution"),
    path("<slug:slug>/contributions/<slug:reference>/corriger/", writing.edit, name="edit"),
    path("<slug:slug>/contributions/<slug:reference>/retirer/", writing.withdraw, name="withdraw"),
    path("<slug:slug>/contributions/<slug:reference>/position/", debating.take_position, name="position"),
    path("<slug:slug>/contributions/<slug:reference>/commentaires/", debating.comment, name="comments"),
    path(
        "<slug:slug>/contributions/<slug:reference>/commentaires/<slug:comment_reference>/",
        reading.comment_link,
        name="comment",
    ),
    path(
        "<slug:slug>/contributions/<slug:reference>/commentaires/<slug:comment_reference>/soutenir/",
        debating.support,
        name="support",
    ),
    path(
        "<slug:slug>/contributions/<slug:reference>/commentaires/<slug:comment_reference>/ne-plus-soutenir/",
        debating.unsupport,
        name="unsupport",
    ),
    path(
        "<slug:slug>/contributions/<slug:reference>/commentaires/<slug:comment_reference>/retirer/",
        debating.withdraw_comment,
        name="withdraw_comment",
    ),
]
