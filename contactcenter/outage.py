"""When the database does not answer: 503 and when to come again, instead of an error of ours.

Providers deliver again what was answered by 503, the chat and the desk show it as trouble with the connection and send
again. Nothing is asked of the database here, neither for the language nor for the page.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Final

from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.transaction import TransactionManagementError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.defaults import server_error

RETRY_AFTER: Final = 5
"""Seconds. A database that restarts is back in about as many."""
_READ_ONLY: Final = "25006"
"""A standby that is not the primary yet; psycopg counts it among errors of the program."""
_SPEAK_JSON: Final = ("/hooks/", "/api/", "/live/", "/health/")
_CHAT_PAGES: Final = ("", "frame/", "loader.js")

logger = logging.getLogger(__name__)


class DatabaseOutageMiddleware:
    """What a view raises; what is raised elsewhere comes to ``handler500``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        if not is_outage(exception):
            return None
        logger.error("%s %s: the database does not answer: %s", request.method, request.path, exception)
        return answer(request)


def handler500(request: HttpRequest) -> HttpResponse:
    """For what middlewares raise: they ask for the session and for who is logged in."""
    error = sys.exception()
    return answer(request) if error is not None and is_outage(error) else server_error(request)


def is_outage(error: BaseException) -> bool:
    """Refused, starting, stopping, full, read-only, too slow, a deadlock: the same request may succeed in a moment."""
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and id(found) not in seen:
        seen.add(id(found))
        if isinstance(found, OperationalError | InterfaceError):
            return True
        if isinstance(found, DatabaseError) and getattr(found.__cause__, "sqlstate", "") == _READ_ONLY:
            return True
        # What broke a transaction is behind the complaint that it is broken.
        found = found.__cause__ or (
            found.__context__ if isinstance(found, TransactionManagementError) else None
        )
    return False


def answer(request: HttpRequest) -> HttpResponse:
    with translation.override(translation.get_language_from_request(request)):
        message = _("Our service is interrupted for a moment. Please try again shortly.")
        if speaks_json(request):
            response: HttpResponse = JsonResponse({"error": "unavailable", "message": message})
        else:
            page = render_to_string(
                "503.html", {"message": message, "language": translation.get_language(), "again": RETRY_AFTER}
            )
            response = HttpResponse(page)
        response.status_code = 503
        response.headers["Retry-After"] = str(RETRY_AFTER)
        response.headers["Cache-Control"] = "no-store"
    return response


def speaks_json(request: HttpRequest) -> bool:
    """Whether a program asks, or a script of a page; people's browsers say that they navigate."""
    path, headers = request.path, request.headers
    if path.startswith(_SPEAK_JSON) and not path.startswith("/api/docs"):
        return True
    if path.startswith("/chat/") and path.removeprefix("/chat/").partition("/")[2] not in _CHAT_PAGES:
        return True
    if "HX-Request" in headers or headers.get("X-Requested-With") == "XMLHttpRequest":
        return True
    if headers.get("Sec-Fetch-Mode", "navigate") != "navigate":
        return True
    accepts = headers.get("Accept", "text/html")
    return "json" in (request.content_type or "") or ("json" in accepts and "text/html" not in accepts)


@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """For a load balancer or the container's own check: 200 while the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return answer(request)
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})
