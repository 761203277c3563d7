"""Where providers deliver: ``POST /hooks/<kind>/<public_id>/``.

The signature is checked over the very bytes, then ``services/inbound.py`` stores and reads them; 2xx only after its
commit. What is in a delivery never makes a 500: that would hold up a provider's queue for hours.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from openlines.connectors import base, registry
from openlines.models import Connection
from openlines.services import inbound

BODY_LIMIT: Final = 5 * 1024 * 1024
"""Bytes. Providers send references to files, not files."""


@csrf_exempt
@require_POST
def hook(request: HttpRequest, kind: str, public_id: UUID) -> HttpResponse:
    now = timezone.now()
    connection = (
        Connection.objects.select_related("line").filter(public_id=public_id, kind=kind).first()
        if registry.has(kind)
        else None
    )
    if connection is None:
        return _error(404, "unknown", _("There is no connection at this address."))
    # Not request.body: Django would refuse more than its own, smaller limit with a 400.
    body = request.read(BODY_LIMIT + 1)
    if len(body) > BODY_LIMIT:
        return _error(413, "too_large", _("The delivery is larger than 5 MB."))
    raw = base.RawRequest(
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        query=request.GET.dict(),
        received_at=now,
    )
    try:
        registry.get(kind).verify(raw, connection.account())
    except base.BadSignature:
        return _error(403, "bad_signature", _("This call does not prove that it comes from the provider."))
    if connection.is_active:  # L5: what comes in while it is off is not kept, and the provider need not know
        inbound.receive(connection, raw, now=now)
    return JsonResponse({"ok": True})


def _error(status: int, code: str, message: str) -> JsonResponse:
    return JsonResponse({"error": code, "message": message}, status=status)
