"""The loader for the customer's page, the chat's frame, and the same chat as a page of its own."""

from __future__ import annotations

import json
import secrets
from typing import Final
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, get_supported_language_variant, override
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from openlines.connectors.livechat.options import LiveChatOptions
from openlines.models import Connection
from openlines.services import sightings
from openlines.services.files import MAX_BYTES
from openlines.widget import chats, words
from openlines.widget.views_api import FILES_LIMIT, TEXT_LIMIT

LOADER_KEPT: Final = 300
"""Seconds a browser may keep the loader; so long the button of a chat that was switched off may still be seen."""
HOURS_KEPT: Final = 60
"""The same where the button comes and goes with the working hours."""
THEMES: Final = ("light", "dark")


@require_safe
@gzip_page
def loader(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The script for the customer's pages: it must not break them, whatever is wrong here."""
    now = timezone.now()
    chat = chats.find(public_id)
    if chat is not None and chat.is_active:
        sightings.note(chat, page=request.headers.get("Referer", ""), now=now)
    if chat is None or not chats.is_shown(chat, now=now):
        script = b"/* There is no chat here at the moment. */"
    else:
        script = render(
            request, "widget/loader.js", {"settings": _for_script(_loader_settings(chat))}
        ).content
    response = HttpResponse(script, content_type="text/javascript; charset=utf-8")
    kept = HOURS_KEPT if chat is not None and chats.appearance(chat).only_open else LOADER_KEPT
    response.headers["Cache-Control"] = f"public, max-age={kept}"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


@require_safe
@xframe_options_exempt
@gzip_page
def frame(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What the loader shows. ``?lang=`` the page's language, ``?theme=`` light or dark, else the system's."""
    return _chat(request, public_id, is_embedded=True)


@require_safe
@gzip_page
def direct(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The chat as a page of its own, for who has no site: a link is enough."""
    return _chat(request, public_id, is_embedded=False)


def _chat(request: HttpRequest, public_id: UUID, *, is_embedded: bool) -> HttpResponse:
    chat = chats.find(public_id)
    if chat is None:
        raise Http404(_("There is no chat at this address."))
    with override(_language(request)):
        return _show(request, chat, is_embedded=is_embedded)


def _show(request: HttpRequest, chat: Connection, *, is_embedded: bool) -> HttpResponse:
    appearance = chats.appearance(chat)
    nonce = secrets.token_urlsafe(16)
    theme = request.GET.get("theme", "")
    context = {
        "chat": chat,
        "title": chats.title(chat),
        "appearance": appearance,
        "is_embedded": is_embedded,
        "theme": theme if theme in THEMES else "",
        "language": get_language(),
        "nonce": nonce,
        "text_limit": TEXT_LIMIT,
        "config": {
            "id": str(chat.public_id),
            "base": reverse("widget:direct", args=[chat.public_id]),
            "embedded": is_embedded,
            "off": not chat.is_active,
            "language": get_language(),
            "title": chats.title(chat),
            "textLimit": TEXT_LIMIT,
            "filesLimit": FILES_LIMIT,
            "fileBytes": MAX_BYTES,
            "closed": not chats.is_open(chat, now=timezone.now()),
            "words": words.of_the_chat(),
        },
    }
    response = render(request, "widget/chat.html", context, status=200 if chat.is_active else 410)
    response.headers["Content-Language"] = get_language() or ""
    response.headers["Content-Security-Policy"] = _policy(appearance, nonce=nonce, is_embedded=is_embedded)
    response.headers["Cache-Control"] = "no-cache"
    return response


def _policy(appearance: LiveChatOptions, *, nonce: str, is_embedded: bool) -> str:
    """Nothing from elsewhere, nothing inline; the frame only where the administrator allows it."""
    ancestors = appearance.frame_ancestors if is_embedded else "'none'"
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            f"style-src 'self' 'nonce-{nonce}'",
            "img-src 'self' blob: data:",
            "media-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            f"frame-ancestors {ancestors}",
        )
    )


def _language(request: HttpRequest) -> str:
    """The page's where we speak it, else the browser's choice (which LocaleMiddleware has found)."""
    try:
        return get_supported_language_variant(request.GET.get("lang", ""))
    except LookupError:
        return get_language() or settings.LANGUAGE_CODE


def _loader_settings(chat: Connection) -> dict[str, object]:
    appearance = chats.appearance(chat)
    return {
        "id": str(chat.public_id),
        "base": settings.PUBLIC_URL + reverse("widget:direct", args=[chat.public_id]),
        "colour": appearance.colour or "#2459cc",
        "onColour": appearance.text_on_colour or "#ffffff",
        "position": appearance.position,
        "domains": list(appearance.allowed_domains),
        "words": {code: words.of_the_button(code) for code, _name in settings.LANGUAGES},
    }


def _for_script(value: object) -> str:
    """JSON that is also JavaScript, and harmless should somebody put the loader into a page."""
    text = json.dumps(value, separators=(",", ":"))  # ASCII only: no U+2028
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
