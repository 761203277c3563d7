"""Where providers deliver: ``POST /hooks/<kind>/<public_id>/`` (GET: Meta asks whether the address is ours).

The signature is checked over the very bytes, then ``services/inbound.py`` stores and reads them; 2xx only after its
commit. What is in a delivery never makes a 500: that would hold up a provider's queue for hours.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db.models import F
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from openlines.connectors import base, registry
from openlines.models import Connection
from openlines.services import inbound
from openlines.services.connections import prepared, webhook_url

BODY_LIMIT: Final = 5 * 1024 * 1024
"""Bytes. Providers send references to files, not files."""


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def hook(request: HttpRequest, kind: str, public_id: UUID) -> HttpResponse:
    now = timezone.now()
    connection = (
        Connection.objects.select_related("line").filter(public_id=public_id, kind=kind).first()
        if registry.has(kind)
        else None
    )
    if connection is None and request.method != "POST" and _shakes_hands(kind):
        # pasted at the provider before it is saved here, as the set-up page shows it
        connection = Connection(kind=kind, public_id=public_id)
        connection.credentials = prepared(kind, public_id)
        return _handshake(registry.get(kind), request, connection)
    if connection is None:
        return _error(404, "unknown", _("There is no connection at this address."))
    connector = registry.get(kind)
    if request.method != "POST":
        return _handshake(connector, request, connection)
    # Not request.body: Django would refuse more than its own, smaller limit with a 400.
    body = request.read(BODY_LIMIT + 1)
    if len(body) > BODY_LIMIT:
        return _error(413, "too_large", _("The delivery is larger than 5 MB."))
    raw = base.RawRequest(
        headers={name.lower(): value for name, value in request.headers.items()},
        body=body,
        query=request.GET.dict(),
        query_string=request.META.get("QUERY_STRING", ""),
        received_at=now,
    )
    if not _is_genuine(connector, raw, connection):
        return _error(403, "bad_signature", _("This call does not prove that it comes from the provider."))
    for addressee in _addressees(connector, raw, connection):
        if addressee.is_active:
            inbound.receive_watched(addressee, raw, now=now)
        else:  # L5: counted and not kept, and the provider need not know
            Connection.objects.filter(pk=addressee.pk).update(refused_count=F("refused_count") + 1)
    if isinstance(connector, base.Answering):
        content_type, content = connector.answer(raw, _speaker(connection))
        return HttpResponse(content, content_type=content_type)
    return JsonResponse({"ok": True})


def _is_genuine(connector: base.Connector, raw: base.RawRequest, connection: Connection) -> bool:
    try:
        connector.verify(raw, connection.account(webhook_url=webhook_url(connection)))
    except base.BadSignature:
        return False
    return True


def _speaker(connection: Connection) -> base.Account:
    """Whose credentials an answer may use: nothing is said to clients while the connection or its line is off (L4, L5)."""
    if connection.is_active and connection.line.is_active:
        return connection.account()
    return base.Account(connection.pk, connection.kind, {})


def _addressees(connector: base.Connector, raw: base.RawRequest, connection: Connection) -> list[Connection]:
    """This connection, and further ones of the same app that the delivery has something for (``base.Shared``).

    Each of them must find the delivery genuine by its own secret.
    """
    if not isinstance(connector, base.Shared):
        return [connection]
    keys = set(connector.account_keys(raw))
    own = connection.account_key
    others = Connection.objects.select_related("line").filter(
        kind=connection.kind, account_key__in=keys - {own, ""}
    )
    found = [other for other in others if _is_genuine(connector, raw, other)]
    return found if found and keys and own and own not in keys else [connection, *found]


def _handshake(connector: base.Connector, request: HttpRequest, connection: Connection) -> HttpResponse:
    if not isinstance(connector, base.Handshaking):
        return HttpResponseNotAllowed(["POST"])
    try:
        said = connector.handshake(request.GET.dict(), connection.account())
    except base.BadSignature:
        return _error(403, "bad_handshake", _("This call does not prove that it comes from the provider."))
    return HttpResponse(said, content_type="text/plain; charset=utf-8")


def _shakes_hands(kind: str) -> bool:
    return registry.has(kind) and isinstance(registry.get(kind), base.Handshaking)


def _error(status: int, code: str, message: str) -> JsonResponse:
    return JsonResponse({"error": code, "message": message}, status=status)
