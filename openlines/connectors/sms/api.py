"""One call of Twilio's REST API. The credentials go in a header; nothing here puts them into a log or a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from contactcenter.lib import http
from openlines.connectors.base import Account, Unreadable
from openlines.connectors.fields import Json, decode, integer, mapping, text

HOST = "https://api.twilio.com"
SERVICES_HOST = "https://messaging.twilio.com"


@dataclass(frozen=True)
class Reply:
    """``code`` is Twilio's own error code; ``readable`` is False where the body was not the API's JSON."""

    status: int
    body: Json = field(default_factory=dict)
    code: int | None = None
    said: str = ""
    readable: bool = True
    retry_after: timedelta | None = None

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300 and self.readable


def root(account: Account) -> str:
    return account.base_url.rstrip("/") or HOST


def hostname(account: Account) -> str:
    return urlsplit(root(account)).hostname or ""


def sid(account: Account) -> str:
    return account.credentials.get("account_sid", "").strip()


def login(account: Account) -> tuple[str, str]:
    """An API key where there is one, else the account's own; empty parts where something is missing."""
    told = {name: value.strip() for name, value in account.credentials.items()}
    if told.get("api_key") and told.get("api_secret"):
        return told["api_key"], told["api_secret"]
    return told.get("account_sid", ""), told.get("auth_token", "")


def is_complete(account: Account) -> bool:
    return bool(sid(account) and all(login(account)))


def call(
    account: Account,
    method: str,
    resource: str,
    *,
    params: Mapping[str, Any] | None = None,
    form: Mapping[str, Any] | None = None,
) -> Reply:
    """``resource``: below the account (``Messages.json``); from the root where it begins with a slash.

    Raises ``http.NotSent`` or ``http.MaybeSent``.
    """
    if resource.startswith("/v1/"):
        url = f"{account.base_url.rstrip('/') or SERVICES_HOST}{resource}"
    elif resource.startswith("/"):
        url = f"{root(account)}{resource}"
    else:
        url = f"{root(account)}/2010-04-01/Accounts/{quote(sid(account), safe='')}{_joined(resource)}"
    if params:
        url = f"{url}?{urlencode(params)}"
    return read(http.call(method, url, data=form, auth=login(account)))


def read(answer: http.Answer) -> Reply:
    try:
        body = decode(answer.body)
    except Unreadable:
        body = None
    found = mapping(body)
    return Reply(
        answer.status,
        found,
        code=integer(found.get("code")),
        said=text(found.get("message"), limit=300),
        readable=isinstance(body, dict),
        retry_after=http.retry_after(answer.headers),
    )


def _joined(resource: str) -> str:
    return resource if resource.startswith(".") else f"/{resource}"
