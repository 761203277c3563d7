"""Who may send a body of more than a few kilobytes, asked before any of it is stored (``settings.REQUEST_ADMISSION``)."""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.handlers.wsgi import WSGIRequest
from django.http.cookie import parse_cookie
from django.utils import translation
from django.utils.translation import gettext as _

from contactcenter.lib.uploads import Allowance, Refusal
from openlines.connectors.views import BODY_LIMIT
from openlines.models import Connection
from openlines.widget import answers, limits, visitors

STRANGERS: Final = 64 * 1024
"""Bytes: forms, texts, whatever anybody may send."""
OVERHEAD: Final = 64 * 1024
"""What a form adds to its files."""
EMPLOYEES: Final = 110 * 1024 * 1024
_MESSAGES: Final = re.compile(r"/chat/([0-9a-f-]{36})/messages/")
_HOOK: Final = re.compile(r"/hooks/[\w-]+/([0-9a-f-]{36})/")


def allowance(environ: dict[str, Any], announced: int | None) -> Allowance:
    request = WSGIRequest(environ)
    with translation.override(translation.get_language_from_request(request)):
        if found := _MESSAGES.fullmatch(request.path):
            return _of_a_visitor(request, found[1])
        if found := _HOOK.fullmatch(request.path):
            return _of_a_provider(found[1])
        if request.path.startswith("/api/"):
            return _provider()
        if _is_logged_in(environ):
            return Allowance(EMPLOYEES, Refusal(413, "too_large", _("This is larger than 110 MB.")))
    return Allowance(
        STRANGERS, Refusal(413, "too_large", _("Log in first: this is too large for a stranger."))
    )


def _of_a_visitor(request: WSGIRequest, public_id: str) -> Allowance:
    try:
        chat = answers.open_chat(UUID(public_id))
    except ValueError:
        return Allowance(STRANGERS, Refusal(404, "unknown", _("There is no chat at this address.")))
    except answers.Refused as refused:
        return Allowance(STRANGERS, Refusal(refused.status, refused.code, refused.message))
    visitor = visitors.read(request.headers.get(answers.TOKEN_HEADER, ""), chat)
    if visitor is None:
        said = _("We do not know you yet. Please load the page again.")
        return Allowance(STRANGERS, Refusal(401, "no_visitor", said))
    left, wait = limits.bytes_left(request, visitor=visitor.external_id, chat_id=chat.pk)
    if wait:
        return Allowance(left + OVERHEAD, Refusal(429, "too_much", answers.too_much(wait), wait))
    return Allowance(left + OVERHEAD, Refusal(413, "files_too_large", answers.files_too_large()))


def _of_a_provider(public_id: str) -> Allowance:
    try:
        known = Connection.objects.filter(public_id=UUID(public_id)).exists()
    except ValueError:
        known = False
    if not known:
        return Allowance(STRANGERS, Refusal(404, "unknown", _("There is no connection at this address.")))
    return _provider()


def _provider() -> Allowance:
    return Allowance(BODY_LIMIT, Refusal(413, "too_large", _("The delivery is larger than 5 MB.")))


def _is_logged_in(environ: dict[str, Any]) -> bool:
    key = parse_cookie(environ.get("HTTP_COOKIE", "")).get(settings.SESSION_COOKIE_NAME)
    return bool(key and SessionStore(key).get(SESSION_KEY))
