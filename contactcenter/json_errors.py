"""Where JSON is spoken, errors are JSON, too: ``{"error": code, "message": words}``, whoever found the error.

Views answer their own refusals so already. What Django, a decorator or another middleware answers instead (an address with
a malformed id, a method that is not possible, a body too large, a crash) is HTML, and a program would choke on it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

_SPOKEN: Final = re.compile(
    r"^/(?:api|hooks|live)/(?!docs)"
    r"|^/chat/[^/]+/(?:session|ticket|messages|consent|rating|typing|seen)\b"
    r"|^/presence/"
)
"""Addresses of programs; elsewhere the request's ``Accept`` says what is wanted."""
_CODES: Final = {
    400: "bad_request",
    401: "not_authenticated",
    403: "forbidden",
    404: "unknown",
    405: "method",
    413: "too_large",
    415: "unreadable",
    429: "too_often",
    503: "unavailable",
}
_KEPT_HEADERS: Final = ("Allow", "Retry-After", "WWW-Authenticate", "Content-Language", "Vary")


class JsonErrorsMiddleware:
    """Outside of all that answers: also the answers of the other middlewares come through here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or not speaks_json(request) or _is_json(response):
            return response
        code = _CODES.get(response.status_code, "error" if response.status_code < 500 else "broken")
        body = {"error": code, "message": _in_words(response.status_code)}
        answer = JsonResponse(body, status=response.status_code)
        for name in _KEPT_HEADERS:
            if name in response.headers:
                answer.headers[name] = response.headers[name]
        answer.headers["Cache-Control"] = "no-store"
        answer.cookies = response.cookies
        return answer


def speaks_json(request: HttpRequest) -> bool:
    """A browser's page names HTML first; a program that names JSON, or calls one of its addresses, gets JSON."""
    if _SPOKEN.match(request.path_info):
        return True
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def _is_json(response: HttpResponse) -> bool:
    return "json" in response.headers.get("Content-Type", "")


def _in_words(status: int) -> str:
    words = {
        400: _("This request cannot be read."),
        401: _("This needs to know who asks."),
        403: _("This is not allowed."),
        404: _("There is nothing at this address."),
        405: _("This is not possible here."),
        413: _("This is too large."),
        429: _("That was too fast. Please wait a moment and try again."),
        503: _("This is not available now. Please try again."),
    }
    fallback = _("This request cannot be answered.") if status < 500 else _("Something went wrong here.")
    return words.get(status, fallback)
