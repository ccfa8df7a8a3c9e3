"""What somebody had answered before they sent their response again, while the results of an open questionnaire still count it.

Public results stand still from one midnight to another: had the change of one person moved them at once, whoever read the page
before and after would know what they answered first, and then.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from questionnaires.models import Answer, Response

# Of an answer: its question, then its value.
COLUMNS = ("question_id", "option_id", "row_id", "rank", "number", "district_id")


@dataclass(frozen=True)
class Before:
    """The answers of one response, with the district and the age band they were sent with."""

    district: int | None
    age_band: str
    answers: list[tuple[Any, ...]]

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Before":
        """Read what `keep` wrote."""
        answers = [
            (*start, None if number is None else Decimal(number), end) for *start, number, end in kept["answers"]
        ]
        return cls(kept["district"], kept["age_band"], answers)

    def lines(self) -> Iterator[tuple[Any, ...]]:
        """Count its values, then (marked) the questions it answered, as the table of answers is counted."""
        for values in self.answers:
            yield (False, *values, 1)
        for question in {values[0] for values in self.answers}:
            yield (True, question, None, None, None, None, None, 1)


def keep(response: Response) -> dict[str, Any]:
    """Write the answers of a response as they are, for its column `before`. One query."""
    rows = Answer.objects.filter(response=response).order_by("pk").values_list(*COLUMNS)
    return {
        "district": response.district_id,
        "age_band": response.age_band,
        "answers": [[*start, None if number is None else str(number), end] for *start, number, end in rows],
    }
