"""What the client answers without writing: consent before the conversation (P2), a rating in it or after it (R2)."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from openlines.connectors import base
from openlines.models import Connection, Dialog
from openlines.services import consents, ratings
from openlines.services.clients import find_or_create
from openlines.services.errors import CommandRefused
from openlines.widget import answers, gate, presenters, visitors
from openlines.widget.answers import Refused, endpoint
from openlines.widget.visitors import Visitor

COMMENT_LIMIT = 2000


@endpoint("POST")
def consent(request: HttpRequest, chat: Connection, visitor: Visitor, now: datetime) -> HttpResponse:
    """``{"version", "given"}``. A refusal is stored without a dialog and can be changed; a text that is no longer the
    current one is refused (409), and the answer brings the new one.
    """
    content = answers.body(request)
    language = visitors.language_tag(answers.text(content.get("language"), limit=10))
    page = visitors.page_address(answers.text(content.get("page"), limit=visitors.PAGE_LIMIT))
    asked = gate.terms(chat, language=language)
    if asked is None:
        return JsonResponse({"consent": None})
    if content.get("version") != asked.version:
        raise Refused(409, "version", _("The text has just been changed. Please read it again."))
    sender = base.Sender(external_id=visitor.external_id, language=language, page=page)
    client = find_or_create(chat, sender, now=now)
    consents.answer_in_chat(
        client,
        version_id=asked.version,
        given=content.get("given") is True,
        text=asked.text,
        source=page,
        now=now,
    )
    return JsonResponse({"consent": gate.shown(chat, client, language=language)})


@endpoint("POST")
def rating(request: HttpRequest, chat: Connection, visitor: Visitor, now: datetime) -> HttpResponse:
    """``{"dialog", "value": 1 or 0, "comment"}``."""
    content = answers.body(request)
    dialog = Dialog.objects.filter(
        pk=answers.number(content.get("dialog")),
        client__connection_id=visitor.connection_id,
        client__external_id=visitor.external_id,
    ).first()
    value = content.get("value")
    if dialog is None or value not in (0, 1) or isinstance(value, bool):
        raise Refused(400, "unreadable", _("This request cannot be read."))
    comment = answers.text(content.get("comment"), limit=COMMENT_LIMIT)
    try:
        rated = ratings.rate_in_chat(dialog.pk, value=value, comment=comment, now=now)
    except CommandRefused as refusal:
        raise Refused(422, refusal.code, refusal.message) from None
    return JsonResponse({"rating": presenters.rating(rated, now=now)})
