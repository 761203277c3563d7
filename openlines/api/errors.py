"""Refusals of the REST interface, in words: ``{"error": code, "message": sentence, "fields": […]}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError


def install(api: NinjaAPI) -> None:
    def answer(
        request: HttpRequest, status: int, code: str, message: str, fields: list[dict[str, str]] | None = None
    ) -> HttpResponse:
        body = {"error": code, "message": message, "fields": fields or []}
        return api.create_response(request, body, status=status)

    @api.exception_handler(AuthenticationError)
    def not_proved(request: HttpRequest, exc: AuthenticationError) -> HttpResponse:
        said = _(
            "This call does not prove who makes it. Send “Authorization: Bearer” with the connection’s API key, "
            "or sign it by Standard Webhooks."
        )
        found = answer(request, 401, "not_authenticated", said)
        found["WWW-Authenticate"] = "Bearer"
        return found

    @api.exception_handler(Http404)
    def unknown(request: HttpRequest, exc: Http404) -> HttpResponse:
        return answer(request, 404, "unknown", _("There is no connection at this address."))

    @api.exception_handler(HttpError)
    def refused(request: HttpRequest, exc: HttpError) -> HttpResponse:
        if exc.status_code == 413:
            return answer(request, 413, "too_large", exc.message)
        return answer(request, exc.status_code, "unreadable", _("The body is not JSON in UTF-8."))

    @api.exception_handler(ValidationError)
    def invalid(request: HttpRequest, exc: ValidationError) -> HttpResponse:
        fields = [{"field": _path(error), "message": in_words(error)} for error in exc.errors[:20]]
        said = " ".join(
            f"{field['field']}: {field['message']}" if field["field"] else field["message"]
            for field in fields
        )
        return answer(request, 422, "invalid", said, fields)


def _path(error: Mapping[str, Any]) -> str:
    """``attachments[0].url``, without ninja's names for the body."""
    found = ""
    for part in list(error.get("loc", ()))[2:]:
        if isinstance(part, int):
            found += f"[{part}]"
        elif not part.startswith(("function-", "constrained-")):
            found += f".{part}"
    return found.strip(".")


def in_words(error: Mapping[str, Any]) -> str:
    context = error.get("ctx") or {}
    words = {
        "missing": _("This field is needed."),
        "blank": _("This field is empty."),
        "base64": _("This is not base64."),
        "no_file": _("Give url or content_b64."),
        "no_message": _("Give external_id or uuid."),
        "empty_message": _("The message is empty: give text, attachments, location, card, button or start."),
        "string_type": _("This has to be text."),
        "string_unicode": _("This is not valid Unicode."),
        "bool_type": _("This has to be true or false."),
        "bool_parsing": _("This has to be true or false."),
        "list_type": _("This has to be a list."),
        "dict_type": _("This has to be an object."),
        "model_type": _("This has to be an object."),
        "model_attributes_type": _("This has to be an object."),
        "float_type": _("This has to be a number."),
        "float_parsing": _("This has to be a number."),
        "string_too_long": _("At most %(limit)s characters.") % {"limit": context.get("max_length")},
        "too_long": _("At most %(limit)s entries.") % {"limit": context.get("max_length")},
        "too_short": _("At least %(limit)s entries.") % {"limit": context.get("min_length")},
        "literal_error": _("One of these: %(expected)s.") % {"expected": context.get("expected")},
        "greater_than_equal": _("At least %(limit)s.") % {"limit": context.get("ge")},
        "less_than_equal": _("At most %(limit)s.") % {"limit": context.get("le")},
    }
    return words.get(str(error.get("type")), "") or str(error.get("msg", "")) or _("This is not valid.")
