"""The embedded servers that the settings name, shared by every process of this checkout."""

import os
from types import TracebackType
from typing import TYPE_CHECKING, Self

from django.conf import settings

from mulhouse.embedded.state import Lease, make_folder

if TYPE_CHECKING:
    from mulhouse.embedded.postgres import LocalPostgres
    from mulhouse.embedded.valkey import LocalValkey


class EmbeddedServers:
    """Start what is missing on entering, stop it on leaving unless another process still uses it.

    Where DATABASE_URL and REDIS_URL are set the settings name no embedded server, and this does nothing.
    """

    def __init__(self) -> None:
        self.postgres: LocalPostgres | None = settings.EMBEDDED_POSTGRES
        self.valkey: LocalValkey | None = settings.EMBEDDED_VALKEY
        self._lease = Lease(settings.STATE_DIR / "servers.lock")

    def __enter__(self) -> Self:
        """Start the servers, or attach to them.

        Raises: RuntimeError with the reason when a server does not start.
        """
        if self.postgres or self.valkey:
            make_folder(settings.STATE_DIR, mode=0o711 if os.geteuid() == 0 else 0o700)
            self._lease.take()
        if self.postgres:
            self.postgres.start()
        if self.valkey:
            self.valkey.start()
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
        """Start again the servers whose process has ended; return their names.

        Raises: RuntimeError with the reason when a server does not start.
        """
        started = []
        if self.postgres and self.postgres.pid() is None and self.postgres.start():
            started.append("PostgreSQL")
        if self.valkey and self.valkey.pid() is None and self.valkey.start():
            started.append("Valkey")
        return started
