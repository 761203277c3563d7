"""Who had what before his eyes, and when: a row a look that shows something new (message journey)."""

from __future__ import annotations

from datetime import datetime

from django.db import connection as database

_RECORD = """
WITH before AS (
    SELECT coalesce(max(seq), 0) AS seq FROM openlines_shown
    WHERE dialog_id = %(dialog)s AND employee_id = %(employee)s
)
INSERT INTO openlines_shown (dialog_id, employee_id, seq, at)
SELECT %(dialog)s, %(employee)s, max(message.seq), %(now)s
FROM openlines_message message, before
WHERE message.dialog_id = %(dialog)s AND message.seq > before.seq
  AND (%(last)s::bigint IS NULL OR message.id <= %(last)s)
  AND message.operator_id IS DISTINCT FROM %(employee)s
HAVING max(message.seq) IS NOT NULL
ON CONFLICT DO NOTHING
"""
"""What he wrote himself is nothing new to him. Ids of a dialog's messages rise with ``seq``: both are drawn under its lock."""


def record(dialog_id: int, *, employee_id: int, now: datetime, last: int | None = None) -> bool:
    """True where it showed him something new. ``last``: the newest message on his screen; None: all there are."""
    with database.cursor() as cursor:
        cursor.execute(_RECORD, {"dialog": dialog_id, "employee": employee_id, "now": now, "last": last})
        return bool(cursor.rowcount == 1)
