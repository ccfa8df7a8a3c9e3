"""What a commitment comes from, as the services hand it over."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Host:
    """The source of a commitment: its title, its address, and the topic that its followers follow."""

    title: str
    url: str
    topic: str
