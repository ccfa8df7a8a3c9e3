"""What a service tells the pages of a questionnaire about itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from mulhouse.templatetags.ui import Crumb


@dataclass(frozen=True)
class Host:
    """Whose questionnaire it is: its title and address, and the way to the page that introduces the questionnaire.

    Shape: `base` is the address of that page; those of its pages begin with it.
    """

    title: str
    url: str
    base: str
    crumbs: Sequence[Crumb]

    @property
    def start_url(self) -> str:
        """Give the address from which one begins, or says that what this browser holds is somebody else's."""
        return f"{self.base}commencer/"

    def page_url(self, number: int) -> str:
        """Give the address of a page to fill."""
        return f"{self.base}page/{number}/"

    @property
    def check_url(self) -> str:
        """Give the address where one reads one's answers before sending."""
        return f"{self.base}verifier/"

    @property
    def thanks_url(self) -> str:
        """Give the address that confirms."""
        return f"{self.base}merci/"

    @property
    def resume_url(self) -> str:
        """Give the address where one comes back with a key."""
        return f"{self.base}reprendre/"

    @property
    def results_url(self) -> str:
        """Give the address of the results."""
        return f"{self.base}resultats/"
