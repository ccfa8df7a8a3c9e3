"""Addresses of the app consultations."""

from django.urls import path

from consultations.views import (
    browsing,
    debating,
    exporting,
    held,
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
    path("mes-contributions/", own.mine, name="mine"),
    path("mes-contributions/attente/<slug:reference>/", held.held, name="held"),
    path("mes-contributions/attente/<slug:reference>/reprendre/", held.take_back, name="held_take_back"),
    path("flux/<slug:kind>/", browsing.feed, name="feed"),
    path("agenda.ics", browsing.all_dates, name="all_dates"),
    path("apercu/<uuid:key>/", browsing.preview, name="preview"),
    path("documents/<uuid:key>/", browsing.document, name="document"),
    path("documents/<uuid:key>/fichier/", browsing.document_file, name="document_file"),
    path("fichiers/<uuid:key>/", reading.attachment, name="attachment"),
    # /concertations/<slug>/
    path("<slug:slug>/", browsing.detail, name="detail"),
    path("<slug:slug>/image/<str:name>", browsing.image, name="image"),
    path("<slug:slug>/apercu.png", browsing.social_image, name="social_image"),
    path("<slug:slug>/flux/<slug:kind>/", browsing.own_feed, name="own_feed"),
    path("<slug:slug>/agenda.ics", browsing.own_dates, name="own_dates"),
    path("<slug:slug>/suivre/", debating.follow, name="follow"),
    path("<slug:slug>/participer/", writing.contribute, name="contribute"),
    path("<slug:slug>/participer/<slug:reference>/", writing.edit_draft, name="draft"),
    path("<slug:slug>/participer/<slug:reference>/verifier/", writing.check, name="check"),
    path("<slug:slug>/participer/<slug:reference>/supprimer/", writing.discard, name="discard"),
    path("<slug:slug>/regles/", rules.rules, name="rules"),
    path("<slug:slug>/carte/", mapping.district_map, name="map"),
    path("<slug:slug>/formulaire/", paper.paper_form, name="paper_form"),
    path(
        "<slug:slug>/formulaire/questionnaire/<slug:reference>/", paper.paper_questionnaire, name="paper_questionnaire"
    ),
    path("<slug:slug>/formulaire/vote/<slug:reference>/", votes.paper_ballot, name="paper_ballot"),
    path("<slug:slug>/affiche/", paper.poster, name="poster"),
    path("<slug:slug>/donnees/", exporting.data, name="data"),
    path("<slug:slug>/dossier.zip", exporting.package, name="package"),
    path("<slug:slug>/export/<slug:table>.<slug:form>", exporting.export, name="export"),
    # /concertations/<slug>/questionnaire/<reference>/
    path("<slug:slug>/questionnaires/", questionnaires.questionnaire_list, name="questionnaires"),
    path("<slug:slug>/questionnaire/<slug:reference>/", questionnaires.questionnaire, name="questionnaire"),
    path("<slug:slug>/questionnaire/<slug:reference>/commencer/", questionnaires.start, name="questionnaire_start"),
    path(
        "<slug:slug>/questionnaire/<slug:reference>/page/<int:number>/", questionnaires.page, name="questionnaire_page"
    ),
    path("<slug:slug>/questionnaire/<slug:reference>/verifier/", questionnaires.check, name="questionnaire_check"),
    path("<slug:slug>/questionnaire/<slug:reference>/reprendre/", questionnaires.resume, name="questionnaire_resume"),
    path("<slug:slug>/questionnaire/<slug:reference>/merci/", questionnaires.thanks, name="questionnaire_thanks"),
    path(
        "<slug:slug>/questionnaire/<slug:reference>/resultats/",
        questionnaires.questionnaire_results,
        name="questionnaire_results",
    ),
    path(
        "<slug:slug>/questionnaire/<slug:reference>/croisements.csv",
        questionnaires.questionnaire_crosses,
        name="questionnaire_crosses",
    ),
    path(
        "<slug:slug>/questionnaire/<slug:reference>/reponses.<slug:form>",
        questionnaires.questionnaire_export,
        name="questionnaire_export",
    ),
    # /concertations/<slug>/vote/<reference>/
    path("<slug:slug>/vote/", votes.vote_list, name="votes"),
    path("<slug:slug>/vote/<slug:reference>/", votes.vote, name="vote"),
    path("<slug:slug>/vote/<slug:reference>/bulletin/", votes.cast, name="cast_vote"),
    path("<slug:slug>/vote/<slug:reference>/recu/", votes.receipt, name="receipt"),
    path("<slug:slug>/vote/<slug:reference>/resultat.<slug:form>", votes.vote_file, name="vote_file"),
    path("<slug:slug>/vote/<slug:reference>/secret/", votes.secrecy, name="secrecy"),
    path("<slug:slug>/contributions/", reading.contributions, name="contributions"),
    path("<slug:slug>/restitution/", reports.report, name="report"),
    path("<slug:slug>/restitution/v<int:number>/", reports.report_version, name="report_version"),
    path("<slug:slug>/restitution/v<int:number>/bilan.pdf", reports.report_pdf, name="report_pdf"),
    path("<slug:slug>/restitution/v<int:number>/avis/", reports.report_rows, name="report_rows"),
    path("<slug:slug>/restitution/v<int:number>/avis.csv", reports.report_annex, name="report_annex"),
    path(
        "<slug:slug>/restitution/v<int:number>/participation.csv",
        reports.report_participation,
        name="report_participation",
    ),
    path("<slug:slug>/suites/", outcomes.outcomes, name="outcomes"),
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
