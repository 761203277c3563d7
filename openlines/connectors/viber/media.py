"""Fetching a client's file. Viber hands out an address that needs no credentials and dies within the hour."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.base import Account, Media, MediaUnavailable

HOSTS = (".viber.com",)
"""A leading dot: every host below."""


def fetch(media: Media, account: Account, *, max_bytes: int) -> bytes:
    """Raises ``MediaUnavailable``."""
    if media.size is not None and media.size > max_bytes:
        raise MediaUnavailable(
            _("The file has %(size)d MB; up to %(limit)d MB are fetched.")
            % {"size": -(-media.size // 1024**2), "limit": max_bytes // 1024**2}
        )
    url = media.reference
    try:
        try:
            return _download(url, account, max_bytes=max_bytes)
        except http.MovedElsewhere as moved:
            return _download(moved.url, account, max_bytes=max_bytes)
    except http.DownloadRefused as error:
        raise MediaUnavailable(_("The file was not fetched: %(why)s.") % {"why": error}) from error
    except http.DownloadFailed as error:
        if error.status in {401, 403, 404, 410}:
            raise MediaUnavailable(
                _(
                    "Viber keeps a file for about an hour only; this one is gone. Ask the client to send it again."
                )
            ) from error
        temporary = error.status in {0, 429} or error.status >= 500
        raise MediaUnavailable(
            _("The file could not be fetched from Viber: %(why)s.") % {"why": error}, temporary=temporary
        ) from error


def _download(url: str, account: Account, *, max_bytes: int) -> bytes:
    return http.download(url, max_bytes=max_bytes, allowed_hosts=_allowed(url, account))


def _allowed(url: str, account: Account) -> tuple[str, ...]:
    """The address's own host where it is Viber's, and the host of a test server."""
    found = []
    try:
        target = urlsplit(url)
        if (
            target.scheme == "https"
            and target.port in {None, 443}
            and (target.hostname or "").endswith(HOSTS)
        ):
            found.append(target.hostname or "")
    except ValueError:
        pass
    if account.base_url:
        own = urlsplit(account.base_url)
        found.append(f"{own.hostname}:{own.port}" if own.port else own.hostname or "")
    return tuple(found)
