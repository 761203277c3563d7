"""Signed public addresses of files, for providers that fetch what we send (Viber, Instagram, SMS)."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.urls import reverse

from openlines.models import Attachment

LIFETIME = 24 * 3600
"""Seconds."""
_SALT = "openlines.public-file"


def public(attachment: Attachment) -> str:
    key = signing.TimestampSigner(salt=_SALT).sign(str(attachment.public_id)).partition(":")[2]
    return absolute(reverse("openlines:public_file", args=[attachment.public_id, key]))


def is_good(public_id: object, key: str) -> bool:
    try:
        signing.TimestampSigner(salt=_SALT).unsign(f"{public_id}:{key}", max_age=LIFETIME)
    except signing.BadSignature:
        return False
    return True


def absolute(path: str) -> str:
    return path if "://" in path else f"{settings.PUBLIC_URL}{path}"
