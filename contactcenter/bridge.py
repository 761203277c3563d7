"""One port for two kinds of work: endless event streams, asynchronous, and Django's views, in a few threads.

Django's own ASGI handler pays for each synchronous view with a thread hop per middleware and a connection per
request; here a whole request runs in one thread of a small pool, each with one lasting database connection
(docs/decisions.md has the figures).
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any, Final

from django.db import DatabaseError, connections

from contactcenter.environ import (
    ORDINARY_PACE,
    Admission,
    BodyRefusedError,
    BodyTooSlowError,
    ClientGoneError,
    Pace,
    announced_size,
    build_environ,
    read_body,
)
from contactcenter.lib import addresses
from contactcenter.lib.asgi import Header, Receive, Scope, Send, answer, answer_error, until_disconnect
from contactcenter.lib.uploads import Allowance, NoPlace, Places, Refusal

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

BLOCK: Final = 64 * 1024
"""Bytes read from a file at once."""
STALLED: Final = 60.0
"""Seconds a client may take nothing before its download is given up."""

logger = logging.getLogger(__name__)


class FileBody:
    """A file on its way to the client (``wsgi.file_wrapper``).

    Read in short hops, so that no thread waits for a slow client. Django puts the response's own close() in
    place of the file's.
    """

    def __init__(self, file: Any, block_size: int = BLOCK) -> None:
        self._file = file

    def read(self) -> bytes:
        chunk: bytes = self._file.read(BLOCK)
        return chunk

    def close(self) -> None:
        self._file.close()


@dataclass(slots=True)
class _Response:
    status: int
    headers: list[Header]
    context: contextvars.Context
    body: bytes = b""
    rest: Any = None
    """What is still to be sent after ``body``: a FileBody, or an iterable of bytes."""


Admit = Callable[[dict[str, Any], int | None], Allowance]
"""The request's environ, without its body, and the bytes it announces (-1: unknown) → what it may send."""


class _NotTaken(Exception):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


_TOO_SLOW: Final = Refusal(408, "too_slow", "The request did not arrive in time. Please send it again.")
_TOO_MANY: Final = Refusal(503, "busy", "Too many uploads at once. Please try again in a moment.", 5)
_TOO_MANY_OF_YOURS: Final = Refusal(429, "too_many", "Too many uploads at once from your address.", 5)
_UNKNOWN_NOW: Final = Refusal(503, "unavailable", "This is not available now. Please try again.", 5)

_PLAIN: Final = [(b"content-type", b"text/plain; charset=utf-8")]


