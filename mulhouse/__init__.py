"""Configuration, the kernel every app may import, and the pages that belong to no app."""

from mulhouse.celery import app as celery_app

__all__ = ["celery_app"]
