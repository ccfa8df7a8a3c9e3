"""The embedded servers that the settings name, shared by every process of this checkout."""

from contextlib import AbstractContextManager
from types import TracebackType

from django.conf import settings

from mulhouse.embedded.postgres import LocalPostgres
from mulhouse.embedded.state import Lease
from mulhouse.embedded.valkey import LocalValkey


class EmbeddedServers(AbstractContextManager["EmbeddedServers"]):
    """Start what is missing on entering, stop it on leaving unless another process still uses it.

    Where DATABASE_URL or REDIS_URL are set the settings name no embedded server, and this does nothing.
    """

    def __init__(self) -> None:
        self.postgres: LocalPostgres | None = settings.EMBEDDED_POSTGRES
        self.valkey: LocalValkey | None = settings.EMBEDDED_VALKEY
        self._lease = Lease(settings.STATE_DIR / "servers.lock")

    def __enter__(self) -> "EmbeddedServers":
        """Start what is missing.

        Raises: RuntimeError with the reason when a server does not start.
        """
        self._lease.take()
        self.revive()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the servers when no other process uses them."""
        if self._lease.leave():
            if self.valkey:
                self.valkey.stop()
            if self.postgres:
                self.postgres.stop()
            self._lease.close()

    def revive(self) -> list[str]:
        """Start the servers that do not run; return their names."""
        started = []
        if self.postgres and self.postgres.pid() is None and self.postgres.start():
            started.append("PostgreSQL")
        if self.valkey and self.valkey.pid() is None and self.valkey.start():
            started.append("Valkey")
        return started
