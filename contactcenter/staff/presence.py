"""Who is online (Q4): told by the desk page, every 30 s, and by nothing else."""

from datetime import datetime

from django.db import connection, transaction

from contactcenter.staff import signals
from contactcenter.staff.models import Employee
from contactcenter.staff.models.presence import ONLINE_WITHIN

_TOUCH = """
WITH before AS MATERIALIZED (
    SELECT seen_at FROM staff_presence WHERE employee_id = %(employee)s FOR NO KEY UPDATE
)
INSERT INTO staff_presence (employee_id, seen_at)
SELECT %(employee)s, %(now)s FROM (SELECT max(seen_at) FROM before) looked_first
ON CONFLICT (employee_id) DO UPDATE SET seen_at = greatest(staff_presence.seen_at, excluded.seen_at)
RETURNING (SELECT seen_at FROM before)
"""


def touch(employee_id: int, now: datetime) -> bool:
    """Notes that his desk page answered; true where he was not online until now. One statement.

    The row is locked before it is read: of two tabs that wake together one has arrived.
    """
    with connection.cursor() as cursor:
        cursor.execute(_TOUCH, {"employee": employee_id, "now": now})
        row = cursor.fetchone()
    before: datetime | None = row[0] if row else None
    return before is None or before < now - ONLINE_WITHIN


def note_sign_of_life(employee_id: int, now: datetime) -> None:
    """A desk page answered: several tabs are one, and who was away has arrived (Q7).

    `now` is when the server heard it, whatever the page says: a page that slept, or a request that was kept
    somewhere, proves nothing about the time before.
    """
    with transaction.atomic():
        if touch(employee_id, now):
            signals.arrived.send(Employee, employee_id=employee_id, now=now)
            signals.became_available.send(Employee, employee_id=employee_id, now=now)
