"""Who listens to what, in one process. Runs in the event loop only, so there are no locks."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from openlines.live.publish import DROP_KIND
from openlines.live.topics import TICKET_LIFETIME, Drop, Ticket

QUEUE_LIMIT: Final = 200
"""Frames. A browser that lags by more is told to look again instead."""
HEARTBEAT: Final = 3.0
"""Seconds between ``beat`` events: proxies leave the stream open, and a browser can tell that the line is dead: the desk
says so after five seconds of silence (``static/workspace/connection.js``). Not a comment, for a page never sees comments."""
FAREWELL: Final = 1.0
"""Seconds a stream has for its last words; a client that reads nothing must not hold up a stop."""

logger = logging.getLogger(__name__)


class Bye(StrEnum):
    RIGHTS = "rights"
    TICKET = "ticket"
    STOPPING = "stopping"


def frame(event: str, data: dict[str, Any]) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event}\ndata: {text}\n\n".encode("utf-8", "replace")


_RESYNC: Final = frame("resync", {})
_BEAT: Final = frame("beat", {})


class Stream:
    """What waits to be sent to one browser."""

    __slots__ = ("_frames", "_wake", "beat_at", "ended", "ends_at", "task", "ticket")

    def __init__(self, ticket: Ticket, *, ends_at: float, clock: float) -> None:
        self.ticket = ticket
        self.ends_at = ends_at
        self.beat_at = clock
        self.ended = False
        self.task: asyncio.Task[Any] | None = None
        self._frames: list[bytes] = []
        self._wake = asyncio.Event()

    def push(self, frame: bytes) -> None:
        if self.ended:
            return
        if len(self._frames) >= QUEUE_LIMIT:
            self._frames[:] = [_RESYNC]
        else:
            self._frames.append(frame)
        self._wake.set()

    def end(self, reason: Bye, *, clock: float) -> None:
        """Say goodbye; what was waiting is dropped, for the browser looks again after it has come back."""
        if not self.ended:
            self._frames[:] = [frame("bye", {"reason": reason})]
            self.ended = True
            self.ends_at = clock
            self._wake.set()

    def lose(self) -> None:
        """The browser has gone."""
        self._frames.clear()
        self.ended = True
        self._wake.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        """What to send, until the stream has ended; all that waits goes in one piece."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._frames:
                chunk = b"".join(self._frames)
                self._frames.clear()
                yield chunk
            if self.ended and not self._frames:
                return


class Hub:
    def __init__(self) -> None:
        self.stopping = False
        self._streams: set[Stream] = set()
        self._by_topic: dict[str, set[Stream]] = {}
        self._dropped: dict[str, set[Drop]] = {}
        """By holder; kept as long as a ticket may live."""

    def __len__(self) -> int:
        return len(self._streams)

    def held_by(self, holder: str) -> list[Stream]:
        return [stream for stream in self._by_topic.get(holder, ()) if stream.ticket.holder == holder]

    def refuses(self, ticket: Ticket) -> bool:
        """Whether what the ticket hangs on changed after it was issued."""
        return any(
            ticket.is_older_than(drop) for holder in ticket.holders for drop in self._dropped.get(holder, ())
        )

    def add(self, stream: Stream) -> None:
        self._streams.add(stream)
        for topic in self._topics(stream):
            self._by_topic.setdefault(topic, set()).add(stream)

    def remove(self, stream: Stream) -> None:
        self._streams.discard(stream)
        for topic in self._topics(stream):
            listeners = self._by_topic.get(topic, set())
            listeners.discard(stream)
            if not listeners:
                self._by_topic.pop(topic, None)

    def deliver(self, payload: str) -> None:
        """Hand a NOTIFY's payload (see ``publish``) to those who listen."""
        try:
            packet = json.loads(payload)
            for topics, kind, data in packet["signals"]:
                if kind == DROP_KIND:
                    self.drop(topics, Drop(packet["at"], int(data.get("xid", 0))))
                else:
                    self._spread(topics, kind, data)
        except (ValueError, TypeError, KeyError):
            logger.exception("A live signal could not be read")

    def resync(self) -> None:
        for stream in self._streams:
            stream.push(_RESYNC)

    def stop(self) -> None:
        self.stopping = True
        clock = asyncio.get_running_loop().time()
        for stream in self._streams:
            stream.end(Bye.STOPPING, clock=clock)

    def tick(self, *, clock: float, now: datetime) -> None:
        """Once a second: heartbeats, tickets that are over, clients that do not take their last words."""
        for stream in self._streams:
            if stream.ended:
                if clock - stream.ends_at > FAREWELL and stream.task is not None:
                    stream.task.cancel()
            elif clock >= stream.ends_at:
                stream.end(Bye.TICKET, clock=clock)
            elif clock - stream.beat_at >= HEARTBEAT:
                stream.beat_at = clock
                stream.push(_BEAT)
        forget = (now - TICKET_LIFETIME).timestamp()
        for holder, drops in list(self._dropped.items()):
            drops -= {drop for drop in drops if drop.at <= forget}
            if not drops:
                del self._dropped[holder]

    @staticmethod
    def _topics(stream: Stream) -> Iterable[str]:
        """Holders are always heard, for the drop; signals to them only if the ticket names them."""
        return stream.ticket.topics | stream.ticket.holders

    def drop(self, holders: Iterable[str], drop: Drop) -> None:
        """End the streams of these holders whose tickets are older."""
        clock = asyncio.get_running_loop().time()
        for holder in holders:
            self._dropped.setdefault(holder, set()).add(drop)
            for stream in list(self._by_topic.get(holder, ())):
                if holder in stream.ticket.holders and stream.ticket.is_older_than(drop):
                    stream.end(Bye.RIGHTS, clock=clock)

    def _spread(self, topics: Iterable[str], kind: str, data: dict[str, Any]) -> None:
        for topic in topics:
            listeners = self._by_topic.get(topic)
            if listeners:
                encoded = frame("signal", {**data, "topic": topic, "kind": kind})
                for stream in listeners:
                    if topic in stream.ticket.topics:
                        stream.push(encoded)
