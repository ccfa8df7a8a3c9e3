"""Addresses of the idea box."""

from django.urls import path

from ideas.views import amending, exporting, gathering, news, plain

app_name = "ideas"
urlpatterns = [
    # /idees/
    path("", plain.idea_list, name="list"),
    path("donnees/", exporting.data, name="data"),
    path("export/<slug:table>.<slug:form>", exporting.export, name="export"),
    path("photos/<uuid:key>/", plain.photo, name="photo"),
    path("mes-idees/attente/<slug:reference>/", plain.held, name="held"),
    path("campagnes/<slug:slug>/", plain.campaign, name="campaign"),
    path("mes-idees/regroupements/", gathering.carrying, name="carrying"),
    path("mes-idees/regroupements/<slug:reference>/", gathering.gathering, name="gathering"),
    path("mes-idees/regroupements/<slug:reference>/soutien/", gathering.carry, name="carry"),
    path("mes-idees/regroupements/<slug:reference>/repondre/", gathering.answer, name="gathering_answer"),
    path("mes-idees/regroupements/<slug:reference>/annuler/", gathering.cancel, name="gathering_cancel"),
    path("mes-idees/regroupements/<slug:reference>/separer/", gathering.leave, name="gathering_leave"),
    # /idees/<reference>/
    path("<slug:reference>/", plain.detail, name="detail"),
    path("<slug:reference>/commentaires/<slug:comment_reference>/", plain.comment, name="comment"),
    path("<slug:reference>/regrouper/", gathering.gather, name="gather"),
    path("<slug:reference>/modifications/", amending.amendments, name="amendments"),
    path("<slug:reference>/modifications/proposer/", amending.amend, name="amend"),
    path("<slug:reference>/modifications/<slug:amendment_reference>/", amending.amendment, name="amendment"),
    path(
        "<slug:reference>/modifications/<slug:amendment_reference>/repondre/", amending.answer, name="amendment_answer"
    ),
    path(
        "<slug:reference>/modifications/<slug:amendment_reference>/retirer/",
        amending.withdraw,
        name="amendment_withdraw",
    ),
    path("<slug:reference>/nouvelles/", news.news_list, name="author_news_list"),
    path("<slug:reference>/nouvelles/ecrire/", news.write, name="author_news_write"),
    path("<slug:reference>/nouvelles/<slug:news_reference>/", news.news, name="author_news"),
    path("<slug:reference>/nouvelles/<slug:news_reference>/retirer/", news.withdraw, name="author_news_withdraw"),
]
