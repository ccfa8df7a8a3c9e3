"""Addresses of the app ideas."""

from django.urls import path

from ideas.views import browsing, feeding, mapping, reading, supporting

app_name = "ideas"
urlpatterns = [
    # /idees/
    path("", browsing.idea_list, name="list"),
    path("campagnes/", browsing.campaign_list, name="campaigns"),
    path("campagnes/<slug:slug>/", browsing.campaign, name="campaign"),
    path("carte/", mapping.district_map, name="map"),
    path("comparer/", reading.compare, name="compare"),
    path("flux/<slug:kind>/", feeding.feed, name="feed"),
    path("photos/<uuid:key>/", reading.photo, name="photo"),
    # /idees/<reference>/
    path("<slug:reference>/", reading.detail, name="detail"),
    path("<slug:reference>/apercu.png", reading.social_image, name="social_image"),
    path("<slug:reference>/soutenir/", supporting.support, name="support"),
    path("<slug:reference>/ne-plus-soutenir/", supporting.withdraw_support, name="withdraw_support"),
    path("<slug:reference>/suivre/", supporting.follow, name="follow"),
]
