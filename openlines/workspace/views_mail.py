"""A mail as its sender formatted it: a page of its own, shown in a frame in which nothing can run.

Three walls: the HTML is cleaned (``connectors/email/markup.py``), the page's policy allows no script, no form and no
request but for pictures, and both the policy and the frame are sandboxes. ``allow-same-origin`` gives a mail nothing,
as nothing in it can act; it lets the desk measure the frame's height and the frame show our stored pictures.
"""

from __future__ import annotations

from typing import Final, cast

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_GET

from contactcenter.staff.models import Employee
from openlines import permissions
from openlines.connectors.email import markup
from openlines.models import Attachment, Message
from openlines.views_files import SHOWN_INLINE

_POLICY: Final = (
    "sandbox allow-same-origin allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src 'self' data:{remote}; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)


@xframe_options_sameorigin
@require_GET
@login_required
def formatted(request: HttpRequest, pk: int) -> HttpResponse:
    """``?pictures=1`` loads pictures from elsewhere, this once: each tells its sender when the mail is read.

    Rights as for a file; 404 alike for what is not there and what is not his to see.
    """
    message = Message.objects.filter(pk=pk, is_note=False, deleted_at__isnull=True).first()
    html = str(message.extra.get("html") or "") if message is not None else ""
    visible = permissions.visible_dialogs(cast(Employee, request.user))
    if message is None or not html or not visible.filter(pk=message.dialog_id).exists():
        raise Http404(_("There is no such mail, or it is not yours to see."))
    remote = "pictures" in request.GET
    cids = _pictures(message)
    # What the mail's text leaves unfolded (a new mail that indents, an answer between) is not folded here either.
    written, quoted = markup.split_quote(html) if message.extra.get("quoted") else (html, "")
    context = {
        "subject": message.extra.get("subject") or "",
        "written": markup.clean_html(written, cids, remote_images=remote),
        "quoted": markup.clean_html(quoted, cids, remote_images=remote) if quoted else "",
        "is_blocked": not remote and markup.has_remote_images(html),
    }
    response = render(request, "workspace/mail_formatted.html", context)
    response["Content-Security-Policy"] = _POLICY.format(remote=" https: http:" if remote else "")
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "private, no-cache"
    return response


def _pictures(message: Message) -> dict[str, str]:
    """Content id → address of the stored picture (``files.received`` keeps the id as the reference)."""
    rows = message.attachments.filter(state=Attachment.State.STORED, mime__in=SHOWN_INLINE).exclude(
        reference=""
    )
    return {one.reference: reverse("openlines:file", args=[one.public_id]) for one in rows}
