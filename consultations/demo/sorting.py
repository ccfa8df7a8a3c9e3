"""The analysis of the demonstration: opinions sorted in themes, answers that are public, others that agents prepare."""

import datetime as dt
import tomllib
from typing import Any

from accounts import demo as accounts
from accounts.models import User
from consultations import analysis, outcomes
from consultations.demo.texts import CONTENT, french
from consultations.models import AnalysisTheme, Consultation, Item
from consultations.phases import PARIS, midnight

Words = dict[str, Any]
HOUR = dt.timedelta(hours=11)
NO_ANSWER = analysis.Decided()


def seed(*, at: dt.datetime) -> bool:
    """Sort the opinions of the consultations that nobody has begun to; tell whether there were any."""
    agent = User.objects.get(email__in=[one.email for one in accounts.demo_accounts() if one.role == "agent"])
    found = tomllib.loads((CONTENT / "analysis.toml").read_text(encoding="utf-8"))["consultations"]
    # Each of them, whatever the first one says.
    sorted_now = [_sort(words, agent, at) for words in found]
    return any(sorted_now)


def _sort(words: Words, agent: User, at: dt.datetime) -> bool:
    rows = Consultation.objects.filter(slug=words["slug"], published_at__isnull=False, analysis_themes__isnull=True)
    consultation = rows.first()
    if consultation is None:
        return False
    day = at.astimezone(PARIS).date() + dt.timedelta(days=words["published"])
    published_at = min(midnight(day) + HOUR, at)
    public = [theme.pk for each in words["themes"] if (theme := _theme(consultation, each, words, agent, at))]
    outcomes.publish(actor=agent, consultation=consultation, at=published_at, themes=public)
    return True


def _theme(consultation: Consultation, each: Words, words: Words, agent: User, at: dt.datetime) -> AnalysisTheme | None:
    """Write a theme and its opinions; give it when its answer is to be published."""
    said = analysis.Words(each["title"], each["title"], french(each["summary"]), each.get("minority", False))
    theme = analysis.create_theme(actor=agent, consultation=consultation, words=said)
    decided = NO_ANSWER
    if "decision" in each:
        decided = analysis.Decided(each["decision"], french(each["explanation"]), each.get("forwarded_to", ""))
    analysis.save_theme(actor=agent, theme=theme, words=said, decided=decided, seen=theme.version)
    loose = Item.objects.standing().filter(consultation=consultation).order_by("pk")
    if each["title"] == words.get("rest"):
        keys = list(loose.filter(links__isnull=True).values_list("pk", flat=True))
    else:
        keys = [item.pk for item in loose if _holds(item, each["words"])]
    analysis.attach(actor=agent, theme=theme, keys=keys)
    if "note" in each:
        analysis.add_note(actor=agent, about=theme, body=french(each["note"]), at=at)
    return theme if "decision" in each and not each.get("draft") else None


def _holds(item: Item, words: list[str]) -> bool:
    text = f"{item.title} {item.words}".lower()
    return any(word in text for word in words)
