"""Fetching a client's file from Meta's hosts, and from no others."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.base import Account, MediaUnavailable
from openlines.connectors.meta import graph

HOSTS = ("fbsbx.com", "fbcdn.net", "facebook.com", "cdninstagram.com", "whatsapp.net")
"""Meta's domains for files; hosts below them count, too."""


def download(
    url: str,
    account: Account,
    *,
    max_bytes: int,
    headers: Mapping[str, str] | None = None,
    hosts: Collection[str] = HOSTS,
) -> bytes:
    """The file's bytes; also from the host of ``base_url``. Raises ``MediaUnavailable``.

    Meta's addresses may lead on to another of its hosts, once; ``headers`` (the token) stay behind then.
    """
    try:
        try:
            return http.download(
                url, max_bytes=max_bytes, allowed_hosts=_allowed(url, account, hosts), headers=headers
            )
        except http.MovedElsewhere as moved:
            allowed = _allowed(moved.url, account, hosts)
            return http.download(moved.url, max_bytes=max_bytes, allowed_hosts=allowed)
    except http.DownloadRefused as error:
        raise MediaUnavailable(_("The file was not fetched: %(why)s.") % {"why": error}) from error
    except http.DownloadFailed as error:
        temporary = error.status == 0 or error.status == 429 or error.status >= 500
        raise MediaUnavailable(
            _("The file could not be fetched from Meta: %(why)s.") % {"why": error}, temporary=temporary
        ) from error


def check_size(size: int | None, *, max_bytes: int) -> None:
    """Raises ``MediaUnavailable`` where the told size is above the limit."""
    if size is not None and size > max_bytes:
        raise MediaUnavailable(
            _("The file has %(size)d MB; up to %(limit)d MB are fetched.")
            % {"size": -(-size // 1024**2), "limit": max_bytes // 1024**2}
        )


def _allowed(url: str, account: Account, hosts: Collection[str]) -> tuple[str, ...]:
    """The host of ``url`` if it is one of ``hosts`` or below one and encrypted; and the host of ``base_url``."""
    own = (graph.netloc(account.base_url),) if account.base_url else ()
    try:
        name = graph.netloc(url)
    except ValueError:
        return own
    trusted = any(name == host or name.endswith(f".{host}") for host in hosts)
    return (name, *own) if trusted and url.startswith("https://") else own
