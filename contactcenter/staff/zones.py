"""Days and their halves as moments, in somebody's time zone.

The moments are in UTC: two of the same zone are compared by their clocks, which is wrong where one repeats.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from django.conf import settings

MIDNIGHT = time(0)

#: The boundary of half days: noon by the clock, whatever his hours are and however long the day is.
NOON = time(12)


def zone_named(name: str) -> ZoneInfo:
    """The zone, or the installation's where this machine does not know the name."""
    return _known(name) or ZoneInfo(str(settings.TIME_ZONE))


@cache
def _known(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def start_of(day: date, *, at_noon: bool = False, zone: ZoneInfo) -> datetime:
    """The day's first moment, or its noon.

    Where the clock skips midnight (Beirut, Santiago) the day starts with the hour after the gap, where it
    repeats it (Havana) with the first of the two: both are what `fold=0` gives.
    """
    return datetime.combine(day, NOON if at_noon else MIDNIGHT, zone).astimezone(UTC)


def end_of(day: date, *, at_noon: bool = False, zone: ZoneInfo) -> datetime:
    """The first moment after the day, or its noon."""
    return start_of(day, at_noon=True, zone=zone) if at_noon else start_of(day + timedelta(days=1), zone=zone)