class Bridge:
    """The ASGI application for everything that is a request with an end."""

    def __init__(
        self,
        wsgi: Wsgi,
        *,
        threads: int,
        streaming_threads: int,
        body_in_memory: int,
        body_limit: int,
        admit: Admit | None = None,
        body_unasked: int = 64 * 1024,
        uploads: Places | None = None,
        pace: Pace = ORDINARY_PACE,
    ) -> None:
        """``threads`` answer requests; ``streaming_threads`` are taken only by views that stream what they
        make (exports), each for as long as its client reads. Sizes in bytes.

        ``admit`` says of a body above ``body_unasked`` how much it may have (``body_limit`` at most): a stranger
        is refused before anything of it is stored. ``uploads``: how many bodies may be on their way.
        """
        self._wsgi = wsgi
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._streaming = ThreadPoolExecutor(streaming_threads, thread_name_prefix="streaming")
        self._body_in_memory = body_in_memory
        self._most = Allowance(
            body_limit, Refusal(413, "too_large", f"A request may have {body_limit:,} bytes at most.")
        )
        self._admit = admit
        self._body_unasked = body_unasked
        self._uploads = Places(total=1024, per_address=100) if uploads is None else uploads
        self._pace = pace

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body, size = await self._body(scope, receive)
        except ClientGoneError:
            return
        except _NotTaken as refused:
            await _refuse(send, refused.refusal)
            return
        loop = asyncio.get_running_loop()
        try:
            environ = build_environ(scope, body, size, file_wrapper=FileBody)
            response = await loop.run_in_executor(self._threads, self._respond, environ)
            if response.rest is None:
                await answer(send, response.status, response.headers, response.body)
            else:
                await self._stream(response, receive, send)
        finally:
            body.close()

    async def _body(self, scope: Scope, receive: Receive) -> tuple[IO[bytes], int]:
        """Raises ``ClientGoneError`` and ``_NotTaken``."""
        announced = announced_size(scope["headers"])
        admission = Admission(unasked=self._body_unasked, ask=lambda: self._ask(scope, announced))

        async def read() -> tuple[IO[bytes], int]:
            return await read_body(
                receive,
                in_memory=self._body_in_memory,
                admission=admission,
                announced=announced or 0,
                pace=self._pace,
            )

        try:
            if announced is None:
                return await read()
            with self._uploads.take(addresses.household(addresses.of_scope(scope))):
                return await read()
        except BodyRefusedError as error:
            raise _NotTaken(error.refusal) from error
        except BodyTooSlowError as error:
            raise _NotTaken(_TOO_SLOW) from error
        except NoPlace as error:
            raise _NotTaken(_TOO_MANY_OF_YOURS if error.own else _TOO_MANY) from error

    async def _ask(self, scope: Scope, announced: int | None) -> Allowance:
        if self._admit is None or (announced is not None and announced > self._most.limit):
            return self._most
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, self._asked, self._admit, scope, announced)
        return min(found, self._most, key=lambda allowance: allowance.limit)

    # -- in a thread ----------------------------------------------------------------------------------------

    def _asked(self, admit: Admit, scope: Scope, announced: int | None) -> Allowance:
        environ = build_environ(scope, BytesIO(), 0, file_wrapper=FileBody)
        try:
            return contextvars.Context().run(admit, environ, announced)
        except DatabaseError:
            logger.exception("Nobody could be asked who sends to %s", scope["path"])
            return Allowance(0, _UNKNOWN_NOW)

    def _respond(self, environ: dict[str, Any]) -> _Response:
        """Run the request in a context of its own: an activated language or time zone ends with it."""
        context = contextvars.Context()
        try:
            return context.run(self._respond_within, context, environ)
        except Exception:
            logger.exception("%(REQUEST_METHOD)s %(PATH_INFO)s failed outside of Django", environ)
            return _Response(status=500, headers=_PLAIN, context=context, body=b"Server error")

    def _respond_within(self, context: contextvars.Context, environ: dict[str, Any]) -> _Response:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> None:
            started[:] = [(status, headers)]

        result = self._wsgi(environ, start_response)
        try:
            status, headers = started[0]
            response = _Response(
                status=int(status[:3]),
                headers=[(name.lower().encode(), value.encode("latin-1")) for name, value in headers],
                context=context,
            )
            if environ["REQUEST_METHOD"] == "HEAD" or response.status in (204, 304):
                pass
            elif isinstance(result, FileBody):
                response.body = result.read()
                if len(response.body) != _length(headers):  # else a small file, and all is said
                    response.rest = result
            elif getattr(result, "streaming", False):
                response.rest = result
            else:
                response.body = b"".join(result)
        except BaseException:
            _close(result)
            raise
        if response.rest is None:
            _close(result)
        return response

    def _pump(self, response: _Response, deliver: Callable[[bytes], bool]) -> None:
        """Send what a view makes in steps, all in this thread: a generator's queries need its connection."""
        try:
            for chunk in response.rest:
                if chunk and not deliver(chunk):
                    break
        except Exception:
            logger.exception("A streamed response broke off")
            raise
        finally:
            _close(response.rest)
            connections.close_all()  # this thread may not be needed again for days

    # -- in the event loop ----------------------------------------------------------------------------------

    async def _stream(self, response: _Response, receive: Receive, send: Send) -> None:
        """Send a long response no faster than the client takes it; its close() is called in any case."""
        loop = asyncio.get_running_loop()
        # The server reports a lost client by receive() only; send() goes on in silence.
        gone = asyncio.create_task(until_disconnect(receive))

        async def deliver(chunk: bytes) -> bool:
            if not gone.done():
                async with asyncio.timeout(STALLED):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            return not gone.done()

        def deliver_from_thread(chunk: bytes) -> bool:
            return asyncio.run_coroutine_threadsafe(deliver(chunk), loop).result(STALLED + 5)

        try:
            start = {"type": "http.response.start", "status": response.status, "headers": response.headers}
            await send(start)
            if isinstance(response.rest, FileBody):
                await self._send_file(response, deliver)
            else:
                run = response.context.run
                await loop.run_in_executor(self._streaming, run, self._pump, response, deliver_from_thread)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            logger.info("A client took nothing for %d seconds; its download was given up", STALLED)
        finally:
            gone.cancel()

    async def _send_file(self, response: _Response, deliver: Callable[[bytes], Any]) -> None:
        loop = asyncio.get_running_loop()
        chunk = response.body
        try:
            while chunk and await deliver(chunk):
                chunk = await loop.run_in_executor(self._threads, response.rest.read)
        finally:
            await loop.run_in_executor(self._threads, _close, response.rest)


async def _refuse(send: Send, refusal: Refusal) -> None:
    """The connection ends with it: what is still to come of the body is not wanted."""
    headers: list[Header] = [(b"connection", b"close")]
    if refusal.retry_after:
        headers.append((b"retry-after", str(refusal.retry_after).encode()))
    await answer_error(send, refusal.status, refusal.code, refusal.message, *headers)


def _length(headers: list[tuple[str, str]]) -> int | None:
    return next((int(value) for name, value in headers if name.lower() == "content-length"), None)


def _close(result: Any) -> None:
    """Where Django says that the request has finished, and files are closed."""
    close = getattr(result, "close", None)
    if close is not None:
        try:
            close()
        except Exception:
            logger.exception("A response could not be closed")
