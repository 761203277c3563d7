"""Calls to other people's servers: one client per process, errors told apart by what may have been taken.

A send that timed out may have reached the provider; doing it again could show the client a message twice.
So a caller gets ``NotSent`` (nothing was written: free to repeat) or ``MaybeSent`` (it may have been taken).
Redirects are never followed to another host: a provider's credentials and our network stay where they are.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import IO, Any

import httpx

from contactcenter.lib import calls

TIMEOUT = httpx.Timeout(30, connect=5, pool=10)
"""Seconds: to connect 5, between two reads or writes 30, to get a free connection of the pool 10."""

TOTAL_SECONDS = 120.0
"""No answer may take longer than this in all, however slowly it drips."""

ANSWER_LIMIT = 4 * 1024 * 1024
"""Bytes of an answer to a call; a provider's JSON is far below."""

_SAME_HOST_REDIRECTS = 3

File = tuple[str, IO[bytes], str]
"""Name, open file, MIME type."""


class NotSent(Exception):
    """Nothing reached the server: the same call may be made again."""


class MaybeSent(Exception):
    """The connection broke or timed out after the request was begun: the server may have acted on it."""


class DownloadRefused(Exception):
    """The file is not to be had here: too large, or from a host that is not allowed. The text says which."""


class MovedElsewhere(DownloadRefused):
    """The file lies on another host now; whether to follow, and without credentials, the caller decides."""

    def __init__(self, url: httpx.URL) -> None:
        super().__init__(f"the file is moved to another host ({url.host})")
        self.url = str(url)


class DownloadFailed(Exception):
    """The server did not deliver; ``status`` is its HTTP status, 0 when there was none."""

    def __init__(self, reason: str, *, status: int = 0) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True)
