"""Addresses of the idea box."""

from django.urls import path

from ideas.views import depositing, own

app_name = "ideas"
urlpatterns = [
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
    path("<slug:reference>/corriger/", own.correct, name="correct"),
    path("<slug:reference>/retirer/", own.withdraw, name="withdraw"),
    path("<slug:reference>/prolonger/", own.renew, name="renew"),
]
