"""One call of the Graph API, and its errors: read from ``error.code``, not from HTTP's status or the title.

The token goes in a header: nothing here puts it into an address, a log or a reason.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from contactcenter.lib import http
from openlines.connectors.base import Account, Unreadable
from openlines.connectors.fields import Json, decode, integer, items, mapping, text

HOST = "https://graph.facebook.com"

VERSION = "v24.0"

_SECRETS = re.compile(r"[A-Za-z0-9|_-]{32,}")


@dataclass(frozen=True)
class Fault:
    """Meta's error. ``said``: its words, with anything that may be a token left out."""

    code: int
    subcode: int = 0
    said: str = ""
    details: str = ""
    kind: str = ""
    is_transient: bool = False

    @property
    def words(self) -> str:
        """The more telling of what Meta said, for a reason."""
        return self.details or self.said or str(self.code)


@dataclass(frozen=True)
class Reply:
    """What came back. ``readable`` is False where the body was no JSON object (a proxy's page).

    ``fault`` is None for a success, and where an error's body cannot be read.
    """

    status: int
    body: Json = field(default_factory=dict)
    fault: Fault | None = None
    readable: bool = True
    retry_after: timedelta | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        return self.readable and self.fault is None and 200 <= self.status < 300


def root(account: Account, *, host: str = HOST) -> str:
    return account.base_url.rstrip("/") or host


def netloc(address: str) -> str:
    """``host`` or ``host:port`` of an address, as ``http.download`` wants its allowed hosts."""
    parts = urlsplit(address)
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname or ""


def segment(value: str) -> str:
    """An id as a part of a path; a stray slash in it must not lead elsewhere."""
    return quote(value.strip(), safe="")


def call(
    account: Account,
    method: str,
    path: str,
    *,
    token: str,
    host: str = HOST,
    params: Mapping[str, str] | None = None,
    json: Any = None,
    data: Mapping[str, Any] | None = None,
    files: Sequence[tuple[str, http.File]] = (),
    app_secret: str = "",
    read_seconds: float | None = None,
    is_harmless: bool = False,
) -> Reply:
    """One call of ``path`` (without version; its ids through ``segment``).

    With ``app_secret`` the call proves that it knows it (``appsecret_proof``): apps can require that, and a
    wrong secret is told apart by it. Raises ``http.NotSent`` or ``http.MaybeSent``.
    """
    query = dict(params or {})
    if app_secret:
        query["appsecret_proof"] = hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    url = f"{root(account, host=host)}/{VERSION}/{path.lstrip('/')}"
    if query:
        url = f"{url}?{urlencode(query)}"
    return read(
        http.call(
            method,
            url,
            json=json,
            data=data,
            files=files or None,
            headers=bearer(token),
            read_seconds=read_seconds,
            is_harmless=is_harmless,
        )
    )


def read(answer: http.Answer) -> Reply:
    try:
        body = decode(answer.body)
    except Unreadable:
        body = None
    retry_after = _retry_after(answer.headers)
    if not isinstance(body, dict):
        return Reply(answer.status, readable=False, retry_after=retry_after, headers=answer.headers)
    return Reply(
        answer.status, body=body, fault=fault_of(body), retry_after=retry_after, headers=answer.headers
    )


def fault_of(body: Json) -> Fault | None:
    """The error in an answer; also one without a code, which then is 0 as Meta's "AuthException"."""
    if not isinstance(body.get("error"), dict):
        return None
    error = mapping(body["error"])
    data = mapping(error.get("error_data"))
    return Fault(
        code=integer(error.get("code")) or 0,
        subcode=integer(error.get("error_subcode")) or 0,
        said=masked(text(error.get("error_user_msg"), limit=300) or text(error.get("message"), limit=300)),
        details=masked(text(data.get("details"), limit=300)),
        kind=text(error.get("type"), limit=64),
        is_transient=error.get("is_transient") is True,
    )


def masked(words: str) -> str:
    """Without what looks like a token: Meta repeats a malformed one in its answer."""
    return _SECRETS.sub("…", words)


def usage(reply: Reply) -> int:
    """How much of a limit is used up, in percent: the highest that Meta's headers tell; 0 where they are silent."""
    parts = [_header(reply.headers, "x-app-usage"), *_business_usage(reply.headers)]
    told = [
        integer(part.get(name)) for part in parts for name in ("call_count", "total_time", "total_cputime")
    ]
    return max((number for number in told if number is not None), default=0)


def bearer(token: str) -> dict[str, str]:
    """The header that shows the token. One that was pasted may hold line breaks: they are no part of it."""
    shown = "".join(sign for sign in token if "!" <= sign <= "~")
    return {"authorization": f"Bearer {shown}"} if shown else {}


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """What the answer asks to wait: ``Retry-After`` in either form, or Meta's minutes to regained access."""
    asked = http.retry_after(headers)
    if asked is not None:
        return asked
    told = [integer(part.get("estimated_time_to_regain_access")) for part in _business_usage(headers)]
    minutes = max((number for number in told if number), default=0)
    return min(timedelta(minutes=min(max(minutes, 1), 24 * 60)), http.LONGEST_WAIT) if minutes else None


def _business_usage(headers: Mapping[str, str]) -> list[Json]:
    found = _header(headers, "x-business-use-case-usage")
    return [mapping(part) for parts in found.values() for part in items(parts)]


def _header(headers: Mapping[str, str], name: str) -> Json:
    try:
        return mapping(decode(headers.get(name, "").encode("utf-8", "replace")))
    except Unreadable:
        return {}
