"""What a calendar's invitation is about, in words: when, where and who."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from icalendar import Calendar

from openlines.connectors.fields import text as storable

TYPES = ("text/calendar", "application/ics", "application/calendar")
MAX_CALENDAR = 200_000
"""Letters of a calendar that are read."""
MOST_PEOPLE = 10


def describe(source: str) -> str:
    """Times in the installation's zone, which is named. Nothing where it cannot be read: the file comes with the mail."""
    try:
        calendars = Calendar.from_ical(source[:MAX_CALENDAR], multiple=True)
        found = next((one for calendar in calendars for one in calendar.walk("VEVENT")), None)
        if found is None:
            return ""
        method = str(calendars[0].get("method", "")).upper()
        return _in_words(found, method)
    except Exception:  # a parser of strangers' files, on a stranger's file
        return ""


def _in_words(event: Any, method: str) -> str:
    kinds = {
        "CANCEL": _("A meeting was called off: %(what)s"),
        "REPLY": _("Answer to an invitation: %(what)s"),
        "COUNTER": _("Another time is proposed: %(what)s"),
    }
    is_off = str(event.get("status", "")).upper() == "CANCELLED"
    title = kinds.get("CANCEL" if is_off else method, _("Invitation: %(what)s"))
    lines = [title % {"what": _line(event.get("summary")) or "–"}]
    if when := _when(event):
        lines.append(_("When: %(when)s") % {"when": when})
    if place := _line(event.get("location")):
        lines.append(_("Where: %(where)s") % {"where": place})
    if who := _people(event):
        lines.append(_("Who: %(who)s") % {"who": who})
    return "\n".join(lines)


def _line(value: object) -> str:
    return storable(" ".join(str(value or "").split()), limit=300)


def _when(event: Any) -> str:
    start = _moment(event.get("dtstart"))
    end = _moment(event.get("dtend"))
    if start is None:
        return ""
    length = getattr(event.get("duration"), "dt", None)
    if end is None and isinstance(length, timedelta):
        end = start + length
    if not isinstance(start, datetime):
        last = end - timedelta(days=1) if end is not None and not isinstance(end, datetime) else start
        day = date_format(start, "DATE_FORMAT")
        return day if last <= start else f"{day} – {date_format(last, 'DATE_FORMAT')}"
    zone = timezone.get_default_timezone_name()
    if start.tzinfo is None:  # a time without a zone is meant where its reader is
        start = timezone.make_aware(start, timezone.get_default_timezone())
    start = start.astimezone(timezone.get_default_timezone())
    words = f"{date_format(start, 'DATE_FORMAT')}, {date_format(start, 'H:i')}"
    if isinstance(end, datetime):
        if end.tzinfo is None:
            end = timezone.make_aware(end, timezone.get_default_timezone())
        end = end.astimezone(timezone.get_default_timezone())
        day = "" if end.date() == start.date() else f"{date_format(end, 'DATE_FORMAT')}, "
        words = f"{words}–{day}{date_format(end, 'H:i')}"
    return f"{words} ({zone})"


def _moment(value: Any) -> datetime | date | None:
    found = getattr(value, "dt", None)
    return found if isinstance(found, date) else None


def _people(event: Any) -> str:
    """Names alone: addresses of others are no contact points of the client."""
    attendees = event.get("attendee") or []
    attendees = attendees if isinstance(attendees, list) else [attendees]
    people = [one for one in (event.get("organizer"), *attendees) if one]
    names = [_line(getattr(one, "params", {}).get("CN") or str(one).partition(":")[2]) for one in people]
    names = [name.partition("@")[0] for name in names if name]
    return ", ".join(list(dict.fromkeys(names))[:MOST_PEOPLE])
