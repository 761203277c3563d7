"""Access tokens for XOAUTH2, got with the refresh token and kept in memory until shortly before they end."""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.base import Account, CredentialsRefused, MediaUnavailable, Unreadable
from openlines.connectors.email.options import Options
from openlines.connectors.fields import decode, integer, mapping, text

EARLY = 300
"""Seconds before its end from which a token is not used any more."""

_REFUSED = {"invalid_grant", "invalid_client", "unauthorized_client", "invalid_scope", "interaction_required"}


YOUNG = 60
"""Seconds for which a new token is taken for good: who refuses it then refuses us."""


@dataclass(frozen=True)
class _Kept:
    token: str
    until: float
    got_at: float


_lock = threading.Lock()
_kept: dict[str, _Kept] = {}


def access_token(options: Options, account: Account) -> str:
    """Raises ``CredentialsRefused``, or ``MediaUnavailable`` (temporary)."""
    key = _key(options, account)
    with _lock:
        kept = _kept.get(key)
    if kept is not None and kept.until > time.monotonic():
        return kept.token
    return _ask(options, key)[0]


def forget(options: Options, account: Account) -> bool:
    """The server refused the token: the next one is a new one. True: it was an older one, and a new one may do."""
    with _lock:
        kept = _kept.pop(_key(options, account), None)
    return kept is not None and time.monotonic() - kept.got_at > YOUNG


def renew(options: Options, account: Account) -> Mapping[str, str] | None:
    """Providers hand a new refresh token with each access token; the old one ends (Microsoft: after 90 days)."""
    _token, refresh_token = _ask(options, _key(options, account))
    return (
        {"refresh_token": refresh_token} if refresh_token and refresh_token != options.refresh_token else None
    )


def _ask(options: Options, key: str) -> tuple[str, str]:
    if not (options.token_url and options.client_id and options.refresh_token):
        raise CredentialsRefused(
            _(
                "For the log-in with OAuth enter the address for tokens, the client’s id and the refresh token."
            )
        )
    form = {
        "grant_type": "refresh_token",
        "refresh_token": options.refresh_token,
        "client_id": options.client_id,
        **({"client_secret": options.client_secret} if options.client_secret else {}),
    }
    try:
        answer = http.call("POST", options.token_url, data=form, is_harmless=True)
        body = mapping(decode(answer.body))
    except (http.NotSent, http.MaybeSent) as error:
        raise MediaUnavailable(
            _("The server for tokens cannot be reached: %(why)s.") % {"why": error}, temporary=True
        ) from error
    except Unreadable:
        body = {}
    token = text(body.get("access_token"))
    if answer.status == 200 and token:
        seconds = integer(body.get("expires_in")) or 3600
        with _lock:
            now = time.monotonic()
            _kept[key] = _Kept(token, now + max(seconds - EARLY, 30), now)
        return token, text(body.get("refresh_token"))
    error_name = text(body.get("error"), limit=100)
    if error_name in _REFUSED or answer.status in (400, 401):
        raise CredentialsRefused(
            _("The mail provider refuses the refresh token (%(said)s). Log in again and enter the new one.")
            % {"said": error_name or answer.status}
        )
    raise MediaUnavailable(
        _("The server for tokens has a fault (answer %(status)d).") % {"status": answer.status},
        temporary=True,
    )


def _key(options: Options, account: Account) -> str:
    told = f"{account.connection_id}\0{options.token_url}\0{options.client_id}\0{options.refresh_token}"
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()
