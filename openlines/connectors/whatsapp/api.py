"""Calls of the Graph API for one WhatsApp number: its token, its ids, its app's secret."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from contactcenter.lib import http
from openlines.connectors.base import Account
from openlines.connectors.meta import graph


def credential(account: Account, name: str) -> str:
    return account.credentials.get(name, "").strip()


def number(account: Account, *path: str) -> str:
    """The path of the number itself, or of something below it."""
    return "/".join([graph.segment(credential(account, "phone_number_id")), *path])


def business(account: Account, *path: str) -> str:
    """The path of the WhatsApp Business account."""
    return "/".join([graph.segment(credential(account, "waba_id")), *path])


def call(
    account: Account,
    method: str,
    path: str,
    *,
    params: Mapping[str, str] | None = None,
    json: Any = None,
    data: Mapping[str, Any] | None = None,
    files: Sequence[tuple[str, http.File]] = (),
    read_seconds: float | None = None,
    is_harmless: bool = False,
) -> graph.Reply:
    """Raises ``http.NotSent`` or ``http.MaybeSent``."""
    return graph.call(
        account,
        method,
        path,
        token=credential(account, "token"),
        params=params,
        json=json,
        data=data,
        files=files,
        app_secret=credential(account, "app_secret"),
        read_seconds=read_seconds,
        is_harmless=is_harmless,
    )
