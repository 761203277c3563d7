"""What a delivery of Messenger or Instagram is made of: entries of accounts, each with its elements.

``standby`` stands in for ``messaging`` while another app of the page leads the conversation; ``changes`` is
how Meta's dashboard sends its tests, and how comments come.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass

from openlines.connectors.base import RawRequest, Unreadable
from openlines.connectors.fields import Json, items, mapping, text
from openlines.connectors.meta.payload import body_hash, entries, envelope, identifier

MESSAGING_FIELDS = frozenset(
    {
        "messages",
        "message_echoes",
        "message_edits",
        "message_edit",
        "message_reactions",
        "message_reads",
        "message_deliveries",
        "messaging_seen",
        "messaging_postbacks",
        "messaging_referral",
        "messaging_referrals",
        "messaging_optins",
        "messaging_handover",
        "messaging_handovers",
        "standby",
    }
)
"""Subscribed names under which ``changes`` can hold what else comes in ``messaging``."""

TEST_ACCOUNT = "0"
"""The account that the dashboard's tests name."""


@dataclass(frozen=True)
class Element:
    """One thing of a delivery. ``value`` is what was in the list, of whatever type.

    ``field``: the name of a change; empty in ``messaging`` and ``standby``. ``at``: the time of its entry.
    """

    account: str
    value: object
    at: object = None
    is_standby: bool = False
    field: str = ""


def elements(entry: Json) -> Iterator[Element]:
    account, at = identifier(entry.get("id")), entry.get("time")
    for value in items(entry.get("messaging")):
        yield Element(account, value, at)
    for value in items(entry.get("standby")):
        yield Element(account, value, at, is_standby=True)
    for value in items(entry.get("changes")):
        change = mapping(value)
        yield Element(account, change.get("value"), at, field=text(change.get("field"), limit=64) or "?")
    if "field" in entry:
        yield Element(account, entry.get("value"), at, field=text(entry.get("field"), limit=64) or "?")


def account_keys(request: RawRequest) -> tuple[str, ...]:
    """The pages or Instagram accounts of the delivery, each once. Never raises."""
    try:
        found = envelope(request.body)
    except Unreadable:
        return ()
    names = (identifier(entry.get("id")) for entry in entries(found))
    return tuple(dict.fromkeys(name for name in names if name and name != TEST_ACCOUNT))


def key(request: RawRequest) -> str:
    """The same for a second delivery of the same elements, also where Meta has packed them anew. Never raises."""
    try:
        found = [_name(element) for entry in entries(envelope(request.body)) for element in elements(entry)]
    except Unreadable:
        found = []
    if not found:
        return body_hash(request.body)
    if len(found) == 1:
        return found[0]
    return f"batch:{hashlib.sha256(' '.join(found).encode()).hexdigest()}"


def _name(element: Element) -> str:
    """A message goes by its id: the links to its files may be signed anew. All else goes by what it holds."""
    message = mapping(mapping(element.value).get("message"))
    if mid := text(message.get("mid")):
        verb = "deleted" if message.get("is_deleted") else "message"
        return f"{verb}:{_hash(mid)}"
    try:
        said = json.dumps([element.account, element.field, element.value], sort_keys=True)
    except (ValueError, RecursionError):
        said = repr(element.value)[:10_000]
    return f"event:{_hash(said)}"


def _hash(said: str) -> str:
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()
