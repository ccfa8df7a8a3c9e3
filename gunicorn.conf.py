"""How gunicorn runs the portal, under `make run` as in the container; every figure can be changed by environment."""

import os

wsgi_app = "mulhouse.wsgi:application"
bind = os.environ.get("BIND", "0.0.0.0:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_WORKERS", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
# One import of Django for all workers: a faster start, and memory they share.
preload_app = True
keepalive = 15
timeout = 60
graceful_timeout = 15
# A worker that leaks is replaced before anybody notices; not all at the same time.
max_requests = 20_000
max_requests_jitter = 2_000
# The heartbeat file must not wait for a busy disk.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 — gunicorn's own temporary file
# A remote control that nobody uses is a door less.
no_control_socket = True
accesslog = os.environ.get("ACCESS_LOG") or None
errorlog = "-"
# Below lie remarks on each HEAD request, whose body Django leaves to the server to drop.
loglevel = "error"
