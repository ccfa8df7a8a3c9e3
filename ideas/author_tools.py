"""What the author of a published idea may do with it now, as links: on its page and in « Mes idées »."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from ideas import coauthors, rules
from ideas.models import Idea
from mulhouse.errors import Refusal


@dataclass(frozen=True)
class Tool:
    """A link: its words, where it leads, its icon, and how it looks (`link_button`)."""

    words: str
    url: str
    icon: str
    kind: str = "secondary"


def of(user: Any, idea: Idea, *, at: dt.datetime) -> list[Tool]:
    """Give what somebody may do with a draft or an idea (with its campaign): nothing for others than its author. No query."""
    if not user.is_authenticated or idea.author_id != user.pk:
        return []
    shared = (
        coauthors.invite_refusal(user, idea, at=at),
        _("Signer à plusieurs"),
        "ideas:coauthors",
        "users",
        "secondary",
    )
    if idea.published_at is None:
        return _links(idea, (shared,))
    if not idea.is_visible:
        return []
    asked = (
        (rules.edit_refusal(user, idea, at=at), _("Corriger"), "ideas:correct", "pencil", "secondary"),
        (rules.photos_refusal(user, idea, at=at), _("Photos"), "ideas:photos", "image", "secondary"),
        shared,
        (rules.renew_refusal(user, idea, at=at), _("Prolonger"), "ideas:renew", "clock", "secondary"),
        (rules.withdraw_refusal(user, idea), _("Retirer"), "ideas:withdraw", "x", "danger"),
    )
    return _links(idea, asked)


def _links(idea: Idea, asked: Iterable[tuple[Refusal | None, str, str, str, str]]) -> list[Tool]:
    return [
        Tool(words, reverse(route, args=[idea.reference]), icon, kind)
        for refusal, words, route, icon, kind in asked
        if refusal is None
    ]
