"""Leave alone, for a few seconds, a server that has just failed: nobody waits for it again and again."""

import time
from collections.abc import Callable


class Breaker:
    """Remembers, in this process, that something failed less than `rest_seconds` ago."""

    def __init__(self, rest_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._rests_until = float("-inf")

    def is_resting(self) -> bool:
        """Tell whether it is too early to ask again."""
        return self._clock() < self._rests_until

    def rest(self) -> None:
        """Note a failure."""
        self._rests_until = self._clock() + self._rest_seconds

    def wake(self) -> None:
        """Forget the failure."""
        self._rests_until = float("-inf")
