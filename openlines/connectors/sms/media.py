"""Fetching a client's file: from Twilio with our credentials, and without them where Twilio sends us on to."""

from __future__ import annotations

import base64
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.base import Account, Media, MediaUnavailable
from openlines.connectors.sms import api

HOSTS = ("api.twilio.com",)
STORES = (".twilio.com", ".twiliocdn.com", ".amazonaws.com")
"""Where Twilio itself may send us on to."""


def fetch(media: Media, account: Account, *, max_bytes: int) -> bytes:
    """Raises ``MediaUnavailable``."""
    login = ":".join(api.login(account)).encode()
    headers = {"authorization": f"Basic {base64.b64encode(login).decode()}"}
    try:
        try:
            return http.download(
                media.reference,
                max_bytes=max_bytes,
                allowed_hosts=_sources(media.reference, account),
                headers=headers,
            )
        except http.MovedElsewhere as moved:
            return http.download(moved.url, max_bytes=max_bytes, allowed_hosts=_stores(moved.url, account))
    except http.DownloadRefused as error:
        raise MediaUnavailable(_("The file was not fetched: %(why)s.") % {"why": error}) from error
    except http.DownloadFailed as error:
        # A file may be asked for a moment before Twilio has it.
        temporary = error.status in {0, 404, 429} or error.status >= 500
        raise MediaUnavailable(
            _("The file could not be fetched from Twilio: %(why)s.") % {"why": error}, temporary=temporary
        ) from error


def _sources(url: str, account: Account) -> tuple[str, ...]:
    """Our credentials go along: to Twilio's own host, encrypted, and to no other port of it."""
    if account.base_url:
        return (api.hostname(account),)
    return HOSTS if _host(url) in HOSTS else ()


def _stores(url: str, account: Account) -> tuple[str, ...]:
    if account.base_url:
        return (api.hostname(account),)
    host = _host(url)
    return (host,) if host.endswith(STORES) else ()


def _host(url: str) -> str:
    """Empty where ``url`` is not https on the usual port."""
    try:
        parts = urlsplit(url)
        usual = parts.scheme == "https" and parts.port in {None, 443}
    except ValueError:
        return ""
    return parts.hostname or "" if usual else ""
