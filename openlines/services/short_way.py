"""The hot path: a further message into a dialog that waits for us anyway, as one statement.

In the states of ``lifecycle.QUIET_ON_CLIENT_MESSAGE`` a client's message changes no state, no clock and no deadline,
only counters. So there is nothing to decide: lock, insert and count in one round trip. Whatever else is the case
(no open dialog, another state, the same message again, receivers that want the message within the transaction) gives
None and goes the ordinary way, which finds everything as it was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection as database

from openlines import lifecycle, signals
from openlines.live import publish, topics
from openlines.services.change import PREVIEW


@dataclass(frozen=True)
class Taken:
    """The message as it was stored."""

    message_id: int
    client_id: int
    dialog_id: int
    seq: int
    rev: int


_TAKE = """
WITH d AS (
    SELECT dialog.id, dialog.connection_id, dialog.rev, dialog.last_seq
    FROM openlines_client client JOIN openlines_dialog dialog ON dialog.client_id = client.id
    WHERE client.connection_id = %(connection)s AND client.external_id = %(external_id)s AND client.is_reachable
      AND (%(page)s = '' OR client.page_url = %(page)s) AND (%(language)s = '' OR client.language = %(language)s)
      AND dialog.state = ANY(%(states)s) AND dialog.clock_started_at IS NOT NULL
      AND dialog.frozen_at IS NULL AND dialog.released_at IS NULL
      AND (dialog.quiet_until IS NULL OR dialog.quiet_until > %(now)s) AND dialog.finish_at IS NULL
    FOR UPDATE OF dialog
), m AS (
    INSERT INTO openlines_message (
        dialog_id, connection_id, seq, rev, uuid, author, kind, is_note, trigger, text, extra, reply_to_external_id,
        created_at, sent_at, earlier_texts, delivery, failure
    )
    SELECT id, connection_id, last_seq + 1, rev + 1, %(uuid)s, 'client', 'text', false, '', %(text)s, '{}', '',
        %(now)s, %(now)s, '[]', '', ''
    FROM d
    ON CONFLICT (uuid) DO NOTHING
    RETURNING id, dialog_id, seq, rev
)
UPDATE openlines_dialog AS dialog
SET rev = rev + 1, last_seq = last_seq + 1, message_count = message_count + 1,
    client_message_count = client_message_count + 1, last_activity_at = %(now)s, last_message_at = %(now)s,
    last_client_message_at = %(now)s,
    last_text = %(preview)s, last_author = 'client'
WHERE id = (SELECT dialog_id FROM m)
RETURNING (SELECT id FROM m), id, last_seq, rev, line_id, operator_id, client_id
"""
"""Not ``FROM m``: the planner may merge the join and read the whole index of dialogs for it."""


def take_text(
    connection_id: int,
    external_id: str,
    *,
    uuid: UUID,
    text: str,
    now: datetime,
    page: str = "",
    language: str = "",
) -> Taken | None:
    """Store a live-chat client's ``text``; None where the ordinary way (``client_messages.receive``) must be gone.

    ``page``, ``language``: where they are new, the client's row changes too, which is the ordinary way's business.
    """
    if signals.client_message_received.receivers:
        return None
    with database.cursor() as cursor:
        cursor.execute(
            _TAKE,
            {
                "connection": connection_id,
                "external_id": external_id,
                "page": page,
                "language": language,
                "states": [str(state) for state in lifecycle.QUIET_ON_CLIENT_MESSAGE],
                "uuid": uuid,
                "text": text,
                "preview": text[:PREVIEW],
                "now": now,
            },
        )
        row = cursor.fetchone()
    if row is None:
        return None
    message_id, dialog_id, seq, rev, line_id, operator_id, client_id = row
    changed = {"dialog": dialog_id, "rev": rev, "line": line_id}
    screens = [topics.line(line_id), *([topics.employee(operator_id)] if operator_id else [])]
    publish.signal_many(
        [
            *((topic, "dialog", changed) for topic in screens),
            (topics.client(client_id), "messages", {"dialog": dialog_id, "rev": rev}),
        ]
    )
    return Taken(message_id=message_id, client_id=client_id, dialog_id=dialog_id, seq=seq, rev=rev)
