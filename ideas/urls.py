"""The addresses of the idea box."""

from django.urls import path

from ideas.views import debating, reading

app_name = "ideas"
urlpatterns = [
    path("textes/<slug:reference>/", reading.held, name="held"),
    path("<slug:reference>/", reading.detail, name="detail"),
    path("<slug:reference>/commentaires/", debating.comment, name="comments"),
    path("<slug:reference>/commentaires/<slug:comment_reference>/", debating.comment_link, name="comment"),
    path(
        "<slug:reference>/commentaires/<slug:comment_reference>/retirer/",
        debating.withdraw_comment,
        name="withdraw_comment",
    ),
]
