"""How realistic an idea looks at its first reading: a score out of 100, from the level given to each of six criteria.

Source: docs/algorithms/idees.md, which publishes these weights.
"""

from collections.abc import Mapping

# What each criterion weighs; together they make 100.
WEIGHTS = {"powers": 25, "legality": 20, "cost": 20, "delay": 10, "upkeep": 15, "overlap": 10}
BEST_LEVEL = 4
BLOCKING = 0
# Beyond the city's powers, doing it is at best very difficult: it takes somebody else.
BEYOND_POWERS = 1
# An idea that one criterion stops cannot be saved by the five others.
BLOCKED_AT_MOST = 20


def score(levels: Mapping[str, int]) -> int:
    """Give the realism of an idea from the level of each criterion.

    Shape: 0 to 100; BLOCKED_AT_MOST at most when one criterion is at the level BLOCKING; never lower for a higher level.
    Raises: ValueError when a criterion is missing, unknown, or out of its levels.
    Source: docs/algorithms/idees.md.
    """
    if levels.keys() != WEIGHTS.keys():
        raise ValueError("Every criterion has a level, and no other.")
    if not all(BLOCKING <= level <= BEST_LEVEL for level in levels.values()):
        raise ValueError(f"A level goes from {BLOCKING} to {BEST_LEVEL}.")
    found = sum(WEIGHTS[code] * level for code, level in levels.items()) // BEST_LEVEL
    return min(found, BLOCKED_AT_MOST) if BLOCKING in levels.values() else found