class Answer:
    """``headers`` with lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


_heard: ContextVar[list[int] | None] = ContextVar("heard", default=None)


@contextmanager
def statuses() -> Iterator[list[int]]:
    """The HTTP statuses of the calls made within, in order, whoever makes them: for a log of what was answered."""
    heard: list[int] = []
    token = _heard.set(heard)
    try:
        yield heard
    finally:
        _heard.reset(token)


LONGEST_WAIT = timedelta(hours=1)
"""However long a server asks to be left alone: nothing is put off for longer without a new look."""


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """What ``Retry-After`` asks for, as seconds or as a date (by the server's own clock where it tells it).

    At least a second, at most ``LONGEST_WAIT``; None where it is missing or unreadable.
    """
    asked = headers.get("retry-after", "").strip()
    if asked.isascii() and asked.isdecimal():
        seconds: float = int(asked[:9])
    else:
        until = _moment(asked)
        if until is None:
            return None
        seconds = (until - (_moment(headers.get("date", "")) or datetime.now(UTC))).total_seconds()
    return timedelta(seconds=min(max(seconds, 1), LONGEST_WAIT.total_seconds()))


def _moment(said: str) -> datetime | None:
    """A date as HTTP and mails write it; without a zone it is UTC."""
    try:
        found = parsedate_to_datetime(said)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_lock = threading.Lock()
_clients: dict[int, httpx.Client] = {}


def client() -> httpx.Client:
    """This process's client. Per process, as connections inherited over a fork would be read by both."""
    pid = os.getpid()
    found = _clients.get(pid)
    if found is None:
        with _lock:
            found = _clients.get(pid)
            if found is None:
                # httpx logs every URL at INFO, and Telegram's carry the bot's token.
                logging.getLogger("httpx").setLevel(logging.WARNING)
                # Connections idle for longer are the ones a server closes just as we write to them.
                limits = httpx.Limits(max_connections=50, max_keepalive_connections=20, keepalive_expiry=15)
                found = _clients[pid] = httpx.Client(timeout=TIMEOUT, limits=limits, follow_redirects=False)
    return found


def call(
    method: str,
    url: str,
    *,
    json: Any = None,
    data: Mapping[str, Any] | None = None,
    files: Sequence[tuple[str, File]] | None = None,
    content: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    auth: tuple[str, str] | None = None,
    read_seconds: float | None = None,
    via: httpx.Client | None = None,
    is_harmless: bool = False,
) -> Answer:
    """One request and its whole answer, whatever its status. Raises ``NotSent`` or ``MaybeSent``.

    ``via``: another client than this process's own, for addresses that customers enter. ``is_harmless``: nothing of it
    reaches a client (an upload, a log-in), so it may be repeated; so is whatever only reads.
    """
    timeout = TIMEOUT if read_seconds is None else httpx.Timeout(read_seconds, connect=5, pool=10)
    caller = via or client()  # made before the call is said to begin: the first one takes its time
    if not is_harmless and method not in ("GET", "HEAD"):
        calls.begin()
    with (
        _told_apart(),
        caller.stream(
            method,
            url,
            json=json,
            data=data,
            files=files,
            content=content,
            headers=headers,
            auth=auth,
            timeout=timeout,
        ) as response,
    ):
        heard = _heard.get()
        if heard is not None:
            heard.append(response.status_code)
        body = b"".join(_capped(response, limit=ANSWER_LIMIT, seconds=TOTAL_SECONDS))
        return Answer(response.status_code, dict(response.headers), body)


def download(
    url: str,
    *,
    max_bytes: int,
    allowed_hosts: Collection[str],
    headers: Mapping[str, str] | None = None,
    seconds: float = TOTAL_SECONDS,
    via: httpx.Client | None = None,
) -> bytes:
    """The bytes at ``url``, read as a stream and given up at ``max_bytes`` or after ``seconds``.

    ``allowed_hosts`` holds ``host`` or ``host:port``; a redirect is followed on the same origin only (else ``MovedElsewhere``).
    Raises ``DownloadRefused`` or ``DownloadFailed``.
    """
    target = _parsed(url)
    if target.host not in allowed_hosts and f"{target.host}:{target.port}" not in allowed_hosts:
        raise DownloadRefused(f"files from {target.host or 'no host'} are not allowed")
    # Unpacked data can be a thousand times as large as what was received.
    asked = {"accept-encoding": "identity", **(headers or {})}
    try:
        with _told_apart():
            for _ in range(_SAME_HOST_REDIRECTS + 1):
                with (via or client()).stream("GET", target, headers=asked) as response:
                    if response.has_redirect_location:
                        onward = target.join(response.headers["location"])
                        if _origin(onward) != _origin(target):
                            raise MovedElsewhere(onward)
                        target = onward
                        continue
                    if response.status_code != 200:
                        raise DownloadFailed(
                            f"the server answered {response.status_code}", status=response.status_code
                        )
                    return b"".join(_capped(response, limit=max_bytes, seconds=seconds))
    except _TooLarge as error:
        raise DownloadRefused(f"the file is larger than {max_bytes} bytes") from error
    except (NotSent, MaybeSent) as error:
        raise DownloadFailed(str(error)) from error
    raise DownloadRefused("too many redirects")


class _TooLarge(MaybeSent):
    def __init__(self) -> None:
        super().__init__("the answer is too large")


def _capped(response: httpx.Response, *, limit: int, seconds: float) -> Iterator[bytes]:
    """The body's chunks; gives up at ``limit`` bytes, told or real, and after ``seconds``."""
    told = response.headers.get("content-length", "")
    if told.isdecimal() and int(told) > limit:
        raise _TooLarge
    end = time.monotonic() + seconds
    size = 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > limit:
            raise _TooLarge
        if time.monotonic() > end:
            raise MaybeSent(f"the answer took longer than {seconds:.0f} seconds")
        yield chunk


@contextmanager
def _told_apart() -> Iterator[None]:
    """Turns httpx's errors into ours. The texts never hold the URL: it may carry a token."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError) as error:
        raise NotSent("no connection to the server") from error
    except httpx.PoolTimeout as error:
        raise NotSent("all connections are busy") from error
    except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError) as error:
        raise NotSent("the address is not valid") from error
    except httpx.TimeoutException as error:
        raise MaybeSent("the server did not answer in time") from error
    except httpx.HTTPError as error:
        raise MaybeSent("the connection broke") from error


def _parsed(url: str) -> httpx.URL:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise DownloadRefused("the address is not valid") from error
    if parsed.scheme not in {"http", "https"}:
        raise DownloadRefused("the address is not valid")
    return parsed


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
