"""The shape of the API: JSON, errors in plain words, and what every endpoint asks first."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from openlines.models import Connection
from openlines.widget import chats, limits, visitors
from openlines.widget.visitors import Visitor

TOKEN_HEADER: Final = "X-Chat-Token"  # noqa: S105 - the header's name


class Refused(Exception):
    """Answered as ``{"error": code, "message": words for the client}``."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


Endpoint = Callable[[HttpRequest, Connection, Visitor, datetime], HttpResponse]
View = Callable[..., HttpResponse]


def endpoint(method: str, *, is_message: bool = False, newcomers: bool = False) -> Callable[[Endpoint], View]:
    """A view of the API: of an existing chat that is switched on, for a visitor, not too often.

    ``newcomers``: who shows no good token becomes a new visitor; elsewhere he is refused.
    """

    def decorate(view: Endpoint) -> View:
        @csrf_exempt  # no cookies here: the token in the header is what says who asks
        @functools.wraps(view)
        def answer(request: HttpRequest, public_id: UUID) -> HttpResponse:
            try:
                return _answer(request, public_id)
            except Refused as refusal:
                return error(refusal.status, refusal.code, refusal.message)

        def _answer(request: HttpRequest, public_id: UUID) -> HttpResponse:
            if request.method != method:
                raise Refused(405, "method", _("This is not possible here."))
            chat = open_chat(public_id)
            visitor = visitors.read(request.headers.get(TOKEN_HEADER, ""), chat)
            wait = limits.seconds_to_wait(
                request, visitor=visitor.external_id if visitor else "", is_message=is_message
            )
            if wait:
                return _too_often(wait)
            if visitor is None:
                if not newcomers:
                    raise Refused(401, "no_visitor", _("We do not know you yet. Please load the page again."))
                visitor = visitors.new(chat)
            response = view(request, chat, visitor, timezone.now())
            response.headers["Cache-Control"] = "no-store"
            return response

        return answer

    return decorate


def open_chat(public_id: UUID) -> Connection:
    chat = chats.find(public_id)
    if chat is None:
        raise Refused(404, "unknown", _("There is no chat at this address."))
    if not chat.is_active:
        raise Refused(410, "off", _("This chat is switched off at the moment. Please come back later."))
    return chat


def error(status: int, code: str, message: str) -> JsonResponse:
    return JsonResponse(
        {"error": code, "message": message}, status=status, headers={"Cache-Control": "no-store"}
    )


def _too_often(wait: int) -> JsonResponse:
    response = error(429, "too_often", _("That was too fast. Please wait a moment and try again."))
    response.headers["Retry-After"] = str(wait)
    return response


def much(wait: int) -> JsonResponse:
    response = error(429, "too_much", too_much(wait))
    response.headers["Retry-After"] = str(wait)
    return response


def too_much(wait: int) -> str:
    return _("You have sent a lot in a short time. Please wait %(minutes)s min and send the rest then.") % {
        "minutes": max(1, round(wait / 60))
    }


def files_too_large() -> str:
    return _(
        "The files of a message may have %(limit)s MB together. Please send them in several messages."
    ) % {"limit": limits.BYTES_OF_A_MESSAGE // limits.MEGABYTE}


def body(request: HttpRequest) -> dict[str, Any]:
    """The JSON object that was sent; nothing sent counts as an empty one."""
    try:
        content = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise Refused(400, "unreadable", _("This request cannot be read."))
    return content


def text(value: object, *, limit: int) -> str:
    """A string as the database takes it: no NUL, no half of a surrogate pair. Anything but a string is empty."""
    if not isinstance(value, str):
        return ""
    return value[:limit].replace("\x00", "").encode("utf-8", "replace").decode()


def number(value: object) -> int:
    """A whole number of the database's size; 0 for anything else."""
    if isinstance(value, bool) or not isinstance(value, int):
        return 0
    return value if 0 <= value < 2**31 else 0
