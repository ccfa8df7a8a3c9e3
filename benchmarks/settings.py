"""The site's settings, with one more address: the bare page that the others are compared with."""

from mulhouse.settings import *  # noqa: F403 (the same settings, measured as they are)

ROOT_URLCONF = "benchmarks.urls"
