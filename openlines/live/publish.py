"""Say that something changed: collected within the transaction, sent in one statement after it.

NOTIFY inside a transaction that writes makes commits queue behind one another's disk flush, so it is never
there. What is lost when the process dies between commit and NOTIFY is made good by the next signal or resync:
screens ask for "everything since revision n".
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

CHANNEL: Final = "openlines_live"
DROP_KIND: Final = "drop"
"""Ends the streams of the holder that is its topic. Never reaches a browser."""

PAYLOAD_LIMIT: Final = 7900
"""Bytes. PostgreSQL refuses 8000."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Signal:
    topic: str
    kind: str
    data: dict[str, Any]


class _Outgoing:
    """The signals of one transaction, and the hook that sends them after its commit.

    Those of a savepoint rolled back meanwhile go too: a screen then looks for nothing, which harms nobody.
    """

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self._connection = connection
        self._signals: dict[tuple[str, str, Any], _Signal] = {}

    def add(self, signal: _Signal) -> None:
        key = (signal.topic, signal.kind, signal.data.get("dialog"))
        self._signals.pop(key, None)  # the latest wins, and takes its place in the order too
        self._signals[key] = signal

    def __call__(self) -> None:
        signals, self._signals = list(self._signals.values()), {}
        if signals:
            _send(self._connection, signals)


def signal(topic: str, kind: str, **data: Any) -> None:
    """Tell all who listen to ``topic``, after the commit if there is a transaction.

    ``data`` is small and JSON-able. Of two with equal (topic, kind, dialog) in a transaction only the latest
    is sent. Never fails: the caller's work is done whether anybody hears of it or not.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if not connection.in_atomic_block:
        _send(connection, [_Signal(topic, kind, data)])
        return
    outgoing = _outgoing_of_this_transaction(connection)
    if outgoing is None:
        outgoing = _Outgoing(connection)
        connection.on_commit(outgoing, robust=True)
    outgoing.add(_Signal(topic, kind, data))


def signal_many(announcements: Iterable[tuple[str, str, dict[str, Any]]]) -> None:
    """Several (topic, kind, data) as ``signal``; outside a transaction in one statement too."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.in_atomic_block:
        for topic, kind, data in announcements:
            signal(topic, kind, **data)
    else:
        _send(connection, [_Signal(topic, kind, data) for topic, kind, data in announcements])


def drop_holder(holder: str) -> None:
    """End the holder's streams and refuse the tickets issued until now.

    Changes of rows that rights hang on need no call: the database's triggers do the same for whoever writes them
    (``live/__init__.py``).
    """
    signal(holder, DROP_KIND)


def _outgoing_of_this_transaction(connection: BaseDatabaseWrapper) -> _Outgoing | None:
    """Looked for in Django's own list of hooks, which loses what a rollback, also to a savepoint, makes void.

    A hook that is still there was made in no savepoint that could be rolled back without the signal at hand.
    """
    for hook in reversed(connection.run_on_commit):
        if isinstance(hook[1], _Outgoing):
            return hook[1]
    return None


def _send(connection: BaseDatabaseWrapper, signals: Iterable[_Signal]) -> None:
    try:
        payloads = list(_payloads(signals))
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, p) FROM unnest(%s::text[]) AS p", [CHANNEL, payloads])
    except Exception:  # hints: what they tell of is committed, and screens ask by revision
        logger.exception("Live signals were not sent; screens catch up with the next one")


def _payloads(signals: Iterable[_Signal]) -> Iterator[str]:
    """Pack as few payloads as the limit allows: ``{"at": seconds, "signals": [[topics, kind, data], …]}``.

    Signals that differ only in the topic share an entry, so a message's text goes once to the desk, the line
    and the client. ``at`` is taken here, after the commit, so that a ticket made from rights that a drop has
    changed is surely older than the drop.
    """
    head = f'{{"at":{timezone.now().timestamp()},"signals":['
    room = PAYLOAD_LIMIT - len(head) - 2
    entries: list[str] = []
    used = 0
    for entry in _entries(signals, limit=room):
        size = len(entry.encode()) + 1
        if entries and used + size > room:
            yield head + ",".join(entries) + "]}"
            entries, used = [], 0
        entries.append(entry)
        used += size
    if entries:
        yield head + ",".join(entries) + "]}"


def _entries(signals: Iterable[_Signal], *, limit: int) -> Iterator[str]:
    topics: dict[tuple[str, str], list[str]] = {}
    for one in signals:
        topics.setdefault((one.kind, _fitting(one, limit=limit)), []).append(one.topic)
    for (kind, data), listeners in topics.items():
        for some in _chunks(listeners, 100):
            yield f"[{_json(some)},{_json(kind)},{data}]"


def _fitting(one: _Signal, *, limit: int) -> str:
    """The data as JSON; if too long without its text, then with the dialog only: the screen asks anyway."""
    room = limit - 2000  # what a hundred topics and the kind may take
    data = _json(one.data)
    if len(data.encode()) > room:
        data = _json({key: value for key, value in one.data.items() if key != "text"} | {"cut": True})
    if len(data.encode()) > room:
        data = _json({key: one.data[key] for key in ("dialog", "rev") if key in one.data} | {"cut": True})
    return data


def _chunks(topics: list[str], size: int) -> Iterator[list[str]]:
    for start in range(0, len(topics), size):
        yield topics[start : start + size]


def _json(value: object) -> str:
    text = json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, separators=(",", ":"))
    return text.encode("utf-8", "replace").decode()  # half a surrogate pair must not cost the signal
