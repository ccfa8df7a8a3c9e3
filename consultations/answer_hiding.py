"""What moderation does to the free texts of questionnaires that an agent showed to the public, without a name.

Taken away, a text is on no public page any more; agents go on reading it, it is owed an answer. Moderators do not learn who
wrote it: nobody does, so nobody is written to.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from consultations.models import Consultation, Item
from moderation.kinds import Kind, Words
from moderation.models import Case
from mulhouse.errors import Refusal
from mulhouse.references import read_reference
from questionnaires.models import Answer

CODE, SEGMENT = "free_answer", "reponse"


def show_refusal(item: Item) -> Refusal | None:
    """Tell whether an agent may show a free text: not one that moderation took away, unless an appeal or a report made it decide again."""
    if Case.objects.filter(kind=CODE, subject=item.reference, state=Case.State.HIDDEN).exists():
        return Refusal("hidden", "La modération a retiré ce texte\u00a0: il ne se montre plus.")
    return None


def report_url(item: Item) -> str:
    """Give the page where anybody reports a free text."""
    return reverse("moderation:report", args=[SEGMENT, item.reference])


def _rows() -> Any:
    rows = Item.objects.filter(answer__isnull=False).select_related("consultation", "answer__question")
    return rows.defer("search")


def _find(reference: str) -> Item | None:
    return _rows().filter(reference=read_reference(reference)).first()  # type: ignore[no-any-return]


def _hold(reference: str) -> Item | None:
    rows = _rows().select_for_update(of=("self",), no_key=True)
    return rows.filter(reference=read_reference(reference)).first()  # type: ignore[no-any-return]


def _many(references: Iterable[str]) -> Mapping[str, Any]:
    return {row.reference: row for row in _rows().filter(reference__in=list(references))}


def _text(item: Item) -> str:
    return item.answer.text if item.answer else ""


def _words(item: Item) -> Words:
    question = item.answer.question.label if item.answer else ""
    return Words("", _text(item), f"{item.consultation.title}\u00a0: {question}", item.consultation.get_absolute_url())


def _url(item: Item) -> str:
    """Give the list of opinions, from this one on: a free text has no page of its own."""
    return f"{reverse('consultations:outcomes', args=[item.consultation.slug])}?voir=avis&depuis={item.reference}"


def _is_public(item: Item) -> bool:
    seen = Consultation.objects.visible_to(AnonymousUser())
    return Item.objects.filter(consultation__in=seen, pk=item.pk).public().exists()


def _hide(item: Item, _at: dt.datetime, _clause: str) -> None:
    Answer.objects.filter(item=item).update(shown_at=None)


def _show(item: Item) -> None:
    Answer.objects.filter(item=item, shown_at__isnull=True).update(shown_at=timezone.now())


def _keep_for_agents(_item: Item) -> None:
    """Leave the words, which no public page shows: they were given to the city, which answers them."""


KIND = Kind(
    code=CODE,
    label=gettext_lazy("réponse libre à un questionnaire"),
    segment=SEGMENT,
    find=_find,
    hold=_hold,
    many=_many,
    words=_words,
    author=lambda _item: None,
    url=_url,
    is_public=_is_public,
    is_gone=lambda item: item.answer is None or item.answer.shown_at is None,
    hide=_hide,
    show=_show,
    snapshot=lambda item: {"body": _text(item)},
    erase=_keep_for_agents,
)
