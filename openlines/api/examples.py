"""What the description at ``/api/docs`` shows beside the shapes: a body for each call, an answer for each refusal, and
the calls that we make (OpenAPI's ``webhooks``). English only, as all of the description.
"""

from __future__ import annotations

from typing import Any

from openlines.connectors.api import send

CONTACT = {"external_id": "user-42", "name": "Anna Nowak", "phone": "+48600700800", "language": "pl"}
WHO = {"external_id": "user-42"}

BODIES: dict[str, dict[str, Any]] = {
    "messages": {
        "contact": CONTACT,
        "external_id": "m-1",
        "text": "Where is my order?",
        "attachments": [{"url": "https://shop.example/receipt.pdf", "name": "receipt.pdf"}],
        "at": "2026-11-22T12:00:00Z",
    },
    "edits": {"contact": WHO, "external_id": "m-1", "text": "Where is my order 1007?"},
    "deletions": {"contact": WHO, "external_ids": ["m-1"]},
    "reactions": {"contact": WHO, "external_id": "c-1", "emojis": ["👍"]},
    "statuses": {"external_id": "c-1", "status": "read"},
    "reachability": {"contact": WHO, "reachable": False},
}

_REFUSALS: dict[int, tuple[str, str, str, list[dict[str, str]]]] = {
    400: ("The body is no JSON.", "unreadable", "The body is not JSON in UTF-8.", []),
    401: (
        "No key and no signature, or the wrong ones.",
        "not_authenticated",
        "This call does not prove who makes it. Send “Authorization: Bearer” with the connection’s API key, "
        "or sign it by Standard Webhooks.",
        [],
    ),
    404: (
        "The address names no connection of this kind.",
        "unknown",
        "There is no connection at this address.",
        [],
    ),
    413: (
        "More than 5 MB.",
        "too_large",
        "The call is larger than 5 MB. Name a large file by its address.",
        [],
    ),
    422: (
        "JSON, but not as described: each wrong field is named.",
        "invalid",
        "contact.external_id: This field is needed.",
        [{"field": "contact.external_id", "message": "This field is needed."}],
    ),
}


def shown(*statuses: int, body: str = "") -> dict[str, Any]:
    """``openapi_extra`` of an operation: an example of its body and of each refusal among ``statuses``."""
    found: dict[str, Any] = {"responses": {status: _refusal(status) for status in statuses}}
    if body:
        found["requestBody"] = {"content": {"application/json": {"example": BODIES[body]}}}
    return found


def _refusal(status: int) -> dict[str, Any]:
    when, code, message, fields = _REFUSALS[status]
    example = {"error": code, "message": message, "fields": fields}
    return {"description": when, "content": {"application/json": {"example": example}}}


_SENT = {
    "message.created": {
        "uuid": "0b5c0f5e-3f6e-4d0c-9a52-2f7a9a6d9b11",
        "part": 0,
        "parts": 1,
        "contact": WHO,
        "text": "It is on its way.",
        "automatic": False,
        "sender": {"name": "Anna", "photo": ""},
        "reply_to": "m-1",
        "buttons": [{"text": "Thank you", "payload": "thanks"}],
    },
    "message.edited": {
        "uuid": "0b5c0f5e-3f6e-4d0c-9a52-2f7a9a6d9b11",
        "external_ids": ["c-1"],
        "contact": WHO,
        "text": "It is on its way and comes tomorrow.",
    },
    "message.deleted": {"external_ids": ["c-1"], "contact": WHO},
    "message.read": {"contact": WHO, "external_id": "m-1"},
    "typing.started": {"contact": WHO},
    "ping": {},
}

_HEADERS = {
    "webhook-id": ("The same for every repetition of a call.", "msg_0b5c0f5e-3f6e-4d0c-9a52-2f7a9a6d9b11"),
    "webhook-timestamp": ("Unix seconds; refuse what is more than five minutes off.", "1795348770"),
    "webhook-signature": (
        "v1,base64 of HMAC-SHA256 over “id.timestamp.body”; two, with a blank between, while the secret is changed.",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
}


def webhooks() -> dict[str, Any]:
    """OpenAPI's ``webhooks``: what we post to the customer's address."""
    return {event.type: {"post": _call(event)} for event in send.OUTGOING}


def _call(event: send.Event) -> dict[str, Any]:
    body = {"type": event.type, "timestamp": "2026-11-22T12:00:00Z", "data": _SENT[event.type]}
    answers = {
        "2XX": "Taken. For a message, {“external_id”: your id of it} may be answered.",
        "408": "Called again, for 24 hours, as with 429 (Retry-After is kept) and 5XX.",
        "410": "No more calls: the connection is paused, and its administrator is told. So with 401.",
        "4XX": "Not taken, and not repeated: {“message”: why} is shown to the operator.",
    }
    return {
        "summary": event.type,
        "description": event.when,
        "parameters": [
            {
                "name": name,
                "in": "header",
                "required": True,
                "description": said,
                "schema": {"type": "string"},
                "example": example,
            }
            for name, (said, example) in _HEADERS.items()
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"type": "object"}, "example": body}},
        },
        "responses": {status: {"description": said} for status, said in answers.items()},
    }
