"""Reports by mail servers: a bounce, a delivery, a read receipt, a complaint."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import datetime

from django.utils.translation import gettext as _

from openlines.connectors.base import AccountNotice, DeliveryStatus, InboundItem, NotSupported, StatusChanged
from openlines.connectors.email import headers as h
from openlines.connectors.email import ids
from openlines.connectors.email.mime import Part, walk
from openlines.connectors.fields import text as storable

ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")
_GONE = {"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"}
"""There is no such mailbox, or it takes nothing."""
_SERVERS = ("mailer-daemon", "postmaster", "mail-daemon", "mailerdaemon")
_STATUS = ("message/delivery-status", "message/global-delivery-status")
_ORDER = ("failed", "delayed", "expanded", "relayed", "delivered")
_LOOKED_THROUGH = 20_000


@dataclass(frozen=True)
class _Recipient:
    action: str
    status: str
    address: str
    said: str


def read(root: Part, *, sender: str, at: datetime) -> InboundItem | None:
    """What a report says of a message of ours; None where the mail is none, or does not say of which."""
    kind = root.parameters.get("report-type", "").lower()
    parts = walk(root)
    types = {part.type: part for part in reversed(parts)}
    if recipients := [one for part in parts if part.type in _STATUS for one in _recipients(part)]:
        return _delivery(recipients, parts, root, at)
    if found := types.get("message/disposition-notification"):
        return _disposition(found, at)
    if "message/feedback-report" in types or (kind == "feedback-report" and root.type == "multipart/report"):
        return AccountNotice(
            _("A recipient has marked a mail of this mailbox as spam (report from %(sender)s).")
            % {"sender": sender or "?"},
            at,
        )
    if sender.partition("@")[0] in _SERVERS:
        return _for_people(parts, at)
    return None


def _delivery(
    recipients: list[_Recipient], parts: list[Part], root: Part, at: datetime
) -> InboundItem | None:
    original, uuid = _original(parts, root)
    if not original:
        return None
    worst = min(recipients, key=lambda one: _ORDER.index(one.action) if one.action in _ORDER else len(_ORDER))
    if worst.action == "failed":
        worst = _in_detail(worst, parts)
        return StatusChanged(
            original,
            DeliveryStatus.FAILED,
            at,
            reason=_reason(worst),
            uuid=uuid,
            unreachable=worst.status in _GONE,
        )
    if worst.action == "delivered":
        return StatusChanged(original, DeliveryStatus.DELIVERED, at, uuid=uuid)
    return NotSupported(f"report on {original}: {worst.action or 'no action'} {worst.status}".strip())


def _in_detail(recipient: _Recipient, parts: list[Part]) -> _Recipient:
    """Some servers (Exim) tell the code only in the part for people."""
    if recipient.said or recipient.status not in ("", "5.0.0"):
        return recipient
    text = next((part.text[:_LOOKED_THROUGH] for part in parts if part.type == "text/plain"), "")
    for line in text.split("\n"):
        match = ENHANCED.search(line)
        if match and match[1] == "5":
            return replace(recipient, status=match[0], said=storable(line.strip(), limit=400))
    return recipient


def _recipients(status: Part) -> list[_Recipient]:
    """Blocks of fields, parted by blank lines; the first is about the message."""
    found = []
    for block in re.split(rb"\r?\n[ \t]*\r?\n", status.content)[:100]:
        fields, _rest = h.split(block.lstrip(b"\r\n"))
        if not (fields.has("final-recipient") or fields.has("original-recipient") or fields.has("action")):
            continue
        match = ENHANCED.search(fields.raw("status"))
        said = fields.text("diagnostic-code", limit=400).partition(";")
        address = fields.text("final-recipient") or fields.text("original-recipient")
        found.append(
            _Recipient(
                action=fields.text("action", limit=40).lower().split(" ")[0],
                status=match[0] if match else "",
                address=address.rpartition(";")[2].strip()[:200],
                said=(said[2] or said[0]).strip(),
            )
        )
    return found


def _original(parts: list[Part], root: Part) -> tuple[str, str]:
    """(the Message-ID of the message that the report is about, its uuid where it is ours).

    The uuid stands in a header of its own, too: some relays give a mail a new Message-ID.
    """
    for part in parts:
        if part.type in ("message/rfc822", "text/rfc822-headers", "message/rfc822-headers", "message/global"):
            headers, _rest = h.split(part.content.lstrip(b"\r\n"))
            if found := h.message_ids(headers.raw("message-id")):
                ours = ids.ours(found[0])
                return found[0], ours.uuid if ours else ids.uuid(headers.raw(ids.UUID_HEADER.lower()))
    answered = h.message_ids(root.headers.raw("in-reply-to"))
    answered += reversed(h.message_ids(root.headers.raw("references")))
    found_id = next((one for one in answered if ids.ours(one)), "") or _in_text(parts)
    known = ids.ours(found_id)
    return found_id, known.uuid if known else ""


def _in_text(parts: list[Part]) -> str:
    texts = (
        part.text[:_LOOKED_THROUGH]
        for part in parts
        if part.type.startswith(("text/", "message/")) and not part.parts
    )
    return next((found for text in texts if (found := ids.ours_in(text))), "")


def _disposition(part: Part, at: datetime) -> InboundItem | None:
    fields, _rest = h.split(part.content.lstrip(b"\r\n"))
    original = next(iter(h.message_ids(fields.raw("original-message-id"))), "")
    if not original:
        return None
    if "displayed" not in fields.raw("disposition").lower():
        return NotSupported(f"receipt for {original}: not displayed")
    ours = ids.ours(original)
    return StatusChanged(original, DeliveryStatus.READ, at, uuid=ours.uuid if ours else "")


def _for_people(parts: list[Part], at: datetime) -> InboundItem | None:
    """A bounce of a server that writes no reports: recognised by our own id in it."""
    original = _in_text(parts)
    ours = ids.ours(original) if original else None
    if ours is None:
        return None
    shown = next((part.text for part in parts if part.type == "text/plain"), "")
    match = ENHANCED.search(shown)
    status = match[0] if match else ""
    line = next((line.strip() for line in shown.split("\n") if match and match[0] in line), "")
    recipient = _Recipient("failed", status, "", storable(line, limit=400))
    return StatusChanged(
        original,
        DeliveryStatus.FAILED,
        at,
        reason=_reason(recipient),
        uuid=ours.uuid,
        unreachable=status in _GONE,
    )


def _reason(recipient: _Recipient) -> str:
    return in_words(recipient.status, recipient.said or recipient.status)


def in_words(status: str, said: str) -> str:
    """Why a mail was refused and what to do, by its enhanced status code (RFC 3463)."""
    told = {"said": said or status or "?"}
    if status in _GONE:
        return _("There is no such mailbox. Ask the client for another address. (%(said)s)") % told
    if status == "5.2.2":
        return (
            _("The client’s mailbox is full. Try again later or reach the client another way. (%(said)s)")
            % told
        )
    if status in ("5.2.3", "5.3.4"):
        return (
            _("The mail is too large for the client’s server. Send fewer or smaller files. (%(said)s)") % told
        )
    if status.startswith(("5.7.", "5.6.")):
        return (
            _(
                "The client’s server does not let the mail in. Change it, or ask your administrator. (%(said)s)"
            )
            % told
        )
    if status.startswith(("5.4.", "4.4.")):
        return (
            _(
                "The client’s mail server could not be reached. Check the address or try again later. (%(said)s)"
            )
            % told
        )
    return (
        _("The mail could not be delivered: “%(said)s”. Check the address or reach the client another way.")
        % told
    )


def is_gone(status: str) -> bool:
    return status in _GONE
