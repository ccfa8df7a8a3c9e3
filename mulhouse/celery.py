"""The Celery application, and the one table of what runs by the clock."""

import os

from celery import Celery
from celery.schedules import crontab

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mulhouse.settings")

app = Celery("mulhouse")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.conf.beat_schedule = {
    "notifications.sweep": {"task": "notifications.sweep", "schedule": 30.0},
    "notifications.purge": {"task": "notifications.purge", "schedule": crontab(hour="3", minute="10")},
    "consultations.announce_phases": {"task": "consultations.announce_phases", "schedule": crontab(minute="*/15")},
    "consultations.check_consistency": {
        "task": "consultations.check_consistency",
        "schedule": crontab(hour="3", minute="40"),
    },
    "accounts.purge_sessions": {"task": "accounts.purge_sessions", "schedule": crontab(hour="4", minute="10")},
}
