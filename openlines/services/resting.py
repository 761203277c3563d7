"""Q3: outside working time, once everybody free has been asked, a dialog rests with the last one, and any member of the
queue may accept it until the line opens.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from openlines.models import Offer, OpenLine
from openlines.policies import worktime
from openlines.services.settings import line_settings


def rests(line: OpenLine, offers: Collection[Offer], *, now: datetime) -> bool:
    """``offers``: those that stand, of a dialog on ``line``."""
    lapsed = any(offer.lapsed_at is not None for offer in offers)
    return lapsed and not worktime.look(line_settings(line).working_time, now).is_open


def lines_at_rest(line_ids: Collection[int], *, now: datetime) -> list[int]:
    """Of these lines those that are closed now and on which an offer has lapsed. One statement."""
    lapsed = Offer.objects.filter(line_id__in=line_ids, ended_at__isnull=True, lapsed_at__isnull=False)
    lines = OpenLine.objects.filter(working_time_enabled=True, pk__in=lapsed.values("line"))
    return [line.pk for line in lines if not worktime.look(line_settings(line).working_time, now).is_open]
