"""Where somebody stands in a questionnaire: what they are asked given what they typed, what is still to correct, what comes next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from questionnaires.conditions import Given
from questionnaires.forms import PageForm, bound
from questionnaires.models import Answer, Response, ResponseFile
from questionnaires.outline import Asking, Outline, Page

Draft = Mapping[str, Sequence[str]]


def kept_files(response: Response | None) -> dict[int, ResponseFile]:
    """Give the file that a draft holds for each question."""
    if response is None:
        return {}
    held = {key for values in response.draft.values() for key in values}
    return {kept.question_id: kept for kept in response.files.order_by("pk") if str(kept.key) in held}


@dataclass
class Filling:
    """A questionnaire and what was typed in it so far."""

    outline: Outline
    draft: Draft
    kept: Mapping[int, ResponseFile]

    @cached_property
    def given(self) -> dict[int, Given]:
        """Give what conditions look at, over the whole questionnaire."""
        return self._form(self.outline.questions).given()

    @cached_property
    def shown(self) -> set[int]:
        """Give the keys of the questions that are asked."""
        return self.outline.shown(self.given)

    def asked_on(self, page: Page) -> list[Asking]:
        """Give the questions of a page that are asked."""
        return [asking for asking in page.questions if asking.pk in self.shown]

    def next_page(self, number: int) -> int | None:
        """Give the rank of the next page that asks something; None after the last."""
        return next(self.outline.pages_after(number, self.shown), None)

    def previous_page(self, number: int) -> int | None:
        """Give the rank of the page before; None on the first."""
        return next(self.outline.pages_before(number, self.shown), None)

    def form(self, page: Page) -> PageForm:
        """Bind the form of a page to the draft."""
        return self._form(self.asked_on(page))

    def _form(self, askings: Sequence[Asking]) -> PageForm:
        return bound(askings, self.draft, self.kept)

    @cached_property
    def first_problem(self) -> int | None:
        """Give the rank of the first page with something to correct; None when all can be sent."""
        return next((number for number, page in enumerate(self.outline.pages, start=1) if self.form(page).errors), None)

    def answers(self) -> list[Answer]:
        """Give the values of what is asked, to be sent."""
        return self._form([asking for asking in self.outline.questions if asking.pk in self.shown]).answers()

    def words(self) -> list[tuple[int, Page, list[tuple[str, str]]]]:
        """Give what was answered in words, page by page: (rank, page, (question, answer))."""
        found = []
        for number, page in enumerate(self.outline.pages, start=1):
            askings = self.asked_on(page)
            if askings:
                form = self.form(page)
                found.append((number, page, [(asking.question.label, form.words(asking)) for asking in askings]))
        return found
