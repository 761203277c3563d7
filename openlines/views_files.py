"""Files of messages, for employees who may see the dialog. They come from strangers: nothing of them may run here."""

from __future__ import annotations

from typing import Final, cast
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from contactcenter.staff.models import Employee
from openlines import permissions
from openlines.models import Attachment, ReplyFile
from openlines.services import file_links

SHOWN_INLINE: Final = {
    "image/jpeg",
    "image/png",
    "image/gif",
    "image/webp",
    "audio/mpeg",
    "audio/mp4",
    "audio/ogg",
    "audio/wav",
    "audio/webm",
    "video/mp4",
    "video/webm",
    "video/ogg",
}
"""Everything else (SVG and HTML above all) is only ever downloaded."""


_SAME_AS = {
    "image/jpg": "image/jpeg",
    "image/pjpeg": "image/jpeg",
    "image/x-png": "image/png",
    "audio/mp3": "audio/mpeg",
    "audio/x-mpeg": "audio/mpeg",
    "audio/m4a": "audio/mp4",
    "audio/x-m4a": "audio/mp4",
    "audio/x-wav": "audio/wav",
    "audio/wave": "audio/wav",
    "audio/opus": "audio/ogg",
    "application/ogg": "audio/ogg",
}


def shown_type(mime: str) -> str:
    """The type under which a browser shows the file; empty where it is only downloaded."""
    plain = mime.split(";")[0].strip().lower()
    found = _SAME_AS.get(plain, plain)
    return found if found in SHOWN_INLINE else ""


@require_GET
@login_required
def file(request: HttpRequest, public_id: UUID) -> HttpResponseBase:
    """``?download=1`` downloads what could be shown. 404 alike for what is not there and what is not his to see."""
    attachment = Attachment.objects.select_related("message").filter(public_id=public_id).first()
    visible = permissions.visible_dialogs(cast(Employee, request.user))
    if (
        attachment is None
        or attachment.state != Attachment.State.STORED
        or attachment.message.deleted_at is not None
        or not visible.filter(pk=attachment.message.dialog_id).exists()
    ):
        raise Http404(_("There is no such file, or it is not yours to see."))
    return deliver(attachment, download="download" in request.GET)


@require_GET
def public_file(request: HttpRequest, public_id: UUID, key: str) -> HttpResponseBase:
    """For the provider that we asked to send it; the key in the address opens this one file for a day."""
    attachment = Attachment.objects.filter(
        public_id=public_id, state=Attachment.State.STORED, message__deleted_at__isnull=True
    ).first()
    if attachment is None or not file_links.is_good(public_id, key):
        raise Http404(_("There is no such file, or its address is too old."))
    response = deliver(attachment)
    response["Content-Type"] = shown_type(attachment.mime) or "application/octet-stream"
    return response


def deliver(attachment: Attachment | ReplyFile, *, download: bool = False) -> HttpResponseBase:
    """The stored file with headers that keep it from running as a page of ours. Raises Http404 where it is lost."""
    mime = shown_type(attachment.mime)
    inline = bool(mime) and not download
    try:
        content = attachment.file.open("rb")
    except (FileNotFoundError, ValueError):
        raise Http404(_("The file is no longer there.")) from None
    response = FileResponse(
        content,
        as_attachment=not inline,
        filename=attachment.name or "file",
        content_type=mime or "application/octet-stream",
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; media-src 'self'; img-src 'self'"
    response["Cache-Control"] = "private, max-age=86400, immutable"
    return response
