"""Every address of the site: French paths, English names."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("gestion/", admin.site.urls),
    *i18n_patterns(
        path("compte/", include("allauth.urls")),
        path("mon-espace/", include("accounts.urls")),
        path("abonnements/", include("notifications.urls")),
        path("concertations/", include("consultations.urls")),
        path("registre/", include("transparency.urls")),
        prefix_default_language=False,
    ),
]

handler403 = "mulhouse.errorpages.refused"
handler404 = "mulhouse.errorpages.not_found"
handler500 = "mulhouse.errorpages.failed"
