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
from typing import Any, Final

from django.db import connections

from contactcenter.environ import BodyTooLargeError, ClientGoneError, build_environ, read_body
from contactcenter.lib.asgi import Header, Receive, Scope, Send, answer, answer_error, until_disconnect

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


_PLAIN: Final = [(b"content-type", b"text/plain; charset=utf-8")]


class Bridge:
    """The ASGI application for everything that is a request with an end."""

    def __init__(
        self, wsgi: Wsgi, *, threads: int, streaming_threads: int, body_in_memory: int, body_limit: int
    ) -> None:
        """``threads`` answer requests; ``streaming_threads`` are taken only by views that stream what they
        make (exports), each for as long as its client reads. Sizes in bytes.
        """
        self._wsgi = wsgi
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="request")
        self._streaming = ThreadPoolExecutor(streaming_threads, thread_name_prefix="streaming")
        self._body_in_memory = body_in_memory
        self._body_limit = body_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body, size = await read_body(receive, in_memory=self._body_in_memory, limit=self._body_limit)
        except ClientGoneError:
            return
        except BodyTooLargeError:
            message = f"A request may have {self._body_limit:,} bytes at most."
            await answer_error(send, 413, "too_large", message)
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

    # -- in a thread ----------------------------------------------------------------------------------------

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
