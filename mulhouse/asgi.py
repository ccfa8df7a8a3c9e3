"""The door of an asynchronous server, where a host offers nothing else.

The views are synchronous and keep their connections: prefer `mulhouse.wsgi` (docs/exploitation.md).
"""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mulhouse.settings")
os.environ.setdefault("PORTAL_ROLE", "web")

application = get_asgi_application()
