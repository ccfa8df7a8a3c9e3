"""The door of the web server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mulhouse.settings")
# The settings give a web process short time-outs on locks and queries.
os.environ.setdefault("PORTAL_ROLE", "web")

application = get_wsgi_application()
