"""The kernel as a Django app: its checks, its admin site."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    """Kernel: template tags, commands and checks."""

    name = "mulhouse"
    verbose_name = "Portail"

    def ready(self) -> None:
        """Register the checks of `check --deploy`."""
        from mulhouse import checks  # noqa: F401, PLC0415 (importing registers; models are ready only now)


class PortalAdminConfig(AdminConfig):
    """Django's admin on our own site class (second factor, work queue)."""

    default_site = "mulhouse.admin.PortalAdminSite"
