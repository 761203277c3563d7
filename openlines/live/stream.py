"""``GET /live/?ticket=…``: Server-Sent Events for whoever holds a ticket. Asynchronous, and touches no ORM.

Events: ``hello`` {now}, ``signal`` {topic, kind, …}, ``resync`` {} (signals may be lost, look again),
``beat`` {} (each 3 s), ``bye`` {reason} (rights, ticket, stopping), after which the stream ends.
Same origin only: there are no CORS headers.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Sequence
from types import FrameType
from typing import Final
from urllib.parse import parse_qs

from django.conf import settings
from django.utils import timezone

from contactcenter.lib import addresses
from contactcenter.lib.asgi import Header, Receive, Scope, Send, answer_error, until_disconnect
from contactcenter.lib.uploads import NoPlace, Places
from openlines.live import topics
from openlines.live.hub import Hub, Stream, frame
from openlines.live.listener import Listener
from openlines.live.topics import BadTicket, Ticket, read_ticket

PATH: Final = "/live/"
STREAMS_PER_HOLDER: Final = 30
"""In one process. A browser needs one; the limit keeps one careless ticket from filling the server."""
EMPLOYEES_STREAMS: Final = 3000
"""In one process. With those of clients they are fewer than what a process takes at once (``contactcenter/serve.py``),
so requests find room however many listen.
"""
STALLED: Final = 30.0
"""Seconds a browser may take nothing of what waits for it, before its place is given to another."""

_HEADERS: Final[list[Header]] = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),  # nginx would collect the events
    (b"x-content-type-options", b"nosniff"),
]

logger = logging.getLogger(__name__)


class LiveStreams:
    """The ASGI application; one per process."""

    def __init__(self) -> None:
        self._hub = Hub()
        self._listener = Listener(
            on_payload=self._hub.deliver, on_gap=self._hub.resync, on_drops=self._drop_missed
        )
        self._ticker: asyncio.Task[None] | None = None
        self._employees = Places(total=EMPLOYEES_STREAMS, per_address=STREAMS_PER_HOLDER)
        self._clients = Places(
            total=getattr(settings, "CLIENT_STREAMS", 3000),
            per_address=getattr(settings, "CLIENT_STREAMS_PER_ADDRESS", 100),
        )

    async def startup(self) -> None:
        """End the streams on SIGTERM and SIGINT: the server waits for open requests, and these never end by
        themselves. The event loop's own handler, by which the server hears the signal, is not replaced: it is
        fed by the wake-up descriptor, whatever handler Python calls besides.
        """
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            earlier = signal.getsignal(number)

            def handle(number: int, stack: FrameType | None, earlier: object = earlier) -> None:
                loop.call_soon_threadsafe(self._stop_streams)
                if callable(earlier):
                    earlier(number, stack)

            try:
                signal.signal(number, handle)
            except ValueError:  # not the main thread: then the server's kill time-out ends the streams
                logger.warning("Signals cannot be heard here; open streams will delay a stop")
                return

    async def shutdown(self) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
        await self._listener.stop()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != PATH:
            await answer_error(send, 404, "not_found", "There is nothing here.")
        elif scope["method"] != "GET":
            await answer_error(send, 405, "method", "Only GET is possible here.", (b"allow", b"GET"))
        else:
            await self._open(scope, receive, send)

    async def _open(self, scope: Scope, receive: Receive, send: Send) -> None:
        now = timezone.now()
        values = parse_qs(scope["query_string"].decode("latin-1")).get("ticket", [""])
        try:
            ticket = read_ticket(values[0], now=now)
        except BadTicket as error:
            await answer_error(send, 403, "bad_ticket", str(error))
            return
        if not await self._listener.listening():
            again: Header = (b"retry-after", b"5")
            await answer_error(send, 503, "unavailable", "Live updates are not available now.", again)
        elif self._hub.stopping:
            await answer_error(send, 503, "stopping", "The server is stopping.", (b"retry-after", b"1"))
        elif self._hub.refuses(ticket):
            await answer_error(send, 403, "bad_ticket", "Rights have changed. Ask for a new ticket.")
        elif len(self._hub.held_by(ticket.holder)) >= STREAMS_PER_HOLDER:
            message = "Too many windows listen at once. Close some of them."
            await answer_error(send, 429, "too_many", message, (b"retry-after", b"30"))
        else:
            await self._take_place(ticket, scope, receive, send)

    async def _take_place(self, ticket: Ticket, scope: Scope, receive: Receive, send: Send) -> None:
        """Clients have places of their own, so that strangers take none of the employees'."""
        if topics.is_employee(ticket.holder):
            places, address = self._employees, ticket.holder
        else:
            places, address = self._clients, addresses.household(addresses.of_scope(scope))
        try:
            with places.take(address):
                await self._serve(ticket, receive, send)
        except NoPlace as error:
            status, message = (
                (429, "Too many windows at your address listen at once.")
                if error.own
                else (503, "Too many windows listen at once. Please try again later.")
            )
            await answer_error(send, status, "too_many", message, (b"retry-after", b"30"))

    async def _serve(self, ticket: Ticket, receive: Receive, send: Send) -> None:
        if self._ticker is None:
            self._ticker = asyncio.create_task(self._tick(), name="live ticker")
        clock = asyncio.get_running_loop().time()
        now = timezone.now()
        stream = Stream(ticket, ends_at=clock + (ticket.expires - now).total_seconds(), clock=clock)
        stream.push(frame("hello", {"now": now.isoformat()}))
        self._hub.add(stream)
        stream.task = asyncio.current_task()
        # The server reports a lost client by receive() only; send() goes on in silence.
        gone = asyncio.create_task(until_disconnect(receive))
        gone.add_done_callback(lambda _: stream.lose())
        try:
            await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
            async for chunk in stream.chunks():
                async with asyncio.timeout(STALLED):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            logger.info("A browser took nothing for %d seconds; its stream was given up", STALLED)
        except asyncio.CancelledError:
            logger.info("A browser did not take its last words")
        finally:
            self._hub.remove(stream)
            gone.cancel()

    async def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(1)
            try:
                self._hub.tick(clock=loop.time(), now=timezone.now())
            except Exception:
                logger.exception("The live ticker stumbled")

    def _drop_missed(self, drops: Sequence[tuple[str, float, int]]) -> None:
        for holder, at, transaction in drops:
            self._hub.drop([holder], topics.Drop(at, transaction))

    def _stop_streams(self) -> None:
        self._hub.stop()
