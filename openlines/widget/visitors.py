"""Who a visitor is: a signed token that his browser keeps, so that he finds his conversation again.

It carries a random id, which becomes ``Client.external_id`` with his first message; until then there is no row of him.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from django.core import signing

from openlines.models import Attachment, Client, Connection

TOKEN_LIFETIME: Final = timedelta(days=400)
"""Since the last visit: each visit renews the token."""
FILE_LIFETIME: Final = timedelta(days=1)
"""Of a file's address; a reload of the conversation makes new ones."""
PAGE_LIMIT: Final = 2000
_TOKEN_SALT: Final = "openlines.widget.visitor"  # noqa: S105 - no secret
_FILE_SALT: Final = "openlines.widget.file"
_LANGUAGE: Final = re.compile(r"[a-zA-Z]{2,3}(-[a-zA-Z0-9]{2,6})?")


@dataclass(frozen=True)
class Visitor:
    connection_id: int
    external_id: str

    @property
    def token(self) -> str:
        return signing.dumps({"c": self.connection_id, "v": self.external_id}, salt=_TOKEN_SALT)

    def client(self) -> Client | None:
        """His row; None before his first message."""
        return Client.objects.filter(connection_id=self.connection_id, external_id=self.external_id).first()


def new(chat: Connection) -> Visitor:
    return Visitor(connection_id=chat.pk, external_id=secrets.token_urlsafe(18))


def read(token: str, chat: Connection) -> Visitor | None:
    """The visitor behind a token; None when it is forged, too old or another chat's."""
    try:
        content = signing.loads(token, salt=_TOKEN_SALT, max_age=TOKEN_LIFETIME)
        visitor = Visitor(connection_id=content["c"], external_id=content["v"])
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        return None
    return visitor if visitor.connection_id == chat.pk else None


def file_key(attachment: Attachment) -> str:
    """What opens the file for a day: an ``<img>`` cannot show the token."""
    return _signer().sign(str(attachment.public_id)).partition(":")[2]


def file_key_is_good(public_id: object, key: str) -> bool:
    try:
        _signer().unsign(f"{public_id}:{key}", max_age=FILE_LIFETIME)
    except signing.BadSignature:
        return False
    return True


def _signer() -> signing.TimestampSigner:
    return signing.TimestampSigner(salt=_FILE_SALT)


def page_address(value: str) -> str:
    """The address of the page he is on, as the operator may see it: http(s) only, without the fragment."""
    try:
        parts = urlsplit(value[:PAGE_LIMIT])
        if parts.scheme not in ("http", "https") or not parts.hostname:
            return ""
    except ValueError:
        return ""
    return urlunsplit((*parts[:4], ""))


def language_tag(value: str) -> str:
    """As browsers say it ("pl", "en-GB"), in small letters; empty for what is none."""
    return value.lower() if _LANGUAGE.fullmatch(value) else ""
