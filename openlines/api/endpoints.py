"""``/api/v1/connections/<public_id>/…``: the custom channel's events by REST.

Each call becomes the very delivery that the plain hook takes, the body inside it unchanged, and goes to the same
``inbound.receive``, which stores it before it is read.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID, uuid4

from django.http import Http404, HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Router
from ninja.errors import HttpError
from ninja.parser import Parser
from ninja.security import HttpBearer
from ninja.security.base import AuthBase

from openlines.api import errors, examples, schemas
from openlines.connectors import base
from openlines.connectors.api import parse, send, signature
from openlines.connectors.views import BODY_LIMIT
from openlines.models import Connection
from openlines.services import inbound

INTRODUCTION = """
A channel of your own: a shop's message box, an app, another messenger. Clients' messages come in here; ours go out to
your webhook.

**In.** Call the addresses below with the connection's API key (`Authorization: Bearer …`), or signed by
[Standard Webhooks](https://www.standardwebhooks.com/) with its signing secret. Or post signed events to the connection's
hook, `/hooks/api/{public_id}/`: `{"type": …, "data": {…}}`, several as `{"events": […]}`. Types: %(types)s.
A call is taken once: `webhook-id` (or, for a message without one, its `external_id`) tells a repeated one.
A 2xx means that it is stored. Repeat a call that had none.

**Out.** We post `{"type", "timestamp", "data"}` to your webhook, signed by Standard Webhooks. Answer 2xx within
30 seconds, for a message if you like with `{"external_id": "your id of it"}`; without one its id is `data.uuid`.
A call without an answer, or with 408, 429 (`Retry-After` is kept) or 5xx, is repeated for 24 hours with the same
`webhook-id`: remember those you took. 401 and 410 pause the connection; any other 4xx counts as not delivered, and
`{"message": "why", "unreachable": true}` tells the operator. While a secret is being changed, calls carry two signatures.

%(outgoing)s
"""


class JsonInUtf8(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        return json.loads(request.body.decode())


class ApiKey(HttpBearer):
    """The API key that the connection's page shows."""

    def authenticate(self, request: HttpRequest, token: str) -> base.RawRequest | None:
        connection = _connection(request)
        return _read(request) if signature.holds_key(token.strip(), connection.account()) else None


class Signed(AuthBase):
    """Standard Webhooks: webhook-id, webhook-timestamp and webhook-signature over the body."""

    openapi_type = "apiKey"
    openapi_in = "header"
    openapi_name = "webhook-signature"

    def __call__(self, request: HttpRequest) -> base.RawRequest | None:
        if "webhook-signature" not in request.headers:
            return None
        connection = _connection(request)
        raw = _read(request)
        try:
            signature.verify(raw, connection.account())
        except base.BadSignature:
            return None
        return raw


api = NinjaAPI(
    title="Contact centre: custom channel",
    version="1",
    urls_namespace="api",
    parser=JsonInUtf8(),
    openapi_extra={"webhooks": examples.webhooks()},
    description=INTRODUCTION
    % {
        "types": ", ".join(f"`{kind}`" for kind in parse.TYPES),
        "outgoing": "\n".join(f"- `{event.type}`: {event.when}" for event in send.OUTGOING),
    },
)
errors.install(api)
router = Router(auth=[ApiKey(), Signed()], tags=["v1"])
_AT = "/connections/{uuid:public_id}"
_REFUSALS = (400, 401, 404, 413, 422)
_ANSWERS: Any = {200: schemas.Taken, frozenset(_REFUSALS): schemas.Refusal}


def _shown(body: str) -> dict[str, Any]:
    return examples.shown(*_REFUSALS, body=body)


@router.get(
    f"{_AT}",
    response={200: schemas.Connected, frozenset({401, 404}): schemas.Refusal},
    summary="Is the key good?",
    openapi_extra=examples.shown(401, 404),
)
def connected(request: HttpRequest, public_id: UUID) -> dict[str, Any]:
    found = _connection(request)
    return {"name": found.name, "active": found.is_active, "paused_because": found.paused_reason}


@router.post(f"{_AT}/messages", response=_ANSWERS, summary="A client wrote", openapi_extra=_shown("messages"))
def messages(request: HttpRequest, public_id: UUID, body: schemas.Message) -> schemas.Taken:
    return _take(request, "message.created", own_id=body.external_id)


@router.post(
    f"{_AT}/edits", response=_ANSWERS, summary="A client changed a message", openapi_extra=_shown("edits")
)
def edits(request: HttpRequest, public_id: UUID, body: schemas.Edit) -> schemas.Taken:
    return _take(request, "message.edited")


@router.post(
    f"{_AT}/deletions",
    response=_ANSWERS,
    summary="A client deleted messages",
    openapi_extra=_shown("deletions"),
)
def deletions(request: HttpRequest, public_id: UUID, body: schemas.Deletion) -> schemas.Taken:
    return _take(request, "message.deleted")


@router.post(
    f"{_AT}/reactions",
    response=_ANSWERS,
    summary="A client reacted to a message",
    openapi_extra=_shown("reactions"),
)
def reactions(request: HttpRequest, public_id: UUID, body: schemas.Reaction) -> schemas.Taken:
    return _take(request, "reaction.changed")


@router.post(
    f"{_AT}/statuses",
    response=_ANSWERS,
    summary="What became of our message",
    openapi_extra=_shown("statuses"),
)
def statuses(request: HttpRequest, public_id: UUID, body: schemas.Status) -> schemas.Taken:
    return _take(request, "message.status")


@router.post(
    f"{_AT}/reachability",
    response=_ANSWERS,
    summary="A client blocked you, or let you in again",
    openapi_extra=_shown("reachability"),
)
def reachability(request: HttpRequest, public_id: UUID, body: schemas.Reachability) -> schemas.Taken:
    return _take(request, "contact.reachability")


api.add_router("/v1", router)


def _connection(request: HttpRequest) -> Connection:
    """The connection of the address. Raises ``Http404``."""
    match = request.resolver_match
    found = (
        Connection.objects.select_related("line")
        .filter(public_id=match.kwargs["public_id"], kind=Connection.Kind.API)
        .first()
        if match
        else None
    )
    if found is None:
        raise Http404
    return found


def _read(request: HttpRequest) -> base.RawRequest:
    """The very bytes, for ninja as for the signature. Django's own limit for bodies is too small for files."""
    if not hasattr(request, "_body"):
        body = request.read(BODY_LIMIT + 1)
        if len(body) > BODY_LIMIT:
            raise HttpError(413, _("The call is larger than 5 MB. Name a large file by its address."))
        request._body = body
    return base.RawRequest(
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.body,
        received_at=timezone.now(),
    )


def _take(request: HttpRequest, kind: str, *, own_id: str = "") -> schemas.Taken:
    """``own_id`` stands in for a missing ``webhook-id``; where there is neither, a second call is a new one."""
    connection = _connection(request)
    raw = _read(request)
    now = raw.received_at or timezone.now()
    if not connection.is_active:
        return schemas.Taken(kept=False, understood=True)
    identifier = raw.headers.get("webhook-id") or f"rest:{own_id or uuid4()}"
    delivery = inbound.receive_watched(
        connection,
        base.RawRequest(
            headers={**raw.headers, "webhook-id": identifier},
            body=b'{"type": "%s", "data": %s}' % (kind.encode(), raw.body),
            received_at=now,
        ),
        now=now,
    )
    return schemas.Taken(kept=True, repeated=delivery.repeated, understood=not delivery.parked)
