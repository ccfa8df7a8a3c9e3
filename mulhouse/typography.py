"""French (and German, and English) typography of dates and amounts: pure writing, no page."""

from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

NBSP = "\u00a0"
MEGABYTE = 1_000_000
Moment = date | datetime


def local_day(moment: Moment) -> date:
    """Give the day in Paris of a date or of an instant."""
    if isinstance(moment, datetime):
        return timezone.localtime(moment).date()
    return moment


def _day_number(day: date) -> str:
    """The number alone: « 1er » in French, "2." in German."""
    language = get_language() or "fr"
    if language.startswith("fr"):
        return "1er" if day.day == 1 else str(day.day)
    return f"{day.day}." if language.startswith("de") else str(day.day)


def day(moment: Moment, *, year: bool = True, weekday: bool = False) -> str:
    """Write a day in words: « samedi 12 décembre 2026 », « 1er mars ».

    Shape: no-break space between the number and the month; the weekday in lower case in French.
    """
    when = local_day(moment)
    month = date_format(when, "F")
    words = f"{_day_number(when)}{NBSP}{month}"
    if year:
        words = f"{words} {when.year}"
    return f"{date_format(when, 'l').lower() if _is_french() else date_format(when, 'l')} {words}" if weekday else words


def hour(moment: datetime) -> str:
    """Write an hour: « 18 h 30 », « 18 h », "18:30" in the other languages."""
    local = timezone.localtime(moment)
    if not _is_french():
        return f"{local:%H:%M}"
    return f"{local.hour}{NBSP}h{NBSP}{local.minute:02d}" if local.minute else f"{local.hour}{NBSP}h"


def instant(moment: datetime, *, weekday: bool = False) -> str:
    """Write a day and an hour: « 12 décembre 2026 à 18 h 30 »."""
    return _("%(day)s à %(hour)s") % {"day": day(moment, weekday=weekday), "hour": hour(moment)}


def date_range(start: Moment | None, end: Moment | None, *, year: bool = True) -> str:
    """Write a period, repeating neither month nor year: « du 2 au 22 mars 2026 ».

    Shape: `end` is the last day included. Without `start`: « jusqu’au … »; without `end`: « à partir du … »;
    one day: « le … »; neither: "".
    """
    first, last = (local_day(start) if start else None), (local_day(end) if end else None)
    if first and last and first != last:
        if (first.year, first.month) == (last.year, last.month):
            from_words = _day_number(first)
        else:
            from_words = day(first, year=year and first.year != last.year)
        return _("du %(start)s au %(end)s") % {"start": from_words, "end": day(last, year=year)}
    if first and last:
        return _("le %(day)s") % {"day": day(first, year=year)}
    if last:
        return _("jusqu’au %(day)s") % {"day": day(last, year=year)}
    return _("à partir du %(day)s") % {"day": day(first, year=year)} if first else ""


def number(value: float, *, decimals: int | None = None) -> str:
    """Write a number with its thousands apart: « 4 218 », « 2,4 »."""
    if decimals is None and isinstance(value, int) and 0 <= value < 1000:  # noqa: PLR2004 (nothing to set apart)
        return str(value)
    return number_format(value, decimal_pos=decimals, force_grouping=True)


def amount(cents: int) -> str:
    """Write euros: « 300 000 € », « 12,50 € ».

    Units: euro cents.
    """
    return f"{number(cents // 100 if cents % 100 == 0 else cents / 100, decimals=0 if cents % 100 == 0 else 2)}{NBSP}€"


def file_size(size_bytes: int) -> str:
    """Write the size of a file: « 84 ko », « 1,2 Mo ».

    Units: bytes; 1 ko = 1,000 bytes.
    """
    if size_bytes < MEGABYTE:
        return f"{number(max(1, round(size_bytes / 1000)))}{NBSP}" + _("ko")
    return f"{number(size_bytes / MEGABYTE, decimals=1)}{NBSP}" + _("Mo")


def _is_french() -> bool:
    return (get_language() or "fr").startswith("fr")
