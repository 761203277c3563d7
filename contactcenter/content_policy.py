"""What pages may load and run: our files, and nothing from elsewhere. A page with a policy of its own keeps it.

The chat and a formatted mail have their own (``openlines/widget/views_pages.py``, ``openlines/workspace/views_mail.py``).
Pages of libraries get what these need and no more: none of them has inline scripts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER: Final = "Content-Security-Policy"
_EVERYWHERE: Final = (
    "default-src 'none'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
)
OWN: Final = "; ".join(
    (
        *_EVERYWHERE,
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "media-src 'self'",
        "frame-src 'self'",  # a formatted mail
    )
)
_DRAWN_BY_SCRIPTS: Final = (
    *_EVERYWHERE,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
)
ADMIN: Final = "; ".join((*_DRAWN_BY_SCRIPTS, "script-src 'self' 'unsafe-eval'"))
"""Unfold is built on Alpine, which evaluates the attributes it finds."""
API_DOCUMENTATION: Final = "; ".join((*_DRAWN_BY_SCRIPTS, "script-src 'self'"))
_OF_LIBRARIES: Final = {"/admin/": ADMIN, "/api/docs": API_DOCUMENTATION}
_SHOP: Final = "/demo/"
"""Stands for the site of a customer, whose policy is not ours."""


class ContentPolicyMiddleware:
    """Outside of all that answers with a page, so that errors have a policy, too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        policy = _policy(request.path_info, status=response.status_code)
        if policy and response.headers.get("Content-Type", "").startswith("text/html"):
            response.headers.setdefault(HEADER, policy)
        return response


def _policy(path: str, *, status: int) -> str:
    if path.startswith(_SHOP) or (settings.DEBUG and status >= 400):  # Django's debug pages are all inline
        return ""
    return next((policy for start, policy in _OF_LIBRARIES.items() if path.startswith(start)), OWN)
