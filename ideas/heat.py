"""How much an idea rises: each support counts for one on its day, and for half as much after each week that passes.

What is kept is the binary logarithm of the sum, taken at a fixed day: it never has to be computed again as time passes, and a list
can be ordered by it from an index. Source: docs/algorithms/idees.md.
"""

import datetime as dt
import math
from collections.abc import Iterable

HALF_LIFE_DAYS = 7
ORIGIN = dt.date(2026, 1, 1)
# What an idea without support has; below it nothing is told apart.
COLD = -1000.0


def weight(on: dt.date) -> float:
    """Give the logarithm of what a support of that day counts for.

    Units: halvings since ORIGIN, negative before it.
    """
    return (on - ORIGIN).days / HALF_LIFE_DAYS


def added(heat: float, on: dt.date) -> float:
    """Give the heat with one more support, of that day."""
    high, low = max(heat, weight(on)), min(heat, weight(on))
    return high + math.log2(1 + 2 ** (low - high))


def of(days: Iterable[dt.date]) -> float:
    """Give the heat of supports from their days; COLD without any.

    Shape: the same, to rounding, as `added` one after the other in any order.
    """
    weights = sorted((weight(day) for day in days), reverse=True)
    if not weights:
        return COLD
    high = weights[0]
    return max(COLD, high + math.log2(math.fsum(2 ** (each - high) for each in weights)))


def removed(heat: float, on: dt.date) -> float:
    """Give the heat with one support less, of that day; COLD when nothing that counts is left."""
    left = 1 - 2 ** min(0.0, weight(on) - heat)
    return max(COLD, heat + math.log2(left)) if left > 2**-40 else COLD
