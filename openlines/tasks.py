"""The work that django-q2 runs: the entry points of the schedules and of queued work.

Each takes the time once and calls one service. What a task returns is kept with it and read in the admin: a
short sentence. Tasks that merely wake somebody are queued with ``q_options={"save": False}``.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Collection
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from openlines.models import LiveDrop, Usage
from openlines.policies.facts import DeadlineKind
from openlines.services import (
    connection_deletion,
    connections,
    deadlines,
    early_marks,
    erasure,
    files,
    health,
    inbound,
    line_deletion,
    line_switch,
    outbound,
    polling,
    routing,
    staffing,
    upkeep,
)
from openlines.ticker import End, Ticker
from openlines.work import pulse

logger = logging.getLogger(__name__)

MOST_FIRED = 50
"""Of one turn: few enough that ``now`` stays true, a hand-over quick and a stop short."""
OUTBOX_EVERY = 5.0
"""Seconds between two looks of a ticker for replies that no task is on its way for."""

MOST_ROUNDS = 50
"""Rounds of one scheduled net; what is still due then is left to the ticker and the next minute."""


class _Firing:
    """What a ticker does in one turn."""

    def __init__(self) -> None:
        self._looked = time.monotonic()

    def __call__(self, *, now: datetime) -> deadlines.Fired:
        fired = deadlines.fire_due(now=now, limit=MOST_FIRED)
        if time.monotonic() - self._looked > OUTBOX_EVERY:
            self._looked = time.monotonic()
            if found := outbound.sweep(now=now):
                logger.warning("Replies of %s connections were waiting with no task on its way", found)
        return fired


fire = _Firing()


def tick() -> str:
    """The ticker of this minute (Q7): leads until the next one comes. Returns how much it fired."""
    ticker = Ticker(fire, stopping=pulse.stopping, name=f"openlines ticker task {os.getpid()}")
    served = ticker.serve()
    if served.end is End.NEVER_LED:
        # Whoever leads neither hands over nor dies. Deadlines are claimed one by one: helping does no harm.
        fired = deadlines.fire_due(now=timezone.now())
        return _("another ticker leads and did not hand over; %(count)d fired beside it") % {
            "count": fired.count
        }
    return ngettext(
        "%(count)d deadline fired in %(seconds)d s",
        "%(count)d deadlines fired in %(seconds)d s",
        served.fired,
    ) % {"count": served.fired, "seconds": round(served.seconds)}


def sweep() -> str:
    """Distribution again where a dialog waits, and a look whether every open dialog has its deadlines (Q7).

    Finds nothing unless an event was lost.
    """
    now = timezone.now()
    found: list[int] = []
    errors: list[Exception] = []
    for net in (line_switch.sweep, routing.sweep, deadlines.audit, staffing.sweep):
        try:
            found.append(net(now=now))
        except Exception as error:  # one net that is torn must not take the others along
            logger.exception("A net of the sweep failed")
            errors.append(error)
    if errors:
        raise errors[0]
    _stopped, lost, mended, returned = found
    return _(
        "lost distributions: %(lost)d; dialogs with wrong deadlines: %(mended)d; "
        "taken back from who is away: %(returned)d"
    ) % {"lost": lost, "mended": mended, "returned": returned}


def mark_unanswered() -> str:
    """The net below unanswered marking (A4); finds nothing while a ticker lives."""
    return _net({DeadlineKind.UNANSWERED})


def close_dialogs() -> str:
    """The net below automatic closing and the end of wrap-up (A7, A8); finds nothing while a ticker lives."""
    return _net({DeadlineKind.AUTO_CLOSE, DeadlineKind.CLOSE})


def clean_up() -> str:
    """Removes rows of the inbound log that are older than their days, and what limits and streams need no more."""
    now = timezone.now()
    Usage.objects.filter(until__lt=now).delete()
    LiveDrop.objects.filter(at__lt=now - timedelta(hours=1)).delete()
    removed = inbound.clean_up(now=now)
    return ngettext("%(count)d old event removed", "%(count)d old events removed", removed) % {
        "count": removed
    }


def watch_connections() -> str:
    """L1: a notice where a connection has turned silent or failing."""
    turned = health.watch(now=timezone.now())
    return ngettext("%(count)d connection turned bad", "%(count)d connections turned bad", turned) % {
        "count": turned
    }


def mend_webhooks() -> str:
    """L5: webhooks that a provider did not set or remove when it was asked."""
    done = connections.mend(now=timezone.now())
    return ngettext("%(count)d webhook mended", "%(count)d webhooks mended", done) % {"count": done}


def erase_logs() -> str:
    """§10: texts of closed dialogs on lines that keep none, where they could not be erased at once."""
    erased = erasure.sweep(now=timezone.now())
    return ngettext("%(count)d dialog erased", "%(count)d dialogs erased", erased) % {"count": erased}


def delete_line(line_id: int) -> None:
    """L7. Queued by ``services/line_deletion.py``, unsaved; what stops is taken up by ``delete_lines``."""
    line_deletion.go_on(line_id, now=timezone.now())


def delete_connection(connection_id: int) -> None:
    """Queued by ``services/connection_deletion.py``, unsaved; what stops is taken up by ``delete_lines``."""
    connection_deletion.go_on(connection_id, now=timezone.now())


def delete_lines() -> str:
    """L7: deletions that were stopped go on, those of connections too."""
    connection_deletion.sweep(now=timezone.now())
    done = line_deletion.sweep(now=timezone.now())
    return ngettext("%(count)d line deleted", "%(count)d lines deleted", done) % {"count": done}


def reconcile() -> str:
    """Deliveries that got lost on the way: the provider's own list is asked."""
    found = upkeep.reconcile(now=timezone.now())
    return ngettext("%(count)d missed delivery found", "%(count)d missed deliveries found", found) % {
        "count": found
    }


