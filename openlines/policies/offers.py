"""An offer is held while its holder writes an answer (§2 Q3, §11 "Races"): nothing is taken from whoever types.

At most one idle time more, and only for who was offered it alone: an offer to all stands for an hour anyway.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from openlines.policies.dealing import Standing
from openlines.policies.facts import IN_QUEUE, DialogFacts, Distribution, LineSettings

LONGEST_HOLD: Final = timedelta(minutes=2)
"""From the last key: who has stopped writing does not keep a dialog for an idle time of hours."""
LEAST_GAIN: Final = timedelta(seconds=10)
"""A hold that gains less waits for a later key, unless the offer is about to lapse: few writes."""


def held_by_typing(
    dialog: DialogFacts, settings: LineSettings, *, standing: Standing, now: datetime
) -> DialogFacts | None:
    """The dialog with its offer held for the holder of ``standing``, who is writing; None where nothing changes."""
    until = dialog.offer_until
    to_all = settings.distribution is Distribution.TO_ALL and not standing.is_first
    if dialog.state not in IN_QUEUE or until is None or until <= now or standing.lapsed or to_all:
        return None
    span = settings.first_offer_time if standing.is_first else settings.idle_time
    lapses = dialog.offer_held_from or until
    held = min(now + min(span, LONGEST_HOLD), lapses + span)
    gain = held - until
    if gain <= timedelta() or (gain < LEAST_GAIN and until - now > LEAST_GAIN):
        return None
    return replace(dialog, offer_until=held, offer_held_from=lapses)
