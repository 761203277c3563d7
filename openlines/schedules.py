"""The schedules of Q7: the net below what is done at once. The administrator sees them with last run and
result.

Code owns which there are and what they call; how often is the administrator's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.utils.translation import gettext_noop
from django_q.models import Schedule


@dataclass(frozen=True)
class Planned:
    """A schedule as the code plans it; ``name`` identifies the row and is shown translated."""

    name: str
    func: str
    minutes: int


SCHEDULES: Final = (
    Planned(gettext_noop("Deadlines"), "openlines.tasks.tick", 1),
    Planned(gettext_noop("Distribution"), "openlines.tasks.sweep", 1),
    Planned(gettext_noop("Unanswered marking"), "openlines.tasks.mark_unanswered", 1),
    Planned(gettext_noop("Closing"), "openlines.tasks.close_dialogs", 1),
    Planned(gettext_noop("Outbox"), "openlines.tasks.wake_outbox", 1),
    Planned(gettext_noop("Mailboxes"), "openlines.tasks.poll", 1),
    Planned(gettext_noop("Health of connections"), "openlines.tasks.watch_connections", 5),
    Planned(gettext_noop("Webhooks at providers"), "openlines.tasks.mend_webhooks", 15),
    Planned(gettext_noop("Messages not kept"), "openlines.tasks.erase_logs", 15),
    Planned(gettext_noop("Deletion of lines"), "openlines.tasks.delete_lines", 5),
    Planned(gettext_noop("Missed deliveries"), "openlines.tasks.reconcile", 60),
    Planned(gettext_noop("Access of connections"), "openlines.tasks.renew_access", 24 * 60),
    Planned(gettext_noop("Names of clients"), "openlines.tasks.name_clients", 1),
    Planned(gettext_noop("Clean-up"), "openlines.tasks.clean_up", 60),
)


SCHEDULES_LOCK: Final = (0x0D1A, 2)


def ensure_schedules(*, using: str = DEFAULT_DB_ALIAS, **_: Any) -> None:
    """Make the rows as planned; safe to repeat, also in two processes at once. Receiver of post_migrate."""
    connection = connections[using]
    if Schedule._meta.db_table not in connection.introspection.table_names():
        return  # only some of the apps have been migrated yet
    schedules = Schedule.objects.using(using)
    with transaction.atomic(using=using):
        with (
            connection.cursor() as cursor
        ):  # names are not unique, and rows that are not there cannot be locked
            cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", SCHEDULES_LOCK)
        for planned in SCHEDULES:
            row = schedules.filter(name=planned.name).first()
            if row is None:
                schedules.create(
                    name=planned.name,
                    func=planned.func,
                    schedule_type=Schedule.MINUTES,
                    minutes=planned.minutes,
                )
            elif row.func != planned.func:
                row.func = planned.func
                row.save(update_fields=["func"])
