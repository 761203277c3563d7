"""Deliveries of Messenger and Instagram into events: both write the same, with few differences.

Every key is guarded: Meta sends edits without a sender, numbers as text and text as numbers. A bad element
is told as ``Malformed`` and does not lose its neighbours.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from openlines.connectors.base import (
    AccountNotice,
    DeliveryStatus,
    InboundItem,
    Malformed,
    MessageDeleted,
    MessageEdited,
    MessageKind,
    MessageReceived,
    NotSupported,
    RawRequest,
    ReactionChanged,
    Sender,
    StatusChanged,
    StatusUpTo,
    Unreadable,
    WrittenOutside,
)
from openlines.connectors.fields import Json, integer, items, mapping, text
from openlines.connectors.meta import messaging_content, payload
from openlines.connectors.meta.messaging_walk import MESSAGING_FIELDS, TEST_ACCOUNT, Element, elements
from openlines.connectors.meta.payload import identifier

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_OBJECTS = {"page", "instagram", "whatsapp_business_account", "user", "permissions"}
_START = {"get_started", "getstarted", "get_started_payload", "start"}
_EMOJIS = {
    "smile": "😆",
    "laugh": "😆",
    "angry": "😠",
    "sad": "😢",
    "wow": "😮",
    "love": "❤️",
    "like": "👍",
    "dislike": "👎",
}
"""The reactions' names, for deliveries without the emoji itself."""


def parse(request: RawRequest, *, subject: str, account: str) -> list[InboundItem]:
    """The events for ``account`` (its id; empty: for whichever is named) of the kind ``subject``.

    Raises ``Unreadable`` where the body is no delivery of Meta's at all.
    """
    body = payload.envelope(request.body)
    told = text(body.get("object"), limit=64)
    if told != subject:
        if told not in _OBJECTS:
            raise Unreadable(f"a delivery about {told or 'nothing'}, not {subject}")
        reason = _("The delivery is about “%(told)s”: it belongs to a connection of another kind.")
        return [NotSupported(reason % {"told": told})]
    found: list[InboundItem] = []
    for entry in items(body.get("entry")):
        if isinstance(entry, dict):
            found += _entry(entry, account=account.strip(), received_at=request.received_at)
        else:
            found.append(Malformed(_("A part of the delivery cannot be read.")))
    return found or [NotSupported(_("An empty delivery."))]


def _entry(entry: Json, *, account: str, received_at: datetime | None) -> Iterator[InboundItem]:
    named = identifier(entry.get("id"))
    if account and named and named not in {account, TEST_ACCOUNT}:
        yield NotSupported(_("For the account %(id)s, which this connection does not serve.") % {"id": named})
        return
    any_found = False
    for element in elements(entry):
        any_found = True
        if element.field and (element.field not in MESSAGING_FIELDS or named == TEST_ACCOUNT):
            yield _change(element, is_test=named == TEST_ACCOUNT)
            continue
        try:
            yield from _element(element, account=account, received_at=received_at)
        except Unreadable as error:
            yield Malformed(_("A part of the delivery cannot be read: %(why)s.") % {"why": error})
    if not any_found:
        yield NotSupported(_("A part of the delivery that holds nothing."))


def _change(element: Element, *, is_test: bool) -> NotSupported:
    if is_test:
        return NotSupported(_("A test from Meta’s dashboard has arrived: deliveries reach this address."))
    return NotSupported(
        _("Meta’s “%(kind)s” is not used here: only messages become dialogs.") % {"kind": element.field}
    )


@dataclass(frozen=True)
class _Event:
    """An element with what every reader needs. ``client`` is empty where none is named."""

    value: Json
    client: Sender | None
    is_ours: bool
    at: datetime
    is_standby: bool

    def known_client(self) -> Sender:
        if self.client is None:
            raise Unreadable("no client is named")
        return self.client


