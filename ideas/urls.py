"""Addresses of the app ideas."""

from django.urls import path

from ideas.views import (
    browsing,
    city,
    coauthors,
    debating,
    depositing,
    exporting,
    feeding,
    mapping,
    own,
    paper,
    reading,
    supporting,
)

app_name = "ideas"
urlpatterns = [
    # /idees/
    path("", browsing.idea_list, name="list"),
    path("campagnes/", browsing.campaign_list, name="campaigns"),
    path("campagnes/<slug:slug>/", browsing.campaign, name="campaign"),
    path("carte/", mapping.district_map, name="map"),
    path("comparer/", reading.compare, name="compare"),
    path("donnees/", exporting.data, name="data"),
    path("export/<slug:table>.<slug:form>", exporting.export, name="export"),
    path("flux/<slug:kind>/", feeding.feed, name="feed"),
    path("regle/", city.rule, name="rule"),
    path("realisees/", city.realised, name="realised"),
    path("photos/realisations/<uuid:key>/", city.event_photo, name="event_photo"),
    path("photos/<uuid:key>/", reading.photo, name="photo"),
    # The author's side.
    path("deposer/", depositing.deposit, name="deposit"),
    path("deposer/<slug:reference>/", depositing.draft, name="draft"),
    path("deposer/<slug:reference>/ressemblances/", depositing.duplicates, name="duplicates"),
    path("deposer/<slug:reference>/photos/", depositing.photos, name="photos"),
    path("deposer/<slug:reference>/apercu/", depositing.preview, name="preview"),
    path("deposer/<slug:reference>/supprimer/", depositing.discard, name="discard"),
    path("mes-idees/", own.mine, name="mine"),
    path("mes-idees/soutenues/", own.supported, name="supported"),
    path("mes-idees/attente/<slug:reference>/", own.held, name="held"),
    path("mes-idees/attente/<slug:reference>/reprendre/", own.take_back, name="held_take_back"),
    path("campagnes/<slug:slug>/formulaire/", paper.paper_form, name="paper_form"),
    path("signer/<uuid:key>/", coauthors.invitation, name="invitation"),
    path("signer/<uuid:key>/accepter/", coauthors.accept, name="invitation_accept"),
    path("signer/<uuid:key>/refuser/", coauthors.decline, name="invitation_decline"),
    # /idees/<reference>/
    path("<slug:reference>/", reading.detail, name="detail"),
    path("<slug:reference>/apercu.png", reading.social_image, name="social_image"),
    path("<slug:reference>/soutenir/", supporting.support, name="support"),
    path("<slug:reference>/ne-plus-soutenir/", supporting.withdraw_support, name="withdraw_support"),
    path("<slug:reference>/suivre/", supporting.follow, name="follow"),
    path("<slug:reference>/corriger/", own.correct, name="correct"),
    path("<slug:reference>/retirer/", own.withdraw, name="withdraw"),
    path("<slug:reference>/prolonger/", own.renew, name="renew"),
    path("<slug:reference>/commentaires/", debating.comment, name="comments"),
    path("<slug:reference>/commentaires/<slug:comment_reference>/", debating.comment_link, name="comment"),
    path(
        "<slug:reference>/commentaires/<slug:comment_reference>/retirer/",
        debating.withdraw_comment,
        name="withdraw_comment",
    ),
    path("<slug:reference>/reagir/", city.react, name="react"),
    path("<slug:reference>/reagir/retirer/", city.withdraw_reaction, name="withdraw_reaction"),
    path("<slug:reference>/feuille/", paper.paper_sheet, name="paper_sheet"),
    path("<slug:reference>/co-auteurs/", coauthors.coauthors, name="coauthors"),
    path("<slug:reference>/co-auteurs/<int:pk>/renvoyer/", coauthors.resend, name="coauthor_resend"),
    path("<slug:reference>/co-auteurs/<int:pk>/annuler/", coauthors.cancel, name="coauthor_cancel"),
]