def renew_access() -> str:
    """Access of connections that expires unless it is renewed."""
    renewed = upkeep.renew(now=timezone.now())
    return ngettext("%(count)d access renewed", "%(count)d accesses renewed", renewed) % {"count": renewed}


def name_clients() -> str:
    """Names of new clients whose channel told their id alone."""
    named = upkeep.name_clients(now=timezone.now())
    return ngettext("%(count)d client named", "%(count)d clients named", named) % {"count": named}


def wake_outbox() -> str:
    """The net below the outbox: connections with something due and no task on its way; marks that came too early."""
    now = timezone.now()
    found = outbound.sweep(now=now)
    early_marks.sweep(now=now)
    return ngettext("%(count)d connection woken", "%(count)d connections woken", found) % {"count": found}


def poll(connection_id: int | None = None) -> str | None:
    """Channels that nobody delivers: without an id a task for each of them, else what is new on that one."""
    if connection_id is not None:
        polling.poll(connection_id, now=timezone.now())
        return None
    asked = polling.wake()
    return ngettext("%(count)d mailbox asked", "%(count)d mailboxes asked", asked) % {"count": asked}


def drain(connection_id: int) -> None:
    """Send what waits in the outbox of one connection. Queued by ``services/wakeups.py``, unsaved."""
    outbound.drain(connection_id, now=timezone.now())


def fetch(connection_id: int) -> None:
    """Get the files of received messages from one connection's provider. Queued like ``drain``."""
    files.fetch(connection_id, now=timezone.now())


def acknowledge(event_id: int) -> None:
    """Stop the waiting at the provider for a delivery that was taken. Queued by ``services/inbound.py``, unsaved."""
    inbound.acknowledge(event_id)


def _net(kinds: Collection[str]) -> str:
    done = 0
    for _round in range(MOST_ROUNDS):
        fired = deadlines.fire_due(now=timezone.now(), kinds=kinds)
        done += fired.count
        if not fired.count or pulse.stopping():
            break
    return ngettext("%(count)d overdue dialog found", "%(count)d overdue dialogs found", done) % {
        "count": done
    }