def _element(element: Element, *, account: str, received_at: datetime | None) -> Iterator[InboundItem]:
    value = element.value
    if not isinstance(value, dict):
        raise Unreadable("it is not an object")
    client, is_ours = _parties(value, own={element.account, account} - {"", TEST_ACCOUNT})
    at = moment(value.get("timestamp"), received_at=moment(element.at, received_at=received_at))
    if client is None and mapping(value.get("sender")).get("user_ref") is not None:
        yield NotSupported(
            _("Somebody without an account in a chat on a web site: Meta lets nobody answer there.")
        )
        return
    if client is None and is_ours:
        yield NotSupported(_("Something that our own account did by itself."))
        return
    event = _Event(value, client, is_ours, at, element.is_standby)
    for name, reader in _READERS.items():
        if value.get(name) is None:
            continue
        if not isinstance(value[name], dict):
            raise Unreadable(f"{name} is not an object")
        yield from reader(event, mapping(value[name]))
        return
    yield _notice(value)


def moment(value: object, *, received_at: datetime | None) -> datetime:
    """As ``payload.moment``, with its milliseconds: watermarks are compared by them."""
    found = payload.moment(value, received_at=received_at)
    number = integer(value)
    if (
        number is None
        and isinstance(value, str)
        and value.isascii()
        and value.isdecimal()
        and len(value) < 20
    ):
        number = int(value)
    if number is not None and number // 1000 == int(found.timestamp()):
        return found.replace(microsecond=0) + timedelta(milliseconds=number % 1000)
    return found


def _parties(value: Json, *, own: set[str]) -> tuple[Sender | None, bool]:
    """The client, and whether our side wrote. Of the two named he is the one who is not the account."""
    sender = identifier(mapping(value.get("sender")).get("id"))
    recipient = identifier(mapping(value.get("recipient")).get("id"))
    is_ours = mapping(value.get("message")).get("is_echo") is True or sender in own
    first, second = (recipient, sender) if is_ours else (sender, "")
    client = next((party for party in (first, second) if party and party not in own), "")
    return (Sender(client) if client else None), is_ours


def _message(event: _Event, message: Json) -> Iterator[InboundItem]:
    client = event.known_client()
    mid = identifier(message.get("mid"))
    if not mid:
        raise Unreadable("a message without an id")
    if message.get("is_deleted") is True:
        yield MessageDeleted(client, (mid,), event.at, by_us=event.is_ours)
        return
    said = messaging_content.of(message)
    data = {**said.data, **({"standby": True} if event.is_standby else {})}
    if event.is_ours:
        uuid = text(message.get("metadata")).strip().lower()
        yield WrittenOutside(
            client=client,
            external_id=mid,
            at=event.at,
            kind=MessageKind.TEXT if said.kind is MessageKind.BUTTON else said.kind,
            text=said.text,
            media=said.media,
            uuid=uuid if _UUID.fullmatch(uuid) else "",
            data=data,
        )
        return
    yield MessageReceived(
        sender=client,
        external_id=mid,
        at=event.at,
        kind=said.kind,
        text=said.text,
        media=said.media,
        reply_to=identifier(mapping(message.get("reply_to")).get("mid")),
        data=data,
    )


def _edit(event: _Event, edit: Json) -> Iterator[InboundItem]:
    mid, new = identifier(edit.get("mid")), text(edit.get("text"))
    if event.client is None or not mid or not new:
        # Instagram announces some messages this way, beside their own delivery: "edited" 0 times.
        yield NotSupported(_("A notice of an edit without its text; nothing is lost by leaving it out."))
        return
    yield MessageEdited(event.client, mid, event.at, new, by_us=event.is_ours)


def _reaction(event: _Event, reaction: Json) -> Iterator[InboundItem]:
    mid = identifier(reaction.get("mid"))
    if not mid:
        raise Unreadable("a reaction without its message")
    if event.is_ours:
        yield NotSupported(_("A reaction of our own account."))
        return
    name = text(reaction.get("reaction"), limit=32)
    emoji = text(reaction.get("emoji"), limit=32) or _EMOJIS.get(name, name)
    taken_back = reaction.get("action") == "unreact"
    emojis = () if taken_back or not emoji else (emoji,)
    yield ReactionChanged(event.known_client(), mid, event.at, emojis)


def _delivery(event: _Event, delivery: Json) -> Iterator[InboundItem]:
    yield from _status(event, delivery, DeliveryStatus.DELIVERED)


def _read(event: _Event, read: Json) -> Iterator[InboundItem]:
    """Messenger tells a time up to which everything is read, Instagram the one message."""
    mid = identifier(read.get("mid"))
    if mid and "watermark" not in read:
        yield StatusChanged(mid, DeliveryStatus.READ, event.at)
        return
    yield from _status(event, read, DeliveryStatus.READ)


