"""What is told of the two parts of the supports of an idea: the same on its page and in the open data."""

from typing import Any

from mulhouse import small_cells

VERIFIED, DECLARED = "verified", "declared"


def parts(idea: Any) -> dict[str, int]:
    """Give both parts of the supports of an idea; nothing where one of them would single out a few people.

    Where the thresholds count verified residences only, their number is told anyway, and the total beside it: nothing is left to hide.
    """
    counts = {VERIFIED: idea.verified_count, DECLARED: idea.declared_count}
    return counts if idea.verified_only else small_cells.merged(counts).shown
