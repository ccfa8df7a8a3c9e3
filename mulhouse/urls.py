"""Every address of the site: French paths, English names."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from accounts import views as account_views
from mulhouse import gallery, sitemaps, views
from notifications import views as notification_views

urlpatterns = [
    path("gestion/", admin.site.urls),
    path(".well-known/security.txt", views.security_file, name="security_txt"),
    path("courriels/signalements/", notification_views.provider_report, name="provider_report"),
    path("sitemap.xml", sitemaps.sitemap, name="sitemap"),
    path("robots.txt", sitemaps.robots, name="robots"),
    path("api/", include("opendata.api_urls")),
    *i18n_patterns(
        path("", views.home, name="home"),
        path("comment-ca-marche/", views.how_it_works, name="how_it_works"),
        path("la-demarche/", views.approach, name="approach"),
        path("charte/", views.charter, name="charter"),
        path("charte/<slug:number>/", views.charter, name="charter_version"),
        path("mentions-legales/", views.legal, name="legal"),
        path("donnees-personnelles/", views.privacy, name="privacy"),
        path("accessibilite/", views.accessibility, name="accessibility"),
        path("contact/", views.contact, name="contact"),
        path("plan-du-site/", views.site_map, name="site_map"),
        path("securite/", views.security, name="security"),
        path("compte/", include("accounts.signin_urls")),
        path("", include("privacy.urls")),
        path("mon-espace/", include("accounts.urls")),
        path("", include("notifications.urls")),
        path("concertations/", include("consultations.urls")),
        path("idees/", include("ideas.urls")),
        path("engagements/", include("commitments.urls")),
        path("recherche/", include("search.urls")),
        path("recu/", include("desk.urls")),
        path("", include("moderation.urls")),
        path("donnees/", include("opendata.urls")),
        path("audience/", include("audience.urls")),
        path("", include("transparency.urls")),
        path("demo/entrer/", account_views.demo_enter, name="demo_enter"),
        path("demo/courriels/", account_views.demo_mailbox, name="demo_mailbox"),
        path("demo/courriels/<uuid:key>/", account_views.demo_mail, name="demo_mail"),
        prefix_default_language=False,
    ),
]
if settings.FRANCECONNECT:
    urlpatterns.append(path("compte/franceconnect/", include("accounts.franceconnect.urls")))
# Every component in every state: for those who build the site, and for the accessibility tests.
if settings.PORTAL_ENV in {"dev", "test"}:
    urlpatterns += i18n_patterns(path("galerie/", gallery.show, name="gallery"), prefix_default_language=False)

handler400 = "mulhouse.errorpages.not_understood"
handler403 = "mulhouse.errorpages.refused"
handler404 = "mulhouse.errorpages.not_found"
handler500 = "mulhouse.errorpages.failed"
handler429 = "mulhouse.errorpages.too_fast"
