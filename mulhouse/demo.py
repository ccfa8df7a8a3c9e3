"""What each service adds to the demonstration: declared once, loaded by `seed_demo` after the city and its people."""

import datetime as dt
from collections.abc import Callable, Iterator
from functools import partial

Seed = Callable[..., bool]
_seeds: dict[str, Seed] = {}


def declare(name: str, seed: Seed) -> None:
    """Add a step; called from AppConfig.ready(). `seed(at=…)` tells whether it changed anything, and repeats nothing."""
    _seeds[name] = seed


def steps(*, at: dt.datetime) -> Iterator[tuple[str, Callable[[], bool]]]:
    """Name each step and what does it, in the order of their declaration."""
    for name, seed in _seeds.items():
        yield name, partial(seed, at=at)
