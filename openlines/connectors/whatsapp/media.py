"""Fetching a client's file: ask where it is, then read it from Meta's hosts, showing the token there too."""

from __future__ import annotations

import base64
import hashlib

from django.utils.translation import gettext as _

from contactcenter.lib import http
from openlines.connectors.base import Account, Media, MediaUnavailable
from openlines.connectors.fields import Json, integer, text
from openlines.connectors.meta import files, graph
from openlines.connectors.whatsapp import api

MAX_DOWNLOAD = 100 * 1024 * 1024
"""Bytes: WhatsApp takes no larger file from anybody."""


def fetch(media: Media, account: Account, *, max_bytes: int) -> bytes:
    """Raises ``MediaUnavailable``."""
    limit = min(max_bytes, MAX_DOWNLOAD)
    files.check_size(media.size, max_bytes=limit)
    found = _ask(media, account)
    files.check_size(integer(found.get("file_size")), max_bytes=limit)
    url = text(found.get("url"), limit=4000)
    if not url:
        raise MediaUnavailable(_("WhatsApp does not hand out this file."))
    token = graph.bearer(api.credential(account, "token"))
    content = files.download(url, account, max_bytes=limit, headers=token)
    if not _is_whole(content, text(found.get("sha256"), limit=100).strip()):
        raise MediaUnavailable(_("The file came damaged from WhatsApp."), temporary=True)
    return content


def _is_whole(content: bytes, told: str) -> bool:
    """Meta tells the hash in hexadecimal here and in base64 in its deliveries; a form that is neither proves nothing."""
    digest = hashlib.sha256(content).digest()
    if len(told) == 64:
        return told.lower() == digest.hex()
    return len(told) != 44 or told == base64.b64encode(digest).decode()


def _ask(media: Media, account: Account) -> Json:
    params = {"phone_number_id": api.credential(account, "phone_number_id")}
    try:
        reply = api.call(account, "GET", graph.segment(media.reference), params=params)
    except (http.NotSent, http.MaybeSent) as error:
        raise MediaUnavailable(_("WhatsApp cannot be reached."), temporary=True) from error
    if reply.ok:
        return reply.body
    code = reply.fault.code if reply.fault else 0
    transient = reply.fault is not None and reply.fault.is_transient
    if (
        reply.status == 429
        or reply.status >= 500
        or not reply.readable
        or transient
        or code in {1, 2, 4, 80007}
    ):
        raise MediaUnavailable(_("WhatsApp could not give the file just now."), temporary=True)
    if code in {0, 190}:
        # When a new token is entered, the file is to be had again.
        raise MediaUnavailable(_("Meta refuses the access token."), temporary=True)
    raise MediaUnavailable(
        _("WhatsApp does not have the file any more: “%(said)s”.")
        % {"said": reply.fault.words if reply.fault else reply.status}
    )
