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
    # From seven in Mulhouse, read on the clock by the task itself: days of 23 and 25 hours change nothing.
    "notifications.send_digests": {"task": "notifications.send_digests", "schedule": crontab(minute="2-59/10")},
    # Every hour: a code must be gone within a day.
    "notifications.forget": {"task": "notifications.forget", "schedule": crontab(minute="10")},
    "notifications.purge": {"task": "notifications.purge", "schedule": crontab(hour="4", minute="5")},
    "transparency.verify_register": {
        "task": "transparency.verify_register",
        "schedule": crontab(hour="2", minute="30"),
    },
    "transparency.remind_promises": {"task": "transparency.remind_promises", "schedule": crontab(hour="8", minute="5")},
    "transparency.purge": {"task": "transparency.purge", "schedule": crontab(hour="3", minute="20")},
    "search.learn_words": {"task": "search.learn_words", "schedule": crontab(minute="4-59/10")},
    "search.check": {"task": "search.check", "schedule": crontab(hour="2", minute="50")},
    "desk.forget": {"task": "desk.forget", "schedule": crontab(hour="4", minute="20")},
    "commitments.sweep_news": {"task": "commitments.sweep_news", "schedule": crontab(minute="*/10")},
    "ideas.sweep_city_news": {"task": "ideas.sweep_city_news", "schedule": crontab(minute="6-59/10")},
    # A minute after midnight, when votes close, then every five.
    "ballots.count_closed": {"task": "ballots.count_closed", "schedule": crontab(minute="1-59/5")},
    "ballots.record_turnout": {"task": "ballots.record_turnout", "schedule": crontab(hour="0", minute="20")},
    "ballots.clear_rolls": {"task": "ballots.clear_rolls", "schedule": crontab(hour="3", minute="30")},
    "ballots.check_consistency": {"task": "ballots.check_consistency", "schedule": crontab(hour="3", minute="45")},
    "consultations.announce_phases": {"task": "consultations.announce_phases", "schedule": crontab(minute="*/15")},
    "consultations.announce_amendments": {
        "task": "consultations.announce_amendments",
        "schedule": crontab(minute="5-59/15"),
    },
    "consultations.tell_contributors": {"task": "consultations.tell_contributors", "schedule": crontab(minute="*/5")},
    "consultations.announce_openings": {
        "task": "consultations.announce_openings",
        "schedule": crontab(minute="10-59/15"),
    },
    "consultations.remind_deadlines": {"task": "consultations.remind_deadlines", "schedule": crontab(minute="8-59/15")},
    "consultations.tell_replies": {"task": "consultations.tell_replies", "schedule": crontab(minute="4-59/10")},
    "consultations.remind_promises": {"task": "consultations.remind_promises", "schedule": crontab(minute="20")},
    "consultations.check_consistency": {
        "task": "consultations.check_consistency",
        "schedule": crontab(hour="3", minute="40"),
    },
    "consultations.sweep_reports": {"task": "consultations.sweep_reports", "schedule": crontab(minute="7-59/10")},
    # Every hour: a text that was withdrawn leaves the archives soon.
    "consultations.sweep_packages": {"task": "consultations.sweep_packages", "schedule": crontab(minute="25")},
    "consultations.purge_files": {"task": "consultations.purge_files", "schedule": crontab(hour="3", minute="50")},
    # Every hour: what ends at midnight ends then, whichever night has 23 or 25 hours.
    "ideas.expire": {"task": "ideas.expire", "schedule": crontab(minute="3")},
    "ideas.sweep_letters": {"task": "ideas.sweep_letters", "schedule": crontab(minute="9-59/15")},
    "ideas.tell_replies": {"task": "ideas.tell_replies", "schedule": crontab(minute="9-59/10")},
    # Every night: residences that agents verified.
    "ideas.verify_supports": {"task": "ideas.verify_supports", "schedule": crontab(hour="0", minute="40")},
    "ideas.sweep_gatherings": {"task": "ideas.sweep_gatherings", "schedule": crontab(minute="9-59/15")},
    "ideas.find_pairs": {"task": "ideas.find_pairs", "schedule": crontab(hour="2", minute="10")},
    # Every hour: a suspended account opens again on its day.
    "accounts.reopen_suspended": {"task": "accounts.reopen_suspended", "schedule": crontab(minute="50")},
    "questionnaires.tidy": {"task": "questionnaires.tidy", "schedule": crontab(hour="4", minute="20")},
    # Every hour: words that nobody can contest any more.
    "moderation.forget": {"task": "moderation.forget", "schedule": crontab(minute="35")},
    # The files of open data: every night, and soon after a text was taken away.
    "opendata.publish": {"task": "opendata.publish", "schedule": crontab(hour="1", minute="30")},
    "opendata.sweep": {"task": "opendata.sweep", "schedule": crontab(minute="3-59/15")},
    "audience.flush": {"task": "audience.flush", "schedule": crontab(minute="35")},
    "audience.forget": {"task": "audience.forget", "schedule": crontab(hour="4", minute="35")},
    "accounts.sweep_exports": {"task": "accounts.sweep_exports", "schedule": crontab(minute="*/10")},
    "accounts.purge_files": {"task": "accounts.purge_files", "schedule": crontab(hour="4", minute="0")},
    "accounts.purge_sessions": {"task": "accounts.purge_sessions", "schedule": crontab(hour="4", minute="10")},
    # Personal data: after the night's purges; a request not confirmed goes after a day.
    "privacy.close_unused_accounts": {
        "task": "privacy.close_unused_accounts",
        "schedule": crontab(hour="5", minute="10"),
    },
    "privacy.purge": {"task": "privacy.purge", "schedule": crontab(hour="4", minute="50")},
    "ideas.forget_invitations": {"task": "ideas.forget_invitations", "schedule": crontab(hour="4", minute="25")},
    "privacy.sweep_eliminations": {"task": "privacy.sweep_eliminations", "schedule": crontab(minute="40")},
}
