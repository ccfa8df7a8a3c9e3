"""The site's addresses, and the bare page. This table exists in the measurements only."""

from django.urls import path

from benchmarks import bare
from mulhouse import urls as site

urlpatterns = [path("nue/", bare.show, name="bare"), *site.urlpatterns]
handler403 = site.handler403
handler404 = site.handler404
handler500 = site.handler500
