"""Two pages of the imaginary shop, each carrying a line's live chat by the very script a real shop would use."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language, override

from contactcenter.demo import cast, goods
from openlines.models import Connection

LANGUAGES = ("en", "pl")


def shop(request: HttpRequest) -> HttpResponse:
    return _page(request, "demo/shop.html", line="shop")


def service(request: HttpRequest) -> HttpResponse:
    return _page(request, "demo/service.html", line="service")


def _page(request: HttpRequest, template: str, *, line: str) -> HttpResponse:
    """``?lang=pl`` chooses the shop's language; the product's own is the employee's business."""
    asked = request.GET.get("lang", "")
    language = asked if asked in LANGUAGES else (get_language() or "en")[:2]
    chat = Connection.objects.filter(public_id=cast.line(line).chat, is_active=True).first()
    with override(language):
        context = {"chat": chat, "language": language, "goods": goods.GOODS, "page": line}
        return render(request, template, context)
