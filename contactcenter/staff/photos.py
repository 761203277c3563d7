"""Photos of employees. Clients may see them (Q6), so their addresses say nothing: a random name."""

from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from contactcenter.staff.models import Employee

FOLDER = "staff/photos"
MAX_BYTES = 5 * 1024 * 1024
CONTENT_TYPES = {".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".webp": "image/webp"}


class PhotoStorage(FileSystemStorage):
    """Files below MEDIA_ROOT, which has no public address of its own; ours is the view `staff:photo`."""

    def url(self, name: str | None) -> str:
        return reverse("staff:photo", args=[PurePosixPath(name or "").name])


@cache
def photo_storage() -> PhotoStorage:
    return PhotoStorage()


def photo_name(employee: "Employee", filename: str) -> str:
    return f"{FOLDER}/{uuid4().hex}{PurePosixPath(filename).suffix.lower()}"


def validate_photo(photo: "File[bytes]") -> None:
    """Raises ValidationError for a kind of image browsers do not all show, and for one too large."""
    if PurePosixPath(photo.name or "").suffix.lower() not in CONTENT_TYPES:
        raise ValidationError(_("This kind of file cannot be used as a photo; use JPEG, PNG or WebP."))
    if photo.size > MAX_BYTES:
        raise ValidationError(_("The photo is larger than 5 MB; make it smaller and try again."))
