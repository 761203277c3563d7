"""Fetching a client's file from the address that came with it."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.api import outside
from openlines.connectors.base import Media, MediaUnavailable


def fetch(media: Media, *, max_bytes: int) -> bytes:
    """Raises ``MediaUnavailable``."""
    if media.content is not None:
        return media.content
    if not media.reference:
        raise MediaUnavailable(_("The message named a file but held neither its address nor its content."))
    if media.size is not None and media.size > max_bytes:
        raise MediaUnavailable(
            _("The file has %(size)d MB; up to %(limit)d MB are fetched.")
            % {"size": -(-media.size // 1024**2), "limit": max_bytes // 1024**2}
        )
    try:
        outside.check(media.reference)
        host = urlsplit(media.reference).hostname or ""
        return http.download(
            media.reference, max_bytes=max_bytes, allowed_hosts=(host,), via=outside.client()
        )
    except (outside.Blocked, ValueError) as error:
        raise MediaUnavailable(_("The file was not fetched. %(why)s") % {"why": error}) from error
    except http.DownloadRefused as error:
        raise MediaUnavailable(_("The file was not fetched: %(why)s.") % {"why": error}) from error
    except http.DownloadFailed as error:
        temporary = error.status in {0, 408, 429} or error.status >= 500
        raise MediaUnavailable(
            _("The file could not be fetched: %(why)s.") % {"why": error}, temporary=temporary
        ) from error
