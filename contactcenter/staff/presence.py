"""Who is online (Q4): told by the desk page, every 30 s, and by nothing else."""

from datetime import datetime

from django.db import connection

from contactcenter.staff.models.presence import ONLINE_WITHIN

_TOUCH = """
WITH before AS (SELECT seen_at FROM staff_presence WHERE employee_id = %(employee)s)
INSERT INTO staff_presence (employee_id, seen_at) VALUES (%(employee)s, %(now)s)
ON CONFLICT (employee_id) DO UPDATE SET seen_at = greatest(staff_presence.seen_at, excluded.seen_at)
RETURNING (SELECT seen_at FROM before)
"""


def touch(employee_id: int, now: datetime) -> bool:
    """Notes that his desk page answered; true where he was not online until now. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_TOUCH, {"employee": employee_id, "now": now})
        row = cursor.fetchone()
    before: datetime | None = row[0] if row else None
    return before is None or before < now - ONLINE_WITHIN
