"""Fetching a client's file: ask where it is, then read it from the Bot API's own host."""

from __future__ import annotations

from urllib.parse import quote

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.base import Account, Media, MediaUnavailable
from openlines.connectors.fields import integer, mapping, text
from openlines.connectors.telegram import api

MAX_DOWNLOAD = 20 * 1024 * 1024
"""Bytes: the Bot API hands bots no larger file."""


def fetch(media: Media, account: Account, *, max_bytes: int) -> bytes:
    """Raises ``MediaUnavailable``."""
    limit = min(max_bytes, MAX_DOWNLOAD)
    _check_size(media.size, limit)
    found = mapping(_ask(media, account))
    _check_size(integer(found.get("file_size")), limit)
    path = text(found.get("file_path"))
    if not path or path.startswith("/") or "://" in path or ".." in path.split("/"):
        raise MediaUnavailable(_("Telegram does not hand out this file."))
    url = f"{api.root(account)}/file/bot{api.token(account)}/{quote(path)}"
    try:
        return http.download(url, max_bytes=limit, allowed_hosts=(api.media_host(account),))
    except http.DownloadRefused as error:
        raise MediaUnavailable(_("The file was not fetched: %(why)s.") % {"why": error}) from error
    except http.DownloadFailed as error:
        temporary = error.status == 0 or error.status == 429 or error.status >= 500
        raise MediaUnavailable(
            _("The file could not be fetched from Telegram: %(why)s.") % {"why": error}, temporary=temporary
        ) from error


def _ask(media: Media, account: Account) -> object:
    try:
        reply = api.call(account, "getFile", {"file_id": media.reference})
    except (http.NotSent, http.MaybeSent) as error:
        raise MediaUnavailable(_("Telegram cannot be reached."), temporary=True) from error
    if reply.ok:
        return reply.result
    if "too big" in reply.description.lower():
        raise MediaUnavailable(_("The file is larger than the 20 MB that Telegram hands to a bot."))
    if reply.status == 429 or reply.status >= 500 or not reply.readable:
        raise MediaUnavailable(_("Telegram could not give the file just now."), temporary=True)
    raise MediaUnavailable(
        _("Telegram does not have the file any more: “%(said)s”.")
        % {"said": reply.description or reply.status}
    )


def _check_size(size: int | None, limit: int) -> None:
    if size is not None and size > limit:
        raise MediaUnavailable(
            _("The file has %(size)d MB; up to %(limit)d MB are fetched.")
            % {"size": -(-size // 1024**2), "limit": limit // 1024**2}
        )