def _status(event: _Event, told: Json, status: DeliveryStatus) -> Iterator[InboundItem]:
    mids = tuple(dict.fromkeys(mid for item in items(told.get("mids")) if (mid := identifier(item))))
    if told.get("watermark") is not None:
        at = moment(told["watermark"], received_at=event.at)
        yield StatusUpTo(event.known_client(), status, at, external_ids=mids)
    elif mids:
        yield from (StatusChanged(mid, status, event.at) for mid in mids)
    else:
        raise Unreadable("a receipt that names neither messages nor a time")


def _postback(event: _Event, postback: Json) -> Iterator[InboundItem]:
    """A pressed button of a menu, a greeting or a template; the first of all is "Get started"."""
    client = event.known_client()
    sent, title = text(postback.get("payload"), limit=1000), text(postback.get("title"), limit=1000)
    came_from = messaging_content.referral(postback.get("referral"))
    is_start = sent.strip().lower().replace(" ", "_") in _START
    ref = came_from.get("referral", {}).get("ref", "")
    mark = f"{client.external_id}:{int(event.at.timestamp() * 1000)}:{sent}:{title}"
    yield MessageReceived(
        sender=client,
        external_id=identifier(postback.get("mid"))
        or f"postback:{hashlib.sha256(mark.encode('utf-8', 'replace')).hexdigest()}",
        at=event.at,
        kind=MessageKind.START if is_start else MessageKind.BUTTON,
        text=title or sent,
        data={
            **came_from,
            **({"payload": ref or sent} if is_start else {"payload": sent}),
            **({"standby": True} if event.is_standby else {}),
        },
    )


def _came_by(event: _Event, told: Json) -> Iterator[InboundItem]:
    """An existing conversation was opened by a link or an advertisement; nothing is written yet."""
    if event.client is None or event.is_ours:
        yield NotSupported(_("The client came to the conversation by a link and has not written yet."))
        return
    data = messaging_content.referral(told)
    mark = f"{event.client.external_id}:{int(event.at.timestamp() * 1000)}:{sorted(data.get('referral', {}).items())}"
    yield MessageReceived(
        sender=event.client,
        external_id=f"referral:{hashlib.sha256(mark.encode('utf-8', 'replace')).hexdigest()}",
        at=event.at,
        kind=MessageKind.OPENED,
        data={**data, **({"standby": True} if event.is_standby else {})},
    )


def _policy(event: _Event, enforced: Json) -> Iterator[InboundItem]:
    action = text(enforced.get("action"), limit=32)
    why = text(enforced.get("reason"), limit=500)
    if action == "unblock":
        yield AccountNotice(_("Meta lets the page send messages again."), event.at)
        return
    said = (
        _(
            "Meta has blocked the page from sending messages. %(why)s Read the policy notice in the page’s inbox."
        )
        if action == "block"
        else _("Meta warns the page about its messages. %(why)s Read the policy notice in the page’s inbox.")
    )
    yield AccountNotice(" ".join((said % {"why": why}).split()), event.at, is_error=True)


_READERS: dict[str, Callable[[_Event, Json], Iterator[InboundItem]]] = {
    "message": _message,
    "message_edit": _edit,
    "reaction": _reaction,
    "postback": _postback,
    "delivery": _delivery,
    "read": _read,
    "referral": _came_by,
    "policy_enforcement": _policy,
    "policy-enforcement": _policy,
}


def _notice(value: Json) -> NotSupported:
    notices = {
        "optin": _("The client has agreed to notices; nothing was written."),
        "account_linking": _("The client has linked an account, or taken that back; nothing was written."),
        "pass_thread_control": _("Another app of the page has been given the lead of this conversation."),
        "take_thread_control": _("Another app of the page has taken the lead of this conversation."),
        "request_thread_control": _("Another app of the page asks for the lead of this conversation."),
        "app_roles": _("The page’s apps have been given other roles."),
    }
    for name, said in notices.items():
        if name in value:
            return NotSupported(said)
    kinds = [name for name in value if name not in {"sender", "recipient", "timestamp"}]
    return NotSupported(
        _("Meta’s “%(kind)s” is not used here.") % {"kind": text(kinds[0], limit=64) if kinds else "?"}
    )
