"""What the filter forms of the lists have in common: GET forms whose answers are read one by one, and whose choices are plain values."""

from dataclasses import dataclass
from typing import Any, ClassVar

import django_filters as filters
from django import forms


@dataclass(frozen=True)
class Select:
    """A drop-down list of a filter form: its name, its words, and (value, words, chosen) for each option.

    `foreign` options are names that the city gave, in French.
    """

    name: str
    label: str
    options: list[tuple[str, str, bool]]
    foreign: bool = False


class Asked(filters.FilterSet):  # type: ignore[misc] # django-filter has no types
    """Questions asked of a list; `foreign` names those whose answers are names that the city gave."""

    foreign: ClassVar[frozenset[str]] = frozenset()

    def chosen(self, name: str) -> str:
        """Give a valid answer, "" when the question was left open or answered with nonsense."""
        self.form.is_valid()
        return str(self.form.cleaned_data.get(name) or "")

    def keep(self, queryset: Any, name: str, value: str) -> Any:
        """Leave the rows as they are: the view answers this question itself."""
        return queryset

    def select(self, name: str) -> Select:
        """Give one of the questions with its answers as plain values: Django's own rendering of an option is a template."""
        field, chosen = self.form.fields[name], self.chosen(name)
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (asked of choices only)
        choices: Any = field.choices
        options = [(str(value), str(label), str(value) == chosen) for value, label in choices]
        return Select(name=name, label=str(field.label), options=options, foreign=name in self.foreign)

    def words(self, name: str) -> str:
        """Say an answer with its question: « Quartier : Drouot »."""
        value = self.chosen(name)
        label = dict(getattr(self.form.fields[name], "choices", ())).get(value, f"«\u00a0{value}\u00a0»")
        return f"{self.form.fields[name].label}\u00a0: {label}"
